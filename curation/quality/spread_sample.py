"""Some rows of many, when the shape of the data is wanted and not each record."""

from __future__ import annotations

import numpy as np

from curation.quality.input_checks import FloatArray


def spread_sample(vectors: FloatArray, size: int) -> FloatArray:
    """Return at most `size` rows of (n, d), evenly spread from the first to the last; all where there are fewer."""
    if len(vectors) <= size:
        return vectors
    return vectors[np.linspace(0, len(vectors) - 1, size).astype(np.intp)]
