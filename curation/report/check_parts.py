"""What the checks of the data found."""

from __future__ import annotations

from curation.report.parts import Counts, Many, Number, Part


class Evidence(Part):
    """A record near another one, whose own label is trusted."""

    record_id: str
    text: str
    label: str | None


class WorstLabel(Part):
    """A label that is likely wrong, and what it should perhaps be."""

    record_id: str
    text: str
    label: str | None
    suggested: str | None
    suggested_prob: Number
    score: Number
    reason: str | None
    evidence: Many[Evidence]


class Duplicates(Part):
    """Records whose texts are the same or nearly so."""

    texts: Many[str]
    ids: Many[str]
    labels: Many[str | None]
    similarity: Number


class Outlier(Part):
    """A record unlike the others."""

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
    """A word that gives a label away."""

    label: str
    word: str
    n: int
    lift: Number
    p: Number


class Region(Part):
    """Records that lie together, and what sets their texts apart."""

    words: Many[str]
    n: int
    share: Number
    labelled: int
    likely_wrong: int
    is_thin: bool
    text: str


class Checks(Part):
    """What the checks of the data found."""

    counts: Counts
    worst_labels: Many[WorstLabel]
    duplicates: Many[Duplicates]
    outliers: Many[Outlier]
    diversity: Diversity | None
    cues: Many[Cue]
    regions: Many[Region]
