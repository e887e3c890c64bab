"""What the checks of the data found."""

from __future__ import annotations

from pydantic import Field

from curation.report.parts import Counts, Listed, Many, Number, Part


class Evidence(Part):
    """A record near another one, whose own label is trusted."""

    record_id: str
    text: str
    label: str | None


class WorstLabel(Part):
    """A label that the label check doubts, and what it should perhaps be; `settled` says how people settled it.

    `p_wrong` is the probability that the label is wrong, `suggested_prob` that the suggested one is right;
    `cleanlab_p_wrong` is 1 less cleanlab's score of the label, None where it was not asked.
    """

    record_id: str
    text: str
    label: str | None
    settled: str | None
    suggested: str | None
    suggested_prob: Number
    p_wrong: Number
    cleanlab_p_wrong: Number = None
    reason: str | None
    evidence: Many[Evidence]


class Baseline(Part):
    """Labels that somebody else's check, `name`, doubts, beside those that the label check doubts; settled ones, too.

    The counts are None where it could not run, for a `reason`.
    """

    name: str
    labels: int | None
    doubted: int | None
    both: int | None
    only_baseline: int | None
    only_check: int | None
    reason: str | None


class Duplicates(Part):
    """Records that are kept together: the same text, or nearly; `similarity` is that of the least alike pair."""

    texts: Many[str]
    ids: Many[str]
    labels: Many[str | None]
    similarity: Number


class Outlier(Part):
    """A record unlike the others; `score` is in [0, 1], and below .5 for an outlier."""

    record_id: str
    text: str
    score: Number


class LabelDiversity(Part):
    """Diversity within one label."""

    label: str
    n: int
    vendi: Number


class Diversity(Part):
    """Diversity of the records, as a number of effectively different ones."""

    vendi: Number
    records: int
    per_label: Many[LabelDiversity]


class Cue(Part):
    """A word that gives a label away: `n` records have it; `q_value` is `p_value` corrected for how many were tried."""

    label: str
    word: str
    n: int
    lift: Number
    p_value: Number
    q_value: Number


class Region(Part):
    """Records that lie together, and what sets their texts apart; `share` is of all records, in [0, 1].

    `likely_wrong` counts labels that the check doubts and nobody has settled.
    """

    words: Many[str]
    n: int
    share: Number
    labelled: int
    likely_wrong: int
    is_thin: bool
    text: str


class Checks(Part):
    """What the checks of the data found; `counts` are records, by check.

    `baseline` is missing in reports written before there was one.
    `precision` is that of the embeddings: `fp32` or `bf16`.
    `worst_labels` nobody has settled yet; `settled_labels` people have, and the label check doubts them.
    `labels_unchecked` is why no label could be doubted; None where labels could be.
    """

    counts: Counts
    worst_labels: Listed[WorstLabel]
    settled_labels: Listed[WorstLabel]
    duplicates: Listed[Duplicates]
    outliers: Listed[Outlier]
    diversity: Diversity | None
    cues: Many[Cue]
    regions: Many[Region]
    labels_unchecked: str | None = None
    baseline: Baseline | None = None
    precision: str | None = None
    notes: Many[str] = Field(default_factory=list)
