"""Where a record stands: in which part, why it is queued, who said what of it, and how its label came about.

The values are what tables, exports and pages hold; code compares the members.
"""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """The part of the split that a record lies in."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    EXCLUDED = "excluded"  # in one group with a record of the frozen test part


USED_PARTS = (Part.TRAIN, Part.VALIDATION, Part.TEST)


class Queued(StrEnum):
    """What kind of reason there is to look at a record."""

    DISPUTED = "disputed"
    LABEL_WRONG = "the label looks wrong"
    MODEL_WRONG = "the model is wrong"
    NOT_READ = "not read yet"
    UNLABELLED = "unlabelled"
    TEST_PART = "test part"


OF_LABELS = frozenset({Queued.LABEL_WRONG, Queued.MODEL_WRONG, Queued.NOT_READ})  # labels that may prove wrong


class Role(StrEnum):
    """As what somebody answers; each role has a workspace and data sets of its own."""

    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"


class Status(StrEnum):
    """What became of somebody's answer."""

    SUBMITTED = "submitted"
    DRAFT = "draft"
    DISCARDED = "discarded"
    PENDING = "pending"


ANSWERED = (Status.SUBMITTED, Status.DISCARDED)  # a discard is an answer


class Method(StrEnum):
    """How a decision came about, and with it a label: the method of the one is the source of the other."""

    NONE = "none"  # of labels alone: nobody has said yet
    GIVEN = "given"  # of labels alone: it came with the data
    AGREED = "agreed"
    ADJUDICATED = "adjudicated"
    MAJORITY = "majority"
    CONSENSUS = "consensus"
    DISCARDED = "discarded"
    DISPUTED = "disputed"  # of decisions alone, like the next: there is no label yet
    UNDECIDED = "undecided"


BY_PEOPLE = frozenset({Method.AGREED, Method.ADJUDICATED, Method.MAJORITY, Method.CONSENSUS, Method.DISCARDED})
