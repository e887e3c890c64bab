"""A search for better settings, within a time, that goes on after a kill."""
