"""Which model to begin with, and how much more records would bring."""
