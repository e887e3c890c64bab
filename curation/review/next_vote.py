"""Where one more vote would help most."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curation.review.consensus import Consensus
from curation.review.vote_tables import VoteTable
from curation.review.votes import Ints, Votes, read_votes
from evaluation.settings import check_whole

ASK = pa.schema({"record_id": pa.string(), "gain": pa.float64(), "confidence": pa.float64(), "reason": pa.string()})


def ask_third(votes: VoteTable, agreed: Consensus, *, most: int = 2, limit: int | None = None) -> pa.Table:
    """Return the records in the order in which one more vote is worth most.

    The worth of a vote is how much it is expected to raise the probability of the most probable label (the
    one-step value of information; Sheng, Provost and Ipeirotis 2008, KDD), given a reviewer like all together.
    Where no single vote could change the label, the less certain record comes first.

    Args:
        votes: The votes from which `agreed` was made.
        agreed: The result of `consensus(votes)`.
        most: Records with more votes than this are left out.
        limit: How many records to return at most.

    Returns:
        Columns `record_id`; `gain`, in [0, 1]; `confidence`, in the label now; `reason`, in words. Best first.

    Raises:
        ValueError: A bad vote table or setting, or other records than `agreed` has.

    Example:
        >>> from twofold import consensus
        >>> votes = [("m1", "ana", "refund"), ("m1", "ben", "refund"), ("m2", "ana", "refund"), ("m2", "ben", "late")]
        >>> ask_third(votes, consensus(votes), limit=1)["record_id"].to_pylist()
        ['m2']
    """
    check_whole(most, "most", least=1)
    if limit is not None:
        check_whole(limit, "limit")
    if not isinstance(agreed, Consensus):
        raise ValueError(f"agreed: expected the result of consensus(votes), found {type(agreed).__name__}")
    coded = read_votes(votes, agreed.labels or None)
    gain, sure = agreed.chances(coded)
    gain = gain.round(9)  # what is left of rounding is no gain
    n_votes, n_answers = _counted(coded)
    open_ = np.flatnonzero(n_votes <= most)
    order = open_[np.lexsort((open_, sure[open_], -gain[open_]))][:limit]
    rows = [
        {
            "record_id": coded.records[i],
            "gain": float(gain[i]),
            "confidence": float(sure[i]),
            "reason": _reason(int(n_votes[i]), int(n_answers[i]), float(sure[i])),
        }
        for i in order
    ]
    return pa.Table.from_pylist(rows, schema=ASK)


def _counted(votes: Votes) -> tuple[Ints, Ints]:
    """Return how many votes every record has, and how many different ones, both of shape (N,)."""
    n = len(votes.records)
    answers = np.unique(np.stack([votes.record, votes.label]), axis=1)[0]
    return np.bincount(votes.record, minlength=n), np.bincount(answers, minlength=n)


def _reason(n: int, answers: int, sure: float) -> str:
    said = "1 vote" if n == 1 else f"{n} votes that disagree" if answers > 1 else f"{n} equal votes"
    return f"{said}, {sure:.0%} sure of the label"
