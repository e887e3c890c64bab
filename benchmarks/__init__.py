"""Measurements beside the baselines, in one run each; `python -m benchmarks` prints the tables."""
