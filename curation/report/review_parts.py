"""What people did: rounds, agreement, reviewers, decisions, and the comparison with gold labels."""

from __future__ import annotations

from pydantic import Field

from curation.report.parts import Counts, Many, Measure, Part


class Round(Part):
    """What people did in one round, the wrong labels foretold and found in it, and the model after it.

    `answered` counts records with every answer that the round asked for. `found_wrong` of the `reviewed` labels were
    wrong, `foretold_wrong` of `foretold_of`. `accuracy` and `macro_f1` of every round's model are measured on the
    same records with the same labels, see `rounds_measured_on`.
    """

    number: int
    sent: int
    answered: int
    agreed: int
    majority: int = 0
    adjudicated: int
    discarded: int
    disputed: int
    changed: int
    found_wrong: int | None
    reviewed: int | None
    foretold_wrong: Measure
    foretold_of: int | None
    labelled: int
    accuracy: Measure
    macro_f1: Measure


class LabelAgreement(Part):
    """Krippendorff's alpha of one label against all others; `n`, records with that label, may be left out."""

    label: str
    alpha: Measure
    n: int | None = None


class PairAgreement(Part):
    """Cohen's kappa of two reviewers on the `n` records that both gave a label."""

    first: str
    second: str
    kappa: Measure
    n: int


class Measured(Part):
    """What tells how near answers are that are more than labels, such as the characters that texts have in common."""

    name: str
    score: Measure


class Agreement(Part):
    """Agreement of the reviewers on the `records` of this round with two labels or more; adjudicators are left out.

    `alpha_interval`, for ratings alone, takes the steps of the scale for equally far apart. `kendall_tau`, for orders
    alone, is of two readers of a record; the rest is then of every two options.
    """

    alpha: Measure
    alpha_interval: Measure = None
    kendall_tau: Measure = None
    fleiss_kappa: Measure
    observed: Measure
    records: int
    reason: str | None
    per_label: Many[LabelAgreement]
    pairs: Many[PairAgreement]
    measures: Many[Measured] = Field(default_factory=list)


class Reviewer(Part):
    """One reviewer of this round.

    `votes` are records they gave a label. `with_others` is the share of the `compared` answers of other reviewers on
    the same records that are the same. `estimated_accuracy` is the share of their votes that is right if the
    consensus of all reviewers is believed: an estimate, not a count.
    """

    reviewer: str
    role: str
    votes: int
    discarded: int
    with_others: Measure
    compared: int
    estimated_accuracy: Measure
    habit: str | None


class Believed(Part):
    """What readers said whose answer was held out, where the consensus without it was `low` to `high` sure.

    Of `answers`, the share `agreed` gave the label of that consensus; `foretold` were expected to, as readers err too.
    """

    low: float
    high: float
    answers: int
    agreed: Measure
    foretold: float


class Confusion(Part):
    """Two labels, and how many records somebody gave the one and somebody else the other."""

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


class GuidelineNote(Part):
    """What an adjudicator would have the guidelines say, and of which record."""

    record_id: str
    text: str
    note: str


class Notes(Part):
    """What adjudicators noted of disputes: why the answers differed, in numbers, and changes of the guidelines."""

    why: Counts
    guidelines: Many[GuidelineNote]


class Review(Part):
    """What people decided."""

    agreement: Agreement | None
    reviewers: Many[Reviewer]
    believed: Many[Believed] = Field(default_factory=list)
    decisions: Counts
    confusions: Many[Confusion]
    changed: Many[Changed]
    notes: Notes | None = None


class GoldRow(Part):
    """Accuracy of one set of labels against the gold labels."""

    what: str
    accuracy: Measure
    n: int


class Gold(Part):
    """The comparison with records whose true label is known: `known` in all, of which `n` are compared."""

    known: int
    n: int
    rows: Many[GoldRow]
