"""What makes a consensus of whole answers, for kinds that have a way of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from curation.review.consensus import Consensus
from curation.review.order_consensus import order_consensus
from curation.review.passage_consensus import passage_consensus
from curation.review.preference_consensus import preference_consensus
from curation.review.set_consensus import set_consensus

OF_ANSWERS: Mapping[str, Callable[..., Consensus]] = {
    "multi_label": set_consensus,
    "preference": preference_consensus,
    "ranking": order_consensus,
    "span": passage_consensus,
}
