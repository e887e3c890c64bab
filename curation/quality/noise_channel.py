"""From what a record is to what it was called: how often each label is given for another."""

from __future__ import annotations

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray


def given_for_true(probs: FloatArray, codes: IntArray) -> FloatArray:
    """Estimate T[z, y], the probability that a record of label z is called y; rows sum to one.

    The M-step of Dawid & Skene (1979) for one annotator, with `probs` in the place of the other annotators; the same
    matrix as in Patrini et al., CVPR 2017. Each row is drawn, by k records, to what all labels have in common: how
    often a label is kept, and all others alike.

    Args:
        probs: (n, k) probability of each true label.
        codes: (n,) given labels.
    """
    k = probs.shape[1]
    counts = np.zeros((k, k))
    np.add.at(counts.T, codes, probs)
    kept = np.trace(counts) / counts.sum()
    common = np.full((k, k), (1 - kept) / (k - 1))
    np.fill_diagonal(common, kept)
    drawn = counts + k * common
    rates: FloatArray = drawn / drawn.sum(axis=1, keepdims=True)
    return rates


def posterior(probs: FloatArray, codes: IntArray, rates: FloatArray) -> FloatArray:
    """Return (n, k) probability of each true label, given the text (`probs`) and its given label (Bayes)."""
    joint = probs * rates[:, codes].T
    result: FloatArray = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
    return result
