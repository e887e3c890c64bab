"""Why a trained classifier says what it says of a text."""
