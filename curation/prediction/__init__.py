"""A file through a trained model: which model, which columns it reads, and the file again with what it says."""
