"""A trained model made smaller or faster."""
