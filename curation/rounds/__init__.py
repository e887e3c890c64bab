"""The loop: which steps can run now, where people are needed, and how a project stands."""
