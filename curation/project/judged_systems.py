"""What readers say of systems whose outputs they judge without their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curation.project.artifacts import read_table
from curation.project.folder import Project, Round
from curation.project.labelled import fields_by_id
from curation.project.reader_answers import reader_answers
from curation.project.records import column, table
from curation.project.standing import Role
from curation.tasks.preference import EQUAL, FIRST, SECOND

if TYPE_CHECKING:
    from evaluation.judge import MeasuredJudge
    from evaluation.rated_systems import RatedSystems
    from evaluation.system_results import SystemComparison

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
        "role": pa.string(),  # annotator, or judge
        "first": pa.string(),
        "second": pa.string(),
        "winner": pa.string(),  # first, second or equal
        "first_length": pa.int64(),  # characters
        "second_length": pa.int64(),
    }
)
JUDGES = "judges.parquet"
JUDGES_SAY = pa.schema(
    {
        "judge": pa.string(),
        "question": pa.string(),
        "record_id": pa.string(),
        "value": pa.string(),
        "swapped": pa.string(),  # asked with the sides swapped, by the sides as it saw them then; null where it was not
    }
)
JUDGE = "judge"
"""As what a judge's vote counts; it is no `Role`, as nobody signs in."""
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

    Outputs that are the same are ties without a reader. Adjudicators, who see what others said, are left out. Judges
    are in where `annotation.judges` names them and they were measured to agree with readers.
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
        yield {**_seats(row), "reviewer": reader, "role": Role.ANNOTATOR, "winner": winner, **lengths}
    yield from _of_judges(view, round_, texts)
    for row in read_table(view.path(SYSTEMS)).to_pylist():
        if row["same"]:
            yield {
                **_seats(row),
                "reviewer": None,
                "role": None,
                "winner": EQUAL,
                "first_length": 1,
                "second_length": 1,
            }


def _of_judges(view: Project, round_: Round, texts: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield the votes of the judges that are to count and may."""
    from evaluation.judge_answers import settled

    asked = set(view.config.annotation.judges)
    if not asked:
        return
    seats = {row["record_id"]: row for row in read_table(view.path(SYSTEMS)).to_pylist()}
    for judge, found in measured_judges(view, round_).items():
        if judge in asked and found.may_count:
            said = _answers_of_judges(view)[judge]
            for row, winner in zip(said, settled(*_both_ways(said)), strict=True):
                lengths = {f"{place}_length": len(texts[row["record_id"]][place]) for place in (FIRST, SECOND)}
                known = {"reviewer": f"{judge} ({JUDGE})", "role": JUDGE, "winner": winner}
                yield {**_seats(seats[row["record_id"]]), **known, **lengths}


def _answers_of_judges(view: Project) -> dict[str, list[dict[str, Any]]]:
    """Return what every judge says to a question; where it was asked twice about some records, to these alone."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in read_table(view.path(JUDGES)).to_pylist() if view.has(JUDGES) else []:
        if row["question"] == view.config.task.question:
            found.setdefault(row["judge"], []).append(row)
    twice = {judge: [row for row in rows if row["swapped"] is not None] for judge, rows in found.items()}
    return {judge: twice[judge] or rows for judge, rows in found.items()}


def _both_ways(rows: list[dict[str, Any]]) -> tuple[list[str], list[str] | None]:
    swapped = [row["swapped"] for row in rows]
    return [row["value"] for row in rows], None if None in swapped else swapped


def measured_judges(view: Project, round_: Round) -> dict[str, MeasuredJudge]:
    """Return every judge of a question, measured against the people who answered it up to a round."""
    from evaluation.judge import measure_judge

    said: dict[str, list[str]] = {}
    for row, _, winner in _last_words(view, round_):
        said.setdefault(row["record_id"], []).append(winner)
    prompts = dict(
        zip(*(column(read_table(view.path(SYSTEMS)), name) for name in ("record_id", "prompt")), strict=True)
    )
    texts, found = fields_by_id(view), {}
    for judge, rows in sorted(_answers_of_judges(view).items()):
        ids = [row["record_id"] for row in rows]
        answers, swapped = _both_ways(rows)
        found[judge] = measure_judge(
            [said.get(record_id, []) for record_id in ids],
            answers,
            swapped=swapped,
            lengths=[[len(texts[record_id][place]) for place in (FIRST, SECOND)] for record_id in ids],
            prompts=[prompts[record_id] for record_id in ids],
            seed=view.config.seed,
        )
    return found


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
