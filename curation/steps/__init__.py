"""One file per step of a round, in the order of the picture; they meet in the project folder, not in code."""
