"""What makes a consensus of whole answers that are several choices, by their kind; of others each choice is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from curation.review.consensus import Consensus
from curation.review.order_consensus import order_consensus
from curation.review.passage_consensus import passage_consensus

OF_ANSWERS: Mapping[str, Callable[..., Consensus]] = {"ranking": order_consensus, "span": passage_consensus}
