"""Labels that hang on surface cues: a word, or the length of the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.stats import false_discovery_control, hypergeom, mannwhitneyu
from sklearn.feature_extraction.text import CountVectorizer

from curation.quality.input_checks import IntArray, as_texts, encode_labels
from evaluation.columns import Column
from evaluation.settings import check_number, check_whole
from evaluation.shown import Listed, Shown


@dataclass(frozen=True, kw_only=True, repr=False)
class Cue(Shown):
    """A word that goes with a label.

    Attributes:
        label: the label.
        word: the word, in lower case.
        records: records that contain the word.
        share: fraction of those that carry the label, in [0, 1].
        expected: fraction of all records that carry the label, in [0, 1].
        pmi: pointwise mutual information of word and label in bits, log2(share / expected).
        p_value: of Fisher's exact test, one-sided, before correction.
        q_value: the same after Benjamini-Hochberg over all words and labels: the share of false findings to
            expect when everything down to this one is believed.
        reason: the finding in words.
    """

    label: Any
    word: str
    records: int
    share: float
    expected: float
    pmi: float
    p_value: float
    q_value: float
    reason: str


@dataclass(frozen=True, kw_only=True, repr=False)
class LengthCue(Shown):
    """A label whose texts are longer or shorter than the others.

    Attributes:
        label: the label.
        median_words: median length of its texts, in words.
        median_words_elsewhere: the same of all other texts.
        longer: probability that a text of the label is longer than one of another label, in [0, 1];
            .5 = no difference.
        p_value: of the Mann-Whitney U test, two-sided.
        q_value: the same after Benjamini-Hochberg over the labels.
        reason: the finding in words.
    """

    label: Any
    median_words: float
    median_words_elsewhere: float
    longer: float
    p_value: float
    q_value: float
    reason: str


def cue_words(
    texts: Sequence[str],
    labels: Column,
    *,
    label_names: Column | None = None,
    minimum: int = 10,
    share: float = 0.8,
    q: float = 0.01,
    top: int = 10,
) -> Listed[Cue]:
    """Find words whose presence alone all but decides the label.

    Such words are what a model can learn instead of the task (Gardner et al., Competency Problems, EMNLP
    2021); whether one is a legitimate sign ("goalkeeper": Sports) or an accident of collection is for people
    to say. Every pair of word and label is tested with Fisher's exact test, corrected by Benjamini &
    Hochberg (1995). Time n log n.

    Args:
        texts: n texts.
        labels: n labels, names or numbers.
        label_names: what label numbers are called.
        minimum: records in which a word must stand.
        share: fraction of its records that must carry the label, and more than the label's own share.
        q: false discovery rate in (0, 1).
        top: cues returned per label, the surest first.

    Returns:
        Cues, the surest first.

    Raises:
        ValueError: texts and labels differ in length, or a label is missing or unknown.

    Example:
        >>> texts = ["refund please"] * 9 + ["parcel please"] * 9
        >>> [(cue.word, cue.label) for cue in cue_words(texts, ["money"] * 9 + ["post"] * 9, minimum=5)]
        [('parcel', 'post'), ('refund', 'money')]
    """
    encoded = encode_labels(labels, label_names=label_names)
    check_whole(minimum, "minimum", least=1)
    check_whole(top, "top", least=1)
    check_number(share, "share", "a share in (0, 1]", above=0, most=1)
    check_number(q, "q", "a rate in (0, 1]", above=0, most=1)
    codes, k, n = encoded.codes, len(encoded.names), len(encoded.codes)
    words, present = _presence(as_texts(texts, n=n), minimum)
    if not words:
        return Listed()
    per_label = np.bincount(codes, minlength=k)
    containing = np.asarray(present.sum(axis=0)).ravel()
    both = np.asarray((present.T @ _indicator(codes, k)).todense())
    p_values = hypergeom.sf(both - 1, n, containing[:, None], per_label[None, :])
    q_values = false_discovery_control(np.clip(p_values, 0, 1).ravel()).reshape(p_values.shape)
    shares, base = both / containing[:, None], per_label / n
    found = (shares >= share) & (shares > base) & (q_values <= q)
    cues = [
        _cue(encoded.names[c], words[w], int(containing[w]), *values)
        for w, c in zip(*np.nonzero(found), strict=True)
        for values in [[float(x) for x in (shares[w, c], base[c], p_values[w, c], q_values[w, c])]]
    ]
    return Listed(_first_of_each(sorted(cues, key=lambda cue: (cue.p_value, cue.word)), top))


def length_cues(
    texts: Sequence[str], labels: Column, *, label_names: Column | None = None, q: float = 0.01
) -> Listed[LengthCue]:
    """Find labels whose texts are systematically longer or shorter, by the Mann-Whitney U test per label.

    Args:
        texts: n texts.
        labels: n labels, names or numbers.
        label_names: what label numbers are called.
        q: false discovery rate in (0, 1).

    Returns:
        One entry per label that differs, the strongest difference first.

    Raises:
        ValueError: texts and labels differ in length, or a label is missing or unknown.

    Example:
        >>> texts = ["late"] * 9 + ["I want my money back"] * 9
        >>> length_cues(texts, ["post"] * 9 + ["money"] * 9)[0].reason
        "texts labelled 'money' are longer than the others: 5 words against 1"
    """
    check_number(q, "q", "a rate in (0, 1]", above=0, most=1)
    encoded = encode_labels(labels, label_names=label_names)
    lengths = np.array([len(text.split()) for text in as_texts(texts, n=len(encoded.codes))])
    codes = [c for c in range(len(encoded.names)) if 0 < (encoded.codes == c).sum() < len(lengths)]
    if not codes:
        return Listed()
    tests = [mannwhitneyu(lengths[encoded.codes == c], lengths[encoded.codes != c]) for c in codes]
    q_values = false_discovery_control([test.pvalue for test in tests])
    cues = [
        _length_cue(encoded.names[c], lengths, encoded.codes == c, test, float(q_value))
        for c, test, q_value in zip(codes, tests, q_values, strict=True)
        if q_value <= q
    ]
    return Listed(sorted(cues, key=lambda cue: -abs(cue.longer - 0.5)))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _presence(texts: list[str], minimum: int) -> tuple[list[str], sp.csr_matrix]:
    """Return the words that stand in `minimum` texts or more, and (n, words) which text has which."""
    try:
        vectorizer = CountVectorizer(binary=True, min_df=minimum, analyzer=_words, dtype=np.int64)
        present = sp.csr_matrix(vectorizer.fit_transform(texts))
    except ValueError:  # no word at all, or none that often
        return [], sp.csr_matrix((len(texts), 0))
    return vectorizer.get_feature_names_out().tolist(), present


def _indicator(codes: IntArray, k: int) -> sp.csr_matrix:
    n = len(codes)
    return sp.csr_matrix((np.ones(n, dtype=np.int64), (np.arange(n), codes)), shape=(n, k))


def _cue(label: Any, word: str, records: int, share: float, expected: float, p_value: float, q_value: float) -> Cue:
    return Cue(
        label=label,
        word=word,
        records=records,
        share=share,
        expected=expected,
        pmi=float(np.log2(share / expected)),
        p_value=p_value,
        q_value=q_value,
        reason=f"label {label!r} depends on the word {word!r}: {share:.0%} of the {records} records with it "
        f"carry the label, {expected:.0%} of all",
    )


def _length_cue(
    label: Any, lengths: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_], test: Any, q_value: float
) -> LengthCue:
    own, other = float(np.median(lengths[inside])), float(np.median(lengths[~inside]))
    longer = float(test.statistic) / (int(inside.sum()) * int((~inside).sum()))
    word = "longer" if longer > 0.5 else "shorter"
    return LengthCue(
        label=label,
        median_words=own,
        median_words_elsewhere=other,
        longer=longer,
        p_value=float(test.pvalue),
        q_value=q_value,
        reason=f"texts labelled {label!r} are {word} than the others: {own:g} words against {other:g}",
    )


def _first_of_each(cues: list[Cue], top: int) -> list[Cue]:
    seen: dict[Any, int] = {}
    chosen = []
    for cue in cues:
        seen[cue.label] = seen.get(cue.label, 0) + 1
        if seen[cue.label] <= top:
            chosen.append(cue)
    return chosen
