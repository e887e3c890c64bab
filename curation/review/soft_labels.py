"""How likely every answer is, given the votes: soft labels to train on."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from curation.project.records import SOFT, table
from curation.review.answers import RecordConsensus

FEWEST = 1e-4
"""What is less likely than this is not written."""


def soft_labels(agreed: RecordConsensus) -> pa.Table:
    """Return the probability of every choice that readers had, as their consensus sees it.

    Of a label these are all labels, which sum to one; of several labels each by itself, and of passages each that
    somebody marked, by each of its labels. What an adjudicator said plays no part.

    Args:
        agreed: The consensus.
    """
    return table(
        (
            {"record_id": record_id, "answer": answer, "probability": probability}
            for record_id, known in sorted(agreed.units.items())
            for unit, unit_id in known.items()
            for answer, probability in _of_unit(agreed, unit, unit_id)
        ),
        SOFT,
    )


def _of_unit(agreed: RecordConsensus, unit: str, unit_id: str) -> Iterator[tuple[str, float]]:
    kind = agreed.kind
    for choice in kind.choices(agreed.question) or [agreed.found.label[unit_id]]:
        probability = agreed.found.probability(unit_id, choice)
        if probability is None or probability < FEWEST:
            continue
        answer = kind.fold({unit: choice})
        if not unit or answer:  # of an answer of many parts, that it lacks one is no answer by itself
            yield kind.show(answer), probability
