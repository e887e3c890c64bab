"""How sure a decision is: what the readers' answers make likely, and what the adjudicator's answer adds to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ADJUDICATOR_ACCURACY = 0.9  # stated, not fitted: adjudicators see only what readers dispute, where nothing checks them


def label_confidence(
    label: str, votes: Sequence[str], ruling: str | None, *, n_labels: int, posterior: Mapping[str, float] | None = None
) -> float:
    """Return the probability in [0, 1] that `label` is right, given the votes and an adjudicator's answer.

    An adjudicator says the true label with probability q = `ADJUDICATOR_ACCURACY`, and each other of the K labels
    with probability w = (1 - q) / (K - 1). With p the probability of a label by the votes alone, and `a` the
    adjudicator's answer, Bayes' rule gives

        P(label | votes, a) = p(label) L(label) / (p(a) q + (1 - p(a)) w),   L(label) = q if label is a, else w

    so an answer that agrees never lowers it, and with nobody else's answer it is q. p is the posterior of the
    consensus where there is one; else, with an adjudicator's answer, (votes for the label + 1) / (votes + K); with
    votes alone their share.

    Args:
        label: The decided label.
        votes: The readers' labels, without the adjudicator's.
        ruling: The adjudicator's label; None where nobody adjudicated.
        n_labels: K, how many labels there are to choose from.
        posterior: Probability of each label by the votes alone; None where there is no consensus.
    """
    if ruling is None:
        return posterior[label] if posterior and label in posterior else votes.count(label) / len(votes)
    k = max(n_labels, 2)
    wrong = (1 - ADJUDICATOR_ACCURACY) / (k - 1)

    def likely(name: str) -> float:
        return posterior[name] if posterior and name in posterior else (votes.count(name) + 1) / (len(votes) + k)

    evidence = likely(ruling) * ADJUDICATOR_ACCURACY + (1 - likely(ruling)) * wrong
    return min(1.0, likely(label) * (ADJUDICATOR_ACCURACY if label == ruling else wrong) / evidence)


def discard_confidence(discards: int, votes: int, *, by_adjudicator: bool) -> float:
    """Return the probability in [0, 1] that a discarded record is rightly discarded: that no label fits it.

    The same rule with two alternatives, "no label fits" and "one does": of n readers d discarded, which makes the
    first (d + 1) / (n + 2) likely; an adjudicator who discards it too says so by Bayes' rule, and alone counts q.

    Args:
        discards: How many readers discarded it.
        votes: How many readers gave it a label.
        by_adjudicator: Whether an adjudicator discarded it.
    """
    likely = (discards + 1) / (discards + votes + 2)
    if not by_adjudicator:
        return likely
    said = likely * ADJUDICATOR_ACCURACY
    return said / (said + (1 - likely) * (1 - ADJUDICATOR_ACCURACY))
