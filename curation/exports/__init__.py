"""Tables for others: with texts, and safe to open in a spreadsheet."""
