"""What people did: rounds, agreement, reviewers, decisions, and the comparison with gold labels."""

from __future__ import annotations

from curation.report.parts import Counts, Many, Measure, Part


class Round(Part):
    """What people did in one round, the wrong labels foretold and found in it, and the model after it."""

    number: int
    sent: int
    answered: int
    agreed: int
    adjudicated: int
    disputed: int
    changed: int
    found_wrong: int | None
    foretold_wrong: Measure
    labelled: int
    accuracy: Measure
    macro_f1: Measure


class LabelAgreement(Part):
    """Agreement on one label against all others; `n` may be left out."""

    label: str
    alpha: Measure
    n: int | None = None


class PairAgreement(Part):
    """Agreement of two reviewers on the records both have read."""

    first: str
    second: str
    kappa: Measure
    n: int


class Agreement(Part):
    """Agreement of the reviewers, overall, per label and per pair."""

    alpha: Measure
    kappa: Measure
    observed: Measure
    records: int
    reason: str | None
    per_label: Many[LabelAgreement]
    pairs: Many[PairAgreement]


class Reviewer(Part):
    """One reviewer: how much was read, how often the others agreed, what stands out."""

    reviewer: str
    role: str
    votes: int
    discarded: int
    agreement: Measure
    habit: str | None


class Confusion(Part):
    """Two labels that two people gave to the same record."""

    first: str
    second: str
    n: int


class Changed(Part):
    """A record whose label the review has changed."""

    record_id: str
    text: str
    before: str | None
    after: str | None
    method: str | None


class Review(Part):
    """What people decided."""

    agreement: Agreement | None
    reviewers: Many[Reviewer]
    decisions: Counts
    confusions: Many[Confusion]
    changed: Many[Changed]


class GoldRow(Part):
    """Accuracy of one set of labels against the gold labels."""

    what: str
    accuracy: Measure
    n: int


class Gold(Part):
    """The comparison with records whose true label is known."""

    n: int
    rows: Many[GoldRow]
