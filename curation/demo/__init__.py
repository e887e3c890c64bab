"""The bundled sample, and the walk through the whole loop with it."""
