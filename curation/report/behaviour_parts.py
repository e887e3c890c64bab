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
