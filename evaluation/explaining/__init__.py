"""Why a model says what it says: which words speak for a label, how far that can be believed, and what taught it."""
