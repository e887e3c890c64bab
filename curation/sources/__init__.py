"""Files in: readers that say which row, and cleaning that says what it did."""
