"""What two readings of a record say together: agreement, consensus, adjudication, reviewer quality."""

from curation.review.adjudication import adjudication_queue
from curation.review.agreement import Agreement, agreement
from curation.review.consensus import Consensus, consensus
from curation.review.decide import decide
from curation.review.next_vote import ask_third
from curation.review.pairs import PairAgreement
from curation.review.passage_consensus import PassageConsensus
from curation.review.rank_items import ItemRanking, rank_items
from curation.review.rating_consensus import RatingConsensus
from evaluation.intervals import Interval

Score = Interval  # its older name

__all__ = [
    "Agreement",
    "Consensus",
    "ItemRanking",
    "PairAgreement",
    "PassageConsensus",
    "RatingConsensus",
    "Score",
    "adjudication_queue",
    "agreement",
    "ask_third",
    "consensus",
    "decide",
    "rank_items",
]
