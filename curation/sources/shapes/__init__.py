"""Records as other tools write them: one file for each tool's way, which makes columns of them."""
