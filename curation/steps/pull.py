"""Argilla -> votes: a snapshot that never changes, of who answered what and when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from curation import ledger
from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.artifacts import read_table, write_table
from curation.errors import TwofoldError
from curation.records import VOTES, column, table
from curation.step import Context

PART = 10_000
"""Votes that become a table together."""


def pull(context: Context, argilla: ArgillaClient) -> str:
    """Take all answers of the round; a new snapshot is written only if anything differs from the last."""
    round_ = context.round
    if not round_.has("pushed.json"):
        raise TwofoldError("no batch was sent in this round yet (run `twofold push`)")
    votes = votes_table(_votes(context, argilla))
    snapshots = round_.snapshots()
    if snapshots and read_table(snapshots[-1]).equals(votes):
        return f"nothing new: {votes.num_rows} answers, as in {snapshots[-1].name}"
    path = round_.path(f"votes/{len(snapshots) + 1:04d}.parquet")
    write_table(path, votes)
    ledger.append(context.project.folder, "pull", round=round_.number, snapshot=path.name, votes=votes.num_rows)
    return f"{votes.num_rows} answers of {len(set(column(votes, 'reviewer')))} people in {path.name}"


def _votes(context: Context, argilla: ArgillaClient) -> Iterator[dict[str, Any]]:
    for role in naming.ROLES:
        name = naming.dataset(context.project, context.round, role)
        dataset = argilla.dataset(name, naming.workspace(context.project, role))
        if dataset is None:
            if role == "annotator":
                raise TwofoldError(f"Argilla at {argilla.url} has no data set {name!r}; run `twofold push` again")
            continue
        for answer in argilla.answers(dataset):
            yield {
                "record_id": answer.record_id,
                "reviewer": answer.reviewer,
                "role": role,
                "status": answer.status,
                "label": answer.label,
                "submitted_at": answer.submitted_at,
            }


def votes_table(votes: Iterator[dict[str, Any]]) -> pa.Table:
    """Return all votes in one order, whatever order they came in; few of them are ever more than rows of a table."""
    parts = [VOTES.empty_table()]
    while part := list(islice(votes, PART)):
        parts.append(table(part, VOTES))
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in ("role", "record_id", "reviewer")])
