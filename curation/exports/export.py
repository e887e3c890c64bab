"""Tables for other tools: what was checked, asked, answered and decided, and the curated data set.

Every table has `record_id` first, the texts last under their own names, and between them `label`, `suggested` and
`source_row`; see docs/tables.md. Nothing here prints.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import TwofoldError, suggest
from curation.exports.data_card import write_card
from curation.exports.judged import refuse_others, systems_table
from curation.exports.model_card import model_card
from curation.exports.text_columns import apart, outcomes, with_soft_labels, with_texts
from curation.project.flagging import BESIDE, Check, flag, outside_checks, share_as_bad, worst_units
from curation.project.folder import Project, Round
from curation.project.judged_systems import votes_on_systems
from curation.project.labelled import current_values, fields_by_id
from curation.project.records import FLAGS, by_id, column, question_of, table
from curation.project.standing import USED_PARTS, Method
from training.whole_files import put_in_place

FLAG_COLUMNS = ["record_id", "check", "score", "reason", "label", *BESIDE[:2], "value", *BESIDE[2:], "measure"]
_MADE_BY = {
    "decisions.parquet": "review",
    "errors.parquet": "relabel",
    "evaluation.json": "evaluate",
    "flags.parquet": "check",
    "labels.parquet": "review",
    "model": "train",
    "predictions.parquet": "evaluate",
    "queue.parquet": "relabel",
    "split.parquet": "relabel",
    "votes": "pull",
}


def rounds_with(project: Project, *artifacts: str, number: int | None = None) -> list[Round]:
    """Return the rounds that have all of these artifacts, oldest first; or the one of that number.

    Raises:
        TwofoldError: None has, there is no round of that number, or it lacks one.
    """
    there = project.rounds()
    asked = there if number is None else [round_ for round_ in there if round_.number == number]
    if not asked:
        raise TwofoldError(f"{project.folder}: there is no round {number} (there are 0 to {there[-1].number})")
    found = [round_ for round_ in asked if all(_has(round_, name) for name in artifacts)]
    if not found:
        which = "no round" if number is None else f"round {number:03d}"
        missing = next(name for name in artifacts if not any(_has(round_, name) for round_ in asked))
        has = "has" if number is None else "has no"
        what = Path(missing).stem
        raise TwofoldError(f"{project.folder}: {which} {has} {what} yet (run `twofold {_MADE_BY[missing]}`)")
    return found


def newest(project: Project, *artifacts: str, number: int | None = None) -> Round:
    """Return the newest round that has all of these artifacts, or the one of that number; see `rounds_with`."""
    return rounds_with(project, *artifacts, number=number)[-1]


def _has(round_: Round, name: str) -> bool:
    return bool(round_.snapshots()) if name == "votes" else round_.has(name)


def flags(project: Project, number: int | None = None, *, check: str | None = None) -> pa.Table:
    """Return what the checks found, worst first, by `score`: the share of records that look as bad to that check.

    Raises:
        TwofoldError: Nothing was checked yet, or there is no check of that name.
    """
    if check not in (None, *Check) and check not in (others := outside_checks()):
        raise TwofoldError(f"no check {check!r}{suggest(str(check), [*map(str, Check), *others])}")
    round_ = newest(project, "flags.parquet", number=number)
    found = round_.table("flags.parquet")
    if "value" not in found.column_names:
        raise TwofoldError(f"{round_.folder}: its flags were written by an older Twofold (run `twofold check`)")
    found = found.sort_by([("score", "ascending"), ("record_id", "ascending")])
    if check is not None:
        found = found.filter(pc.equal(found["check"], check))
    return _flags_with_texts(project, round_, found)


def label_ranking(project: Project, number: int | None = None) -> pa.Table:
    """Return every label that was checked, flagged or not, worst first, with the columns of `flags`."""
    round_ = newest(project, "quality.parquet", "flags.parquet", number=number)
    kind, found = project.config.task.kind, _doubts(project, round_)
    wrong = [row["p_wrong"] for row in found.values()]
    ranked = [
        flag(i, Check.LABEL, score=score, value=row["p_wrong"], reason=row["reason"])
        | {name: row[name] for name in BESIDE}
        | {"suggested": kind.show(row["suggested"])}
        for (i, row), score in zip(found.items(), share_as_bad(wrong, wrong, low_is_bad=False), strict=True)
    ]
    ranked.sort(key=lambda row: (row["score"], row["record_id"]))
    return _flags_with_texts(project, round_, table(ranked, FLAGS))


def _doubts(project: Project, round_: Round) -> dict[str, dict[str, Any]]:
    """Return what the label check says of every record that has a label."""
    return worst_units(round_.table("quality.parquet").to_pylist(), project.config.task.kind)


def _flags_with_texts(project: Project, round_: Round, found: pa.Table) -> pa.Table:
    answer = project.config.task.kind.column
    complete = with_texts(project, found, **{answer: current_values(project, round_)})
    first = [apart(answer if name == "label" else name, project) for name in FLAG_COLUMNS]
    return complete.select([*first, *(name for name in complete.column_names if name not in first)])


def not_checked(project: Project, number: int | None = None) -> dict[str, str]:
    """Return the checks that could not run, and why: too few labels, for example."""
    round_ = newest(project, "flags.parquet", number=number)
    return dict(round_.json("checks.json").get("not_checked", {}))


def _decisions(project: Project, number: int | None) -> pa.Table:
    """Return every decision of people, the newest per record."""
    rounds = rounds_with(project, "decisions.parquet", number=number)
    found = _of_rounds({round_: round_.table("decisions.parquet") for round_ in rounds})
    last = {record_id: row for row, record_id in enumerate(column(found, "record_id"))}
    newest_ones = found.take([last[record_id] for record_id in sorted(last)])
    return with_texts(project, _named(project, newest_ones), **_sent_suggestions(rounds))


def _votes(project: Project, number: int | None) -> pa.Table:
    """Return every answer of every round, each with the label suggested when the record was sent."""
    rounds = rounds_with(project, "votes", number=number)
    tables = [
        with_texts(project, _named(project, _of_rounds({r: r.votes()})), **_sent_suggestions([r])) for r in rounds
    ]
    return pa.concat_tables(tables, promote_options="permissive")


def _named(project: Project, found: pa.Table) -> pa.Table:
    """Return a table with the column of answers named for people."""
    return found.rename_columns({"value": project.config.task.kind.column})


def _of_rounds(found: Mapping[Round, pa.Table]) -> pa.Table:
    """Join tables of several rounds, whose columns may differ, with a column `round`."""
    numbered = [
        t if "round" in t.column_names else t.append_column("round", pa.array([r.number] * t.num_rows, pa.int32()))
        for r, t in found.items()
    ]
    return pa.concat_tables(numbered, promote_options="permissive")


def _sent_suggestions(rounds: list[Round]) -> dict[str, dict[str, Any]]:
    """Return what was suggested when records were sent, the newest round's word for each."""
    said: dict[str, dict[str, Any]] = {"suggested": {}, "suggested_prob": {}}
    for round_ in rounds:
        batch = round_.table("batch.parquet") if round_.has("batch.parquet") else None
        for name, values in said.items():
            if batch is not None and name in batch.column_names:
                values.update(by_id(batch, name))
    return said


def _labels(project: Project, number: int | None) -> pa.Table:
    return with_texts(
        project, _named(project, newest(project, "labels.parquet", number=number).table("labels.parquet"))
    )


def asked_about(project: Project, what: str, number: int | None, question: str | None) -> Project:
    """Return the project as seen from the question that a table is about.

    Args:
        project: The project.
        what: A table of `EXPORTS`.
        number: Its round; the newest by default.
        question: The question that was asked for. Without one it is that of the model for what a model made, which
            the queue is, too, and the first for all else.

    Raises:
        TwofoldError: There is no such question, or no queue yet.
    """
    if question is None and what == "queue":
        question = question_of(newest(project, "queue.parquet", number=number).table("queue.parquet"))
    elif question is None and what in ("errors", "dataset", MODEL):
        question = project.trained.config.task.question
    return project.seen_from(question)


def _queue(project: Project, number: int | None) -> pa.Table:
    round_ = newest(project, "queue.parquet", number=number)
    given = {project.config.task.kind.column: current_values(project, round_)}
    return with_texts(project, round_.table("queue.parquet"), **given)


def _errors(project: Project, number: int | None) -> pa.Table:
    """Return where the model contradicts a label that it did not learn from, with what the label check suggests."""
    round_ = newest(project, "predictions.parquet", "errors.parquet", number=number)
    found = round_.table("errors.parquet")
    doubts = _doubts(project, round_).items()
    suggested = by_id(round_.table("predictions.parquet"), "value") | {i: row["suggested"] for i, row in doubts}
    probability = by_id(found, "confidence") | {i: row["suggested_prob"] for i, row in doubts}
    return with_texts(project, found, suggested=suggested, suggested_prob=probability)


def _dataset(project: Project, number: int | None) -> pa.Table:
    """Return every labelled record with its text, label, where that came from, and its part."""
    round_ = newest(project, "split.parquet", "labels.parquet", number=number)
    labels, part = current_values(project, round_), by_id(round_.table("split.parquet"), "part")
    source, fields = by_id(round_.table("labels.parquet"), "source"), fields_by_id(project)
    ids = [i for i in fields if i in labels]
    if not ids:
        raise TwofoldError(f"{project.folder}: no record has a label yet")
    ours = {
        "record_id": pa.array(ids, pa.string()),
        project.config.task.question: pa.array([labels[i] for i in ids], project.config.task.kind.value()),
        "source": pa.array([source.get(i, Method.GIVEN) for i in ids], pa.string()),
        "part": pa.array([part.get(i) for i in ids], pa.string()),
    }
    told = outcomes(project.config.task, [(labels[i], fields[i]) for i in ids])
    return with_texts(project, pa.table({**ours, **told}))


def _systems(project: Project, number: int | None) -> pa.Table:
    refuse_others(project)
    return systems_table(project, newest(project, "votes", number=number))


def _comparisons(project: Project, number: int | None) -> pa.Table:
    refuse_others(project)
    return votes_on_systems(project, newest(project, "votes", number=number))


MODEL = "model"
"""What else can be written: the folder of a model, with its card."""
EXPORTS: Mapping[str, Callable[[Project, int | None], pa.Table]] = {
    "decisions": _decisions,
    "labels": _labels,
    "votes": _votes,
    "queue": _queue,
    "errors": _errors,
    "flags": flags,
    "dataset": _dataset,
    "systems": _systems,
    "comparisons": _comparisons,
}
ANSWERED = ("labels", "decisions", "dataset")
"""Those of them that have one answer for every record."""


def exported(project: Project, what: str, number: int | None = None, *, soft: bool = False) -> pa.Table:
    """Return one of the tables of `EXPORTS`, of one round or, without a number, of all or the newest.

    Args:
        project: Whose table.
        what: Its name.
        number: The round.
        soft: Whether records are to have how likely each answer is, given the readers' votes.

    Raises:
        TwofoldError: What is asked for was not made yet, or there is no such round.
    """
    found = EXPORTS[what](project, number)
    return with_soft_labels(project, found) if soft else found


def in_words(project: Project, found: pa.Table) -> pa.Table:
    """Return an exported table with its answers in words, for a format whose cells are texts."""
    kind = project.config.task.kind
    if not pa.types.is_nested(kind.value()):
        return found
    shown = {}
    for name, values in zip(found.column_names, found.columns, strict=True):
        texts = (None if value is None else kind.show(value) for value in values.to_pylist())
        shown[name] = pa.array(texts, pa.string()) if values.type == kind.value() else values
    return pa.table(shown)


def export_hf(
    project: Project, to: Path, what: str = "dataset", number: int | None = None, *, soft: bool = False
) -> None:
    """Save a table for `datasets.load_from_disk`; the curated data set in its parts, with a card (`README.md`).

    Raises:
        TwofoldError: The folder is there already, or what is asked for was not made yet.
    """
    import datasets

    if to.exists():
        raise TwofoldError(f"{to}: is there already")
    found = exported(project, what, number, soft=soft)
    saved = _in_parts(project, found) if what == "dataset" else datasets.Dataset(found)

    def save(temporary: Path) -> None:
        saved.save_to_disk(str(temporary))
        if what == "dataset":
            write_card(temporary, project, saved)

    _put(to, save)


def export_model(project: Project, to: Path, number: int | None = None) -> None:
    """Copy the model of a round, the newest evaluated one by default, with its card (`README.md`).

    Raises:
        TwofoldError: The folder is there already, or no model was evaluated yet.
    """
    round_ = newest(project, "model", "evaluation.json", number=number)
    card = model_card(project, round_)

    def save(temporary: Path) -> None:
        shutil.copytree(round_.path("model"), temporary)
        (temporary / "README.md").write_text(card, encoding="utf-8")

    _put(to, save)


def _put(to: Path, save: Callable[[Path], None]) -> None:
    """Let a folder be made, whole or not at all."""
    if to.exists():
        raise TwofoldError(f"{to}: is there already")
    temporary = to.with_name(f".{to.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        save(temporary)
        put_in_place(temporary, to)
    except OSError as error:
        raise TwofoldError(f"{to}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _in_parts(project: Project, found: pa.Table) -> Any:
    import datasets

    task, part = project.config.task, found[apart("part", project)]
    answers = task.features()[task.question]
    parts = {name: found.filter(pc.equal(part, name)).combine_chunks() for name in map(str, USED_PARTS)}
    return datasets.DatasetDict(
        {
            name: datasets.Dataset(rows).cast_column(apart(task.question, project), answers)
            for name, rows in parts.items()
            if rows.num_rows  # `datasets` has no table without rows
        }
    )
