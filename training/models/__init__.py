"""Models and their folders: loaded, looked at before they are believed, told which of their numbers move, saved."""
