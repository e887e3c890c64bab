"""Whether the model does what a team expects of it, and what changes of texts cost it."""

from __future__ import annotations

from curation.report.parts import Many, Measure, Number, Part


class FailedCase(Part):
    """A case that failed: its texts, what they were before a change, what was expected and what the model says."""

    text: list[str]
    before: list[str] | None
    expected: str
    said: str
    said_before: str | None


class BehaviourTest(Part):
    """A test of behaviour, and what came of it; `worst` are a few of its failures."""

    name: str
    kind: str
    cases: int
    failures: int
    rate: Measure
    at_most: float
    verdict: str
    worst: Many[FailedCase]


class ChangedTexts(Part):
    """Scores on texts that are changed at one strength, and how much less they are than on the texts as they were."""

    strength: float
    accuracy: Measure
    accuracy_drop: Measure
    macro_f1_drop: Measure
    flips: Measure


class Harm(Part):
    """What one way to change texts costs, at rising strengths; `reason` says it in words."""

    perturbation: str
    curve: Many[ChangedTexts]
    adjusted_p: Number
    harmful: bool
    reason: str


class Robustness(Part):
    """What each way costs, the most harmful first; `note` says of how many texts."""

    accuracy: Measure
    harms: Many[Harm]
    note: str


class SwapExample(Part):
    """A text before and after a swap, and what that does to the probability of the pair's label."""

    before: list[str]
    after: list[str]
    change: Number


class SwapEffect(Part):
    """What two groups of people that change places do to the answers; `label` and what follows only where tested."""

    pair: str
    second: str
    records: int
    of_first: int
    of_second: int
    changed: Measure
    label: str | None
    to_second: Measure
    to_first: Measure
    skew: Measure
    adjusted_p: Number
    is_found: bool
    smallest_seen: Number | None
    examples: Many[SwapExample]


class Swaps(Part):
    """Every pair of groups that enough texts name, the surest first; `note` says of how many texts."""

    pairs: Many[SwapEffect]
    smallest: int
    note: str
