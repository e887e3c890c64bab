"""Queue -> Argilla: the round's batch, with everything a reviewer needs and nothing that tells the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.annotation.shown import AllAsked, first_of, page_fields, shown_to_readers
from curation.annotation.spec import Outgoing, Suggested
from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.asked import Asked, all_asked_in, as_set_now, asking, differences
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import worst_units
from curation.project.folder import Project, Round
from curation.project.records import by_id, column, question_of, shaped_by_id
from curation.project.standing import Queued
from curation.project.step import Context, Step


def take_batch(context: Context) -> str:
    """Take the batch from the queue of the round before: the first records, and a share of test records.

    Records of the test part come by chance, never because a model was wrong on them: correcting only those
    would flatter the next model.
    """
    queue = context.project.before(context.round).table("queue.parquet")
    if queue.num_rows == 0:
        raise TwofoldError("the queue is empty: every record was read, nothing is left to send")
    size = context.config.annotation.batch_size
    is_test = pc.equal(queue["kind"], Queued.TEST_PART)
    tests, others = queue.filter(is_test), queue.filter(pc.invert(is_test))
    share = min(tests.num_rows, max(round(size * context.config.annotation.test_share), size - others.num_rows))
    batch = pa.concat_tables([others.slice(0, size - share), tests.slice(0, share)])
    context.round.write_table("batch.parquet", batch)
    return f"{batch.num_rows} of {queue.num_rows} queued records taken, {share} of them test records"


STEP = Step(
    name="batch",
    makes=("batch.parquet",),
    depends_on=lambda config: [config.annotation.batch_size, config.annotation.test_share],
    run=take_batch,
)


def push(context: Context, argilla: ArgillaClient) -> str:
    """Send the batch with the settings of today; what is there is brought up to date, and answers are never touched.

    A batch that was sent stays as it is. Of the settings that were changed since, those that an open data set can
    take are brought to it; the summary names them, and says from when the others hold.
    """
    project, round_ = context.project, context.round
    asked = all_asked_in(project, round_)
    if not asked:
        pages = project.custom_pages
        new = {view.config.task.question: asking(view.config, project.guidelines, pages) for view in project.views}
        return _send(context, argilla, new)
    now = _what_can_change(context, argilla, asked)
    changed = _all_differences(asked, now)
    if changed:
        ledger.append(project.folder, "ask", round=round_.number, changed=changed)
    sent = _send(context, argilla, now)
    if not first_of(now).suggestions:
        argilla.take_back_suggestions(argilla.ensure_dataset(shown_to_readers(project, round_, now)))
    later = from_next_round(project, round_)
    return "; ".join([sent, *(f"changed in this open round: {what}" for what in changed), *later])


def send_again(context: Context, argilla: ArgillaClient) -> str:
    """Bring the server to what the round asked, if it lacks any of it: a home made anew, or an older backup."""
    project, round_ = context.project, context.round
    asked = all_asked_in(project, round_)
    assert asked  # noqa: S101  (only rounds that were sent are sent again)
    if argilla.dataset(naming.dataset(project, round_), naming.workspace(project)) is not None:
        dataset = argilla.ensure_dataset(shown_to_readers(project, round_, asked))
        if argilla.progress(dataset).total == round_.table("batch.parquet").num_rows:
            return ""
    return _send(context, argilla, asked)


def from_next_round(project: Project, round_: Round) -> list[str]:
    """Say which settings of today hold from the next round on, because this one asked otherwise."""
    asked = all_asked_in(project, round_)
    if not asked:
        return []
    changed = _all_differences(asked, _as_set_now(project, asked))
    new = [f"new question {name!r}" for name in project.whole.task.questions if name not in asked]
    return [f"{what}: from round {round_.number + 1:03d} on" for what in (*changed, *new)]


def _as_set_now(project: Project, asked: AllAsked) -> dict[str, Asked]:
    guidelines = project.guidelines
    return {name: as_set_now(each, project.whole.only(name), guidelines) for name, each in asked.items()}


def _all_differences(before: AllAsked, after: AllAsked) -> list[str]:
    """Say in words what was changed in any question, and once what was changed for all of them."""
    return list(dict.fromkeys(what for name in before for what in differences(before[name], after[name])))


def _what_can_change(context: Context, argilla: ArgillaClient, asked: AllAsked) -> dict[str, Asked]:
    """Return what the open round asks now: as today's settings say, but for what cannot change any more."""
    project, round_ = context.project, context.round
    wanted = _as_set_now(project, asked)
    dataset = argilla.dataset(naming.dataset(project, round_), naming.workspace(project))
    if dataset is None:
        return wanted
    held: dict[str, Any] = {}
    first = first_of(asked)
    if first_of(wanted).required != first.required and argilla.progress(dataset).pending == 0:
        held["required"] = first.required  # all have answered: it is too late
    can_add = all(wanted[name].options == each.options for name, each in asked.items()) or argilla.can_add_labels(
        dataset
    )
    return {
        name: wanted[name].model_copy(update=held if can_add else {**held, "options": each.options})
        for name, each in asked.items()
    }


def _send(context: Context, argilla: ArgillaClient, asked: AllAsked) -> str:
    project, round_ = context.project, context.round
    batch = round_.table("batch.parquet")
    spec = shown_to_readers(project, round_, asked, vector_size=EmbeddingStore(project).width)
    if round_.has("asked.json"):
        _keep(project, round_, asked)  # first: what was asked is made true below
    dataset = argilla.ensure_dataset(spec)
    _keep(project, round_, asked)
    for done in argilla.upload(dataset, _outgoing(context, batch, asked)):
        context.tick(done, batch.num_rows)
    facts = {"dataset": spec.name, "workspace": spec.workspace, "records": batch.num_rows, "url": argilla.url}
    round_.write_json("pushed.json", facts)
    return f"{batch.num_rows} records wait for {spec.required} people each in {spec.name} at {argilla.url}"


def _keep(project: Project, round_: Round, asked: AllAsked) -> None:
    """Keep what was asked; of the first question last, by which a round counts as one that asked."""
    for name, each in reversed(list(asked.items())):
        project.seen_from(name).round(round_.number).write_json("asked.json", each.model_dump(mode="json"))


def _outgoing(context: Context, batch: pa.Table, asked: AllAsked) -> Iterator[Outgoing]:
    ids = column(batch, "record_id")
    vectors = EmbeddingStore(context.project).of(ids)
    fields, shaped = by_id(context.project.records, "fields"), shaped_by_id(context.project.records)
    suggested = _suggested(context, batch, asked)
    for row, vector in zip(batch.to_pylist(), vectors, strict=True):
        yield Outgoing(
            record_id=row["record_id"],
            fields=page_fields(asked, fields[row["record_id"]], shaped.get(row["record_id"], {})),
            metadata={
                "round": context.round.number,
                "reason": row["kind"],
                "why": row["reason"],
                "priority": row["priority"],
            },
            suggestions=suggested(row, fields[row["record_id"]]),
            vector=vector.tolist(),
        )


def _suggested(
    context: Context, batch: pa.Table, asked: AllAsked
) -> Callable[[Mapping[str, Any], Mapping[str, str]], dict[str, Suggested]]:
    """Return what a record comes with, by its row in the batch and its texts: answers as far as any are proposed.

    To the question that the queue is of the queue proposes one; to each other question what there is.
    """
    if not first_of(asked).suggestions:
        return lambda row, texts: {}
    queued = question_of(batch) or next(iter(asked))
    encode = {name: each.encoder() for name, each in asked.items()}
    others = {name: _proposed(context.project.seen_from(name), context.round) for name in asked if name != queued}

    def suggested(row: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Suggested]:
        proposed = {name: of[row["record_id"]] for name, of in others.items() if row["record_id"] in of}
        if queued in asked:
            proposed[queued] = (row["suggested"], row["suggested_prob"])
        stored = {name: (encode[name](value, texts), sure) for name, (value, sure) in proposed.items()}
        return {name: Suggested(value=value, score=sure) for name, (value, sure) in stored.items() if value is not None}

    return suggested


def _proposed(view: Project, round_: Round) -> Mapping[str, tuple[Any, float | None]]:
    """Return what there is of a question that no queue is of, by record id, and how sure that is.

    It is what the question's own label check proposes, or a text that waits to be corrected.
    """
    before, kind = view.before(view.round(round_.number)), view.config.task.kind
    held = by_id(before.table("labels.parquet"), "value") if kind.is_written and before.has("labels.parquet") else {}
    rows = before.table("quality.parquet").to_pylist() if before.has("quality.parquet") else []
    judged = {i: (row["suggested"], row["suggested_prob"]) for i, row in worst_units(rows, kind).items()}
    return {**{i: (value, None) for i, value in held.items()}, **judged}
