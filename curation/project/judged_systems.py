"""What readers say of systems whose outputs they judge without their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curation.project.artifacts import read_table
from curation.project.folder import Project, Round
from curation.project.labelled import fields_by_id
from curation.project.reader_answers import reader_answers
from curation.project.records import column, table
from curation.tasks.preference import EQUAL, FIRST, SECOND

if TYPE_CHECKING:
    from evaluation.rated_systems import RatedSystems
    from evaluation.system_comparison import SystemComparison

SYSTEMS = "systems.parquet"
SEATS = pa.schema(
    {
        "record_id": pa.string(),
        "prompt": pa.string(),
        "first": pa.string(),  # the system whose text stands first, or the only one
        "second": pa.string(),  # null where a record shows one output
        "same": pa.bool_(),  # both systems say the same, and nobody is asked
    }
)
COMPARED = pa.schema(
    {
        "record_id": pa.string(),
        "prompt": pa.string(),
        "reviewer": pa.string(),  # null of a tie about which nobody is asked
        "first": pa.string(),
        "second": pa.string(),
        "winner": pa.string(),  # first, second or equal
        "first_length": pa.int64(),  # characters
        "second_length": pa.int64(),
    }
)
RATED = pa.schema(
    {
        "record_id": pa.string(),
        "prompt": pa.string(),
        "reviewer": pa.string(),
        "system": pa.string(),
        "rating": pa.int64(),
    }
)


def judges_systems(view: Project) -> bool:
    """Whether people compare or rate outputs of systems here, as seen from a question."""
    return compares_systems(view) or rates_systems(view)


def compares_systems(view: Project) -> bool:
    """Whether people compare two outputs by this question."""
    return view.has(SYSTEMS) and view.config.task.rivals == (FIRST, SECOND)


def rates_systems(view: Project) -> bool:
    """Whether people rate one output by this question."""
    if not view.has(SYSTEMS) or view.config.task.kind.name != "rating":
        return False
    return bool(read_table(view.path(SYSTEMS))["second"].null_count)


def votes_on_systems(view: Project, round_: Round) -> pa.Table:
    """Return every reader's answer to a question up to a round, with the systems' names: `COMPARED`, or `RATED`."""
    return compared_votes(view, round_) if compares_systems(view) else rated_votes(view, round_)


def compared_votes(view: Project, round_: Round) -> pa.Table:
    """Return every reader's answer to a question up to a round, with the systems' names; see `COMPARED`.

    Outputs that are the same are ties without a reader. Adjudicators, who see what others said, are left out.
    """
    return table(_votes(view, round_), COMPARED)


def rated_votes(view: Project, round_: Round) -> pa.Table:
    """Return every reader's rating up to a round, with the system's name; see `RATED`."""
    rows = (
        {
            "record_id": row["record_id"],
            "prompt": row["prompt"],
            "system": row["first"],
            "reviewer": reader,
            "rating": said,
        }
        for row, reader, said in _last_words(view, round_)
    )
    return table(rows, RATED)


def _last_words(view: Project, round_: Round) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Yield who sits where in a record, a reader of it, and that reader's last answer."""
    seats = {row["record_id"]: row for row in read_table(view.path(SYSTEMS)).to_pylist()}
    last = {(vote["record_id"], vote["reviewer"]): vote["value"] for vote in reader_answers(view, round_)}
    for (record_id, reader), said in sorted(last.items()):
        if record_id in seats:
            yield seats[record_id], reader, said


def _votes(view: Project, round_: Round) -> Iterator[dict[str, Any]]:
    texts = fields_by_id(view)
    for row, reader, winner in _last_words(view, round_):
        lengths = {f"{place}_length": len(texts[row["record_id"]][place]) for place in (FIRST, SECOND)}
        yield {**_seats(row), "reviewer": reader, "winner": winner, **lengths}
    for row in read_table(view.path(SYSTEMS)).to_pylist():
        if row["same"]:
            yield {**_seats(row), "reviewer": None, "winner": EQUAL, "first_length": 1, "second_length": 1}


def _seats(row: dict[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in ("record_id", "prompt", FIRST, SECOND)}


def compared_systems(view: Project, round_: Round) -> SystemComparison | str:
    """Return what the answers to a question say of the systems, or why they say nothing yet, in words."""
    from evaluation.system_comparison import compare_systems  # takes a while to import

    votes = compared_votes(view, round_)
    if {*column(votes, "winner")} <= {EQUAL}:
        return "nobody has decided for one of two outputs yet"
    return compare_systems(
        votes["first"],
        votes["second"],
        votes["winner"],
        readers=votes["reviewer"],
        prompts=votes["prompt"],
        lengths=[*zip(votes["first_length"].to_pylist(), votes["second_length"].to_pylist(), strict=True)],
    )


def rated_systems(view: Project, round_: Round) -> RatedSystems | str:
    """Return what the ratings of a question say of the systems, or why they say nothing yet, in words."""
    from evaluation.rated_systems import compare_rated_systems  # takes a while to import

    votes = rated_votes(view, round_)
    if any(len(set(column(votes, name))) < 2 for name in ("system", "prompt")):
        return "nobody has rated outputs of two systems to two prompts yet"
    return compare_rated_systems(votes["system"], votes["rating"], readers=votes["reviewer"], prompts=votes["prompt"])
