"""Labels that hang on how a text is written: its length, signs, capitals, digits, emoji."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex
from scipy.stats import mannwhitneyu

from curation.bias.findings import Findings, check_asked
from curation.bias.two_shares import corrected
from curation.quality.input_checks import BoolArray, FloatArray, as_texts, encode_labels
from evaluation.columns import Column
from evaluation.intervals import Interval
from evaluation.shown import Listed, Shown
from evaluation.superiority import superiority

_EXCLAIMS, _ASKS = r"!¡\uFF01", r"?¿\uFF1F\u061F"  # full-width and Arabic ones as well


@dataclass(frozen=True, kw_only=True, repr=False)
class SurfaceCue(Shown):
    """A label whose texts are written otherwise than all others.

    Attributes:
        label: The label.
        cue: What was measured, one of `CUES`.
        records: Records with the label.
        mean: Mean of the measure over them.
        mean_elsewhere: The same over all other records.
        higher: Probability that a text of the label has more of it than another text, equal ones counted half, in
            [0, 1]; .5 = no difference. With its interval.
        p_value: Of the Mann-Whitney U test, two-sided.
        q_value: The same after Benjamini-Hochberg over all labels and measures.
        is_found: Whether the q-value is at most the level.
        reason: The comparison in words.
    """

    label: Any
    cue: str
    records: int
    mean: float
    mean_elsewhere: float
    higher: Interval
    p_value: float
    q_value: float
    is_found: bool
    reason: str


def _count(pattern: str) -> Callable[[str], float]:
    compiled = regex.compile(pattern)
    return lambda text: len(compiled.findall(text))


def _per_hundred(pattern: str, of: str = r".") -> Callable[[str], float]:
    """Return a measure: how many per 100 characters, or others; what ends a text is not looked at."""
    hits, all_of, end = _count(pattern), _count(rf"(?s){of}"), regex.compile(r"[\p{P}\s]+$")

    def measure(text: str) -> float:
        inside = end.sub("", text)
        return 100 * hits(inside) / max(1.0, all_of(inside))

    return measure


CUES: Mapping[str, Callable[[str], float]] = {
    "words": lambda text: len(text.split()),
    "exclamation marks": _count(rf"[{_EXCLAIMS}]"),
    "question marks": _count(rf"[{_ASKS}]"),
    "ellipses": _count(r"\.{2,}|…"),
    "emoji": _count(r"\p{Emoji_Presentation}|\p{Emoji}\uFE0F"),
    "other punctuation per 100 characters": _per_hundred(rf"(?![{_EXCLAIMS}{_ASKS}…])\p{{P}}"),
    "capitals per 100 letters": _per_hundred(r"\p{Lu}", of=r"\p{L}"),
    "digits per 100 characters": _per_hundred(r"\p{Nd}"),
}
"""What is measured of a text, by what it is called: marks that a text has one of or none are counted, as a share of its
characters would only say how long it is."""


def surface_cues(
    texts: Column, labels: Column, *, label_names: Column | None = None, minimum: int = 20, level: float = 0.05
) -> Findings[SurfaceCue]:
    """Find labels that hang on length, punctuation, capitals, digits or emoji: what a model can learn in their place.

    Every label is compared with all others on every measure of `CUES` by the Mann-Whitney U test, corrected by
    Benjamini & Hochberg (1995) over all of them. The effect is the probability of superiority, its interval that of
    DeLong et al. (Biometrics 1988) on the logit scale; where the two do not overlap at all, Newcombe's (Statistics in
    Medicine 2006, method 5). Words are found by `cue_words`; whether labels hang on a source, a language or another
    column is for `label_balance`. Time n log n.

    Args:
        texts: n texts.
        labels: n labels, names or numbers.
        label_names: What label numbers are called.
        minimum: Records that a label must have, and that must have another one, for anything to be said of it.
        level: False discovery rate, in (0, 1).

    Raises:
        ValueError: Texts and labels differ in length, a label is missing or unknown, or a senseless setting.

    Example:
        >>> texts = ["It never came!"] * 20 + ["It came today."] * 30
        >>> found = surface_cues(texts, ["complaint"] * 20 + ["praise"] * 30).found
        >>> found[0].cue, found[0].higher.value
        ('exclamation marks', 1.0)
    """
    check_asked(minimum, level)
    encoded = encode_labels(labels, label_names=label_names)
    strings = as_texts(texts, n=len(encoded.codes))
    sizes = np.bincount(encoded.codes, minlength=len(encoded.names))
    large = np.flatnonzero(np.minimum(sizes, len(strings) - sizes) >= minimum)
    measured = {name: np.array([measure(text) for text in strings], dtype=np.float64) for name, measure in CUES.items()}
    pairs = [(int(c), name) for c in large for name in CUES]
    p_values = [_p_value(measured[name], encoded.codes == c) for c, name in pairs]
    rows = [
        _row(encoded.names[c], name, measured[name], encoded.codes == c, p, float(q), level)
        for (c, name), p, q in zip(pairs, p_values, corrected(p_values), strict=True)
    ]
    return Findings(
        rows=Listed(sorted(rows, key=lambda row: (row.p_value, -abs(row.higher.numbers[0] - 0.5)))),
        level=level,
        smallest=int(sizes[large].min()) if len(large) else None,
        too_small={str(encoded.names[c]): int(n) for c, n in enumerate(sizes) if 0 < n < minimum},
    )


def _p_value(values: FloatArray, inside: BoolArray) -> float:
    if np.ptp(values) == 0:
        return 1.0
    return float(mannwhitneyu(values[inside], values[~inside], method="asymptotic").pvalue)


def _row(label: Any, cue: str, values: FloatArray, inside: BoolArray, p: float, q: float, level: float) -> SurfaceCue:
    higher = superiority(values[inside], values[~inside])
    mean, elsewhere = float(values[inside].mean()), float(values[~inside].mean())
    number, low, high = higher.numbers
    return SurfaceCue(
        label=label,
        cue=cue,
        records=int(inside.sum()),
        mean=mean,
        mean_elsewhere=elsewhere,
        higher=higher,
        p_value=p,
        q_value=q,
        is_found=q <= level,
        reason=f"label {label!r}: {mean:.3g} {cue} against {elsewhere:.3g} elsewhere; "
        f"more of it with probability {number:.2f} [{low:.2f}, {high:.2f}], .50 if the label did not matter",
    )
