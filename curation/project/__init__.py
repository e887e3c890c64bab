"""A project's folder: its settings, its files, its ledger, and the step that reads and writes them."""
