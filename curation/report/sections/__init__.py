"""From the artifacts of a round to the sections of its report, JSON-ready."""
