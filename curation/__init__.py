"""Curation: records, people, checks and rounds; the tool that calls `training` and `evaluation`."""
