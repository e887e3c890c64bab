"""From columns to token numbers: records, conversations, marked passages, texts of any length, batches."""
