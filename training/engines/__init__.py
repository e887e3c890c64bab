"""What moves the weights: transformers' Trainer, TRL's and a linear head, and the checkpoints of a killed run."""
