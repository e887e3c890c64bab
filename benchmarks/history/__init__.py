"""Random histories of a project, and a model of what people are owed; see `benchmarks.histories`."""
