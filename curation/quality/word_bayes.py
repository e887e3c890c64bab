"""One view of a label: are the text's words the words of that label?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB

from curation.quality.folds import split
from curation.quality.input_checks import FloatArray, IntArray

# Words added to every label, as a multiple of its tf-idf mass; .3 rather than 1 because tf-idf counts are
# below 1.
_SMOOTHING = 0.3


def word_weights(texts: Sequence[str]) -> sp.csr_matrix | None:
    """Return (n, words) tf-idf of words and pairs of words; None where no word stands in two texts."""
    try:
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
        return sp.csr_matrix(vectorizer.fit_transform(texts))
    except ValueError:  # scikit-learn's "empty vocabulary"
        return None


def bayes_log_odds(words: sp.csr_matrix, codes: IntArray, trust: FloatArray, fold: IntArray, k: int) -> FloatArray:
    """Score labels by complement naive Bayes (Rennie et al., ICML 2003), out of fold.

    As generative as `gaussian_log_odds`, on other evidence; where the two agree they seldom err together.

    Args:
        words: (n, words) from `word_weights`.
        codes: (n,) labels.
        trust: (n,) weights of the records in the fit, in [0, 1].
        fold: (n,) fold numbers.
        k: number of labels.

    Returns:
        (n, k) log-probabilities up to a constant per row; -inf where a label has no trusted record.
    """
    logits = np.full((words.shape[0], k), -np.inf)
    for train, held_out in split(fold):
        fit = np.flatnonzero(train & (trust > 0))
        model = ComplementNB(alpha=_SMOOTHING).fit(words[fit], codes[fit], sample_weight=trust[fit])
        logits[np.ix_(held_out, model.classes_)] = model.predict_log_proba(words[held_out])
    return logits
