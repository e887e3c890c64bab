"""What outputs of a model mean, what a run pays for them, and how good they are on the validation part."""
