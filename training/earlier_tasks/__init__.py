"""What a model learnt before: gone on from, learnt again, kept in heads of its own, or taught by a larger one."""
