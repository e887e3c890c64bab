"""Faults that this project once had, each as a small patch: the histories have to find them when they are put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curation.annotation import client
from curation.annotation.client import ArgillaClient
from curation.cli import people
from curation.exports.export import EXPORTS
from curation.project import folder, owing, readings
from curation.project.step import run_step
from curation.rounds import loop, waiting
from curation.steps import adjudicate, pull, push, review

decide: Any = import_module("curation.review.decide")  # the room offers a function of that name
Put = Callable[[pytest.MonkeyPatch], None]


def _required_of_today(patch: pytest.MonkeyPatch) -> None:
    asked_in = review.asked_in

    def today(of: Any, round_: Any) -> Any:
        found = asked_in(of, round_)
        return found and found.model_copy(update={"required": of.config.annotation.required})

    patch.setattr(review, "asked_in", today)
    depends = review.STEP.depends_on
    patch.setattr(
        review, "STEP", replace(review.STEP, depends_on=lambda config: [config.annotation.required, depends(config)])
    )


def _batch_cut_anew(patch: pytest.MonkeyPatch) -> None:
    send = push.push

    def cut(context: Any, argilla: Any) -> str:
        run_step(push.STEP, context)
        return send(context, argilla)

    patch.setattr(push, "push", cut)


def _counted_disputes(patch: pytest.MonkeyPatch) -> None:
    send = adjudicate.adjudicate

    def counted(context: Any, argilla: Any) -> str:
        sent = context.round.json("adjudication.json")["records"] if context.round.has("adjudication.json") else []
        disputed = adjudicate.open_disputes(context.round.table("decisions.parquet"))
        return send(context, argilla) if len(disputed) > len(sent) else ""

    patch.setattr(loop, "adjudicate", counted)


def _ruling_over_agreement(patch: pytest.MonkeyPatch) -> None:
    verdict = decide._verdict

    def ruled(case: Any, *more: Any) -> Any:
        if case.adjudicated is not None:
            return decide._Verdict(method="adjudicated", label=case.adjudicated, reason="settled by an adjudicator")
        return verdict(case, *more)

    patch.setattr(decide, "_verdict", ruled)


def _newest_round_only(patch: pytest.MonkeyPatch) -> None:
    take = loop.take_votes
    patch.setattr(loop, "take_votes", lambda p, *a, **k: take(p, *a, **{**k, "number": p.current.number}))


def _newest_round_decided(patch: pytest.MonkeyPatch) -> None:
    def newest(of: Any, connect: Any, ticker: Any) -> Iterator[Any]:
        class Newest:
            def __getattr__(self, name: str) -> Any:
                seen = {"rounds": lambda: [of.current], "views": [self]}
                return seen[name] if name in seen else getattr(of, name)

        return whole(Newest(), connect, ticker)

    whole = loop.decide
    patch.setattr(loop, "decide", newest)


def _export_of_the_newest(patch: pytest.MonkeyPatch) -> None:
    export = EXPORTS["votes"]

    def newest(of: Any, number: int | None) -> pa.Table:
        votes = export(of, number)
        last = max(votes["round"].to_pylist(), default=0)
        return votes.filter(pc.equal(votes["round"], last))

    patch.setitem(EXPORTS, "votes", newest)  # type: ignore[arg-type]


def _everybody_owes(patch: pytest.MonkeyPatch) -> None:
    def all_of_them(records: Any, votes: Any, names: Any, **more: Any) -> owing.Owing:
        found = [owing.Owes(person=name, open=len(records), drafts=0) for name in sorted(set(names))]
        return owing.Owing(records=len(records), people=tuple(found), lacking=0)

    patch.setattr(waiting, "owing", all_of_them)


def _nothing(module: Any, name: str, result: Any = None) -> Put:
    return lambda patch: patch.setattr(module, name, lambda *_, **__: result)


FAULTS: Mapping[str, Put] = {
    "required is read from twofold.toml": _required_of_today,
    "the newest snapshot replaces the older": lambda patch: patch.setattr(
        pull, "overlaid", lambda held, served: served
    ),
    "a batch that was sent is cut anew": _batch_cut_anew,
    "disputes are compared by count": _counted_disputes,
    "a ruling stands over agreement": _ruling_over_agreement,
    "only the newest round is pulled": _newest_round_only,
    "only the newest round is decided": _newest_round_decided,
    "a label and a discard are disputed at once": lambda patch: patch.setattr(
        readings.Readings, "still_to_read", lambda *_: set()
    ),
    "a reader may adjudicate": _nothing(people, "refuse_second_role"),
    "votes of the newest round are exported": _export_of_the_newest,
    "round --now goes on with nothing": _nothing(loop, "_refuse_to_go_on_with_nothing"),
    "an open data set keeps its old settings": _nothing(client, "adjust"),
    "twofold.toml may contradict the votes": _nothing(folder, "refuse_contradictions"),
    "round waits for everybody": _everybody_owes,
    "what a decision was is forgotten": _nothing(review, "_note_changes"),
    "a lost data set is not sent again": _nothing(push, "send_again", ""),
    "settled disputes are not withdrawn": lambda patch: patch.setattr(ArgillaClient, "withdraw", lambda *_: 0),
    "drafts count as answers": lambda patch: patch.setattr(pull, "overlaid", _drafts_as_answers(pull.overlaid)),
}
"""What to put back, by what was wrong."""


def _drafts_as_answers(overlaid: Callable[..., pa.Table]) -> Callable[..., pa.Table]:
    def laid(held: pa.Table, served: pa.Table) -> pa.Table:
        votes = overlaid(held, served)
        statuses = ["submitted" if status == "draft" else status for status in votes["status"].to_pylist()]
        return votes.set_column(votes.column_names.index("status"), "status", pa.array(statuses, pa.string()))

    return laid


@contextmanager
def put_back(name: str) -> Iterator[None]:
    """Put one fault back for a while."""
    with pytest.MonkeyPatch.context() as patch:
        FAULTS[name](patch)
        yield
