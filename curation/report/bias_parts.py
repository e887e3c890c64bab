"""Where labels, style, doubts and coverage differ by group."""

from __future__ import annotations

from curation.report.parts import Listed, Many, Measure, Number, Part


class GroupDifference(Part):
    """A share in a group beside all other records; `label` is None where it is of labels that look wrong."""

    by: str
    group: str
    label: str | None
    records: int
    share: Number
    share_elsewhere: Number
    difference: Measure
    q_value: Number


class StyleCue(Part):
    """A label whose texts have more or less of something; `higher` is .5 where it makes no difference."""

    label: str
    cue: str
    records: int
    mean: Number
    mean_elsewhere: Number
    higher: Measure
    q_value: Number


class StreamRegion(Part):
    """A region in the records and in the sample of the stream; `ratio` has no value where the stream has none of it."""

    words: Many[str]
    records: int
    reference: int
    ratio: Measure
    q_value: Number
    more: int
    text: str | None


class ReaderDifference(Part):
    """What a group of readers answers beside all others; `label` is None where it is points on a scale.

    `held_fixed` is the same between readers who are alike in everything else that is known of them.
    """

    by: str
    group: str
    label: str | None
    persons: int
    difference: Measure
    q_value: Number
    is_found: bool
    held_fixed: Measure
    held_fixed_q_value: Number
    stays: bool


class Readers(Listed[ReaderDifference]):
    """All comparisons of groups of readers; `too_small` counts the groups of which nothing is said."""

    compared: int
    smallest: int | None
    too_small: int


class Remedy(Part):
    """What makes labels independent of a column; `before` and `after` are the largest difference from the whole."""

    by: str
    before: Number
    after: Number
    effective: Number
    records: int
    empty: int
    collect: int


class Datalab(Part):
    """What cleanlab's Datalab says of the records as a whole."""

    records: int
    order_p_value: Number
    ordered: bool
    worst_group: int
    rarest: str | None


class Bias(Part):
    """Differences between groups; a part is None where it could not be asked, for a reason in `not_checked`.

    `compared` counts all comparisons, found or not; `smallest` is the size of the smallest group in them.
    """

    grouped_by: Many[str]
    terms: int
    compared: int
    smallest: int | None
    labels: Listed[GroupDifference] | None
    style: Listed[StyleCue] | None
    doubts: Listed[GroupDifference] | None
    stream: Listed[StreamRegion] | None
    readers: Readers | None = None
    remedies: Many[Remedy]
    datalab: Datalab | None
    not_checked: dict[str, str]
