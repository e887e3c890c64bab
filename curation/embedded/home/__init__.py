"""The folder in which the embedded Argilla keeps its data: made, checked, migrated, backed up, restored."""
