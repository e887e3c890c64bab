"""What the labels so far say of the records that have none."""

from __future__ import annotations

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray


def guesses(vectors: FloatArray, codes: IntArray, trust: FloatArray, asked: FloatArray) -> FloatArray:
    """Return (m, labels in use) probabilities for the rows of `asked`, by logistic regression on what is labelled.

    Args:
        vectors: (n, d) of unit length, of labelled records.
        codes: (n,) their labels, at least two different ones among those that are trusted at all.
        trust: (n,) weights of the records in the fit, in [0, 1].
        asked: (m, d) of unit length.
    """
    from curation.quality.linear_view import fitted

    return np.asarray(fitted(vectors, codes, trust).predict_proba(asked), dtype=np.float64)


def doubt_by_margin(probs: FloatArray) -> FloatArray:
    """Return (m,) in [0, 1): the chance that the best guess is wrong, handed out in the order of the margins.

    The margin between the two best guesses orders records better than the best guess alone does (Scheffer, Decomain &
    Wrobel, IDA 2001), but it is no probability: two records can be as close between two labels, and differ in
    how much is left for a third. So the least confidences are dealt out by margin, largest to the closest.
    """
    ordered = np.sort(probs, axis=1)
    closest_first = np.argsort(ordered[:, -1] - ordered[:, -2], kind="stable")
    doubt = np.empty(len(probs))
    doubt[closest_first] = np.sort(1.0 - ordered[:, -1])[::-1]
    return doubt
