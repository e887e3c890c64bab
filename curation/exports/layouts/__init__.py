"""What other tools read: one file for each tool's way to write records with their answers."""
