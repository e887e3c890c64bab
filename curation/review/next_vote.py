"""Where one more vote would help most."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curation.review.consensus import Consensus
from curation.review.reviewers import expected_confusions
from curation.review.vote_tables import VoteTable
from curation.review.votes import Floats, read_votes
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
    if coded.records != list(agreed.posteriors):
        raise ValueError("ask_third: expected the votes that the consensus was made from, found other records")
    counts = coded.counts()
    posterior = np.stack(list(agreed.posteriors.values())) if coded.records else np.zeros(counts.shape)
    gain = _gain(posterior, expected_confusions(coded, posterior).sum(axis=0))
    sure = posterior.max(axis=1, initial=0.0)
    open_ = np.flatnonzero(counts.sum(axis=1) <= most)
    order = open_[np.lexsort((open_, sure[open_], -gain[open_].round(9)))][:limit]
    rows = [
        {
            "record_id": coded.records[i],
            "gain": float(gain[i]),
            "confidence": float(sure[i]),
            "reason": _reason(counts[i], float(sure[i])),
        }
        for i in order
    ]
    return pa.Table.from_pylist(rows, schema=ASK)


def _gain(posterior: Floats, confusion: Floats) -> Floats:
    """Return how much the largest probability is expected to grow by one more vote, shape (N,).

    Args:
        posterior: Shape (N, K).
        confusion: Shape (K true, K said), votes of all reviewers.
    """
    smooth = confusion + np.eye(len(confusion)) + 1 / max(len(confusion), 1)
    said = smooth / smooth.sum(axis=1, keepdims=True)
    after = sum((posterior * said[:, c]).max(axis=1, initial=0.0) for c in range(said.shape[1]))
    return np.asarray(np.clip(after - posterior.max(axis=1, initial=0.0), 0.0, 1.0))


def _reason(counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]], sure: float) -> str:
    n = int(counts.sum())
    said = "1 vote" if n == 1 else f"{n} votes that disagree" if (counts > 0).sum() > 1 else f"{n} equal votes"
    return f"{said}, {sure:.0%} sure of the label"
