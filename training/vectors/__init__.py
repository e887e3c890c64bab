"""Texts as vectors: embedded once, what could not be read of them, and the linear classifier on them."""
