"""Argilla: what is shown, who answers, and what came back."""
