"""Records that one more reader should read -> Argilla: blind as before, and open to those who have not read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.annotation.client import ArgillaClient
from curation.annotation.collecting import COPIED, copied_in
from curation.annotation.shown import AllAsked, page_fields, shown_for_a_third_look
from curation.annotation.spec import Given, Outgoing
from curation.project.asked import all_asked_in, third_looks_in
from curation.project.folder import Project, Round
from curation.project.records import by_id, shaped_by_id
from curation.project.standing import ANSWERED, Method, Role, Status
from curation.project.step import Context

Answers = Mapping[str, Sequence[Given]]
"""By record id."""


def third_look(context: Context, argilla: ArgillaClient) -> str:
    """Bring the data set of the third looks to what is asked for now, and say what that took.

    A record comes with the answers that it has, so that Argilla offers it to nobody who gave one, and sees when it is
    complete. Whose they are is kept before they are sent: a copy is no answer of its own.
    """
    project, round_ = context.project, context.round
    asked, wanted = all_asked_in(project, round_), open_third_looks(round_)
    if not asked or not third_looks_in(round_):
        return ""
    spec = shown_for_a_third_look(project, round_, asked)
    if not wanted and argilla.dataset(spec.name, spec.workspace) is None:
        return ""
    dataset = argilla.ensure_dataset(spec)
    held = argilla.answered(dataset)
    texts = by_id(project.records, "fields")
    answers = _answers(project, round_, asked, {i: texts[i] for i in wanted | held.keys()}, argilla.accounts())
    missing = _missing(answers, held)
    new = wanted - held.keys()
    _note(round_, missing, {"dataset": spec.name, "workspace": spec.workspace})
    outgoing = list(_outgoing(asked, project.records, {**dict.fromkeys(new, ()), **missing}))
    for done in argilla.upload_answered(dataset, outgoing):
        context.tick(done, len(outgoing))
    return f"{len(new)} records sent to one more reader in {spec.name}" if new else ""


def open_third_looks(round_: Round) -> set[str]:
    """Return the records of which another answer is still wanted."""
    if not round_.has("decisions.parquet"):
        return set()
    methods = by_id(round_.table("decisions.parquet"), "method")
    return {i for i in third_looks_in(round_) if methods.get(i) == Method.UNDECIDED}


def _answers(
    project: Project, round_: Round, asked: AllAsked, texts: Mapping[str, Mapping[str, str]], accounts: set[str]
) -> Answers:
    """Return the answers of people who have an account to the records of these texts, as Argilla stores them."""
    found: dict[tuple[str, str], Given] = {}
    for name, each in asked.items():
        encode = each.encoder()
        for vote in project.seen_from(name).round(round_.number).votes().to_pylist():
            is_one = vote["role"] == Role.ANNOTATOR and vote["status"] in ANSWERED and vote["reviewer"] in accounts
            if not is_one or vote["record_id"] not in texts:
                continue
            key = (vote["record_id"], vote["reviewer"])
            value = encode(vote["value"], texts[vote["record_id"]])
            before = found[key].values if key in found else {}
            values = before if value is None else {**before, name: value}
            found[key] = Given(reviewer=vote["reviewer"], status=vote["status"], values=values)
    return _whole(found, asked)


def _whole(found: Mapping[tuple[str, str], Given], asked: AllAsked) -> Answers:
    """Return, by record, the answers that the server would take: discards, and those to all that has to be answered."""
    needed = {name for name, each in asked.items() if not each.settings.get("optional")}
    answers: dict[str, list[Given]] = {}
    for (record_id, _), given in sorted(found.items()):
        if given.status == Status.DISCARDED or needed <= given.values.keys():
            answers.setdefault(record_id, []).append(given)
    return answers


def _missing(answers: Answers, held: Mapping[str, set[str]]) -> Answers:
    """Leave out what the server has: it may be newer there, and no answer is replaced."""
    left = {i: [given for given in said if given.reviewer not in held.get(i, ())] for i, said in answers.items()}
    return {i: said for i, said in left.items() if said}


def _note(round_: Round, answers: Answers, facts: Mapping[str, Any]) -> None:
    copied = {i: set(who) for i, who in copied_in(round_).items()}
    for record_id, said in answers.items():
        copied.setdefault(record_id, set()).update(given.reviewer for given in said)
    round_.write_json(COPIED, {**facts, "copied": {i: sorted(who) for i, who in sorted(copied.items())}})


def _outgoing(asked: AllAsked, records: pa.Table, answers: Answers) -> Iterator[Outgoing]:
    texts, shaped = by_id(records, "fields"), shaped_by_id(records)
    for record_id, given in sorted(answers.items()):
        yield Outgoing(
            record_id=record_id, fields=page_fields(asked, texts[record_id], shaped.get(record_id, {})), given=given
        )
