"""Which step comes next, and running it: a round takes a queue, asks people, learns, and leaves a queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from curation.annotation import naming
from curation.annotation.client import ArgillaClient
from curation.errors import TwofoldError
from curation.labelled import why_not_trainable
from curation.project import Project, Round
from curation.records import column
from curation.step import Context, Done, Step, Tick, is_fresh, run_step
from curation.steps import augment, check, evaluate, relabel, report, review, split, train
from curation.steps import push as push_step
from curation.steps.adjudicate import adjudicate
from curation.steps.pull import pull

LEARN: tuple[Step, ...] = (
    check.STEP,
    split.STEP,
    augment.STEP,
    train.STEP,
    evaluate.STEP,
    relabel.STEP,
    report.STEP,
)
AFTER = {
    "check": (),
    "split": ("check",),
    "augment": ("check", "split"),
    "train": ("check", "split", "augment"),
    "evaluate": ("check", "split", "augment", "train"),
    "relabel": ("check", "split"),
    "report": ("check", "split", "relabel"),
}
NEEDS_LABELS = frozenset({"augment", "train", "evaluate"})

Ticker = Callable[[str], Tick]  # a progress display for the step of that name
Connect = Callable[[], ArgillaClient]


class Next(Enum):
    """What a round needs now."""

    PUSH = "push"
    PULL = "pull"
    LEARN = "learn"
    NEXT_ROUND = "next round"
    FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Where a round stands, as far as it decides what comes next.

    Attributes:
        number: The round; 0 asks nobody.
        sent: Whether its batch is with the reviewers.
        undecided: Records of the batch that still lack answers; None before the first review.
        disputed: Records that a third person still has to settle.
        unsent: Disputed records, settled or not, that the adjudicators were not sent yet.
        learned: Whether every step from check to report is up to date.
        queued: Records in its queue.
        go_on: Whether to go on with the answers that there are.
    """

    number: int
    sent: bool = False
    undecided: int | None = None
    disputed: int = 0
    unsent: int = 0
    learned: bool = False
    queued: int = 0
    go_on: bool = False


def next_step(now: Situation) -> Next:
    """Return what a round needs now."""
    if now.number > 0 and not now.sent:
        return Next.PUSH
    people_done = now.number == 0 or (now.undecided == 0 and now.disputed == 0)
    if not people_done and not (now.go_on and now.undecided is not None):
        return Next.PULL
    if not now.learned:
        return Next.LEARN
    return Next.NEXT_ROUND if now.queued else Next.FINISHED


def situation(project: Project, round_: Round, *, go_on: bool = False) -> Situation:
    """Read from the folder where a round stands."""
    methods: Counter[str] | None = None
    if round_.has("decisions.parquet"):
        methods = Counter(column(round_.table("decisions.parquet"), "method"))
    sent = round_.json("adjudication.json")["records"] if round_.has("adjudication.json") else 0
    listed = round_.table("adjudication.parquet").num_rows if round_.has("adjudication.parquet") else 0
    return Situation(
        number=round_.number,
        sent=round_.has("pushed.json"),
        undecided=None if methods is None else methods["undecided"],
        disputed=0 if methods is None else methods["disputed"],
        unsent=listed - sent,
        learned=all(is_fresh(step, project, round_) for step in LEARN if _applies(step, project, round_)),
        queued=round_.table("queue.parquet").num_rows if round_.has("queue.parquet") else 0,
        go_on=go_on,
    )


def _applies(step: Step, project: Project, round_: Round) -> bool:
    if step.name not in NEEDS_LABELS:
        return True
    return round_.has("split.parquet") and why_not_trainable(project, round_) is None


def learn(project: Project, round_: Round, upto: str, ticker: Ticker) -> Iterator[Done]:
    """Run a step, and before it those it builds on that are out of date.

    Raises:
        TwofoldError: The round has no labels yet, or too few for the step.
    """
    if not round_.has("labels.parquet"):
        raise TwofoldError(f"round {round_.number:03d} has no decisions yet; run `twofold pull` and `twofold review`")
    for step in LEARN:
        if step.name != upto and step.name not in AFTER[upto]:
            continue
        if not _applies(step, project, round_):
            raise TwofoldError(f"cannot {step.name} yet: {why_not_trainable(project, round_)}")
        yield run_step(step, Context(project=project, round=round_, tick=ticker(step.name)))


def learn_all(project: Project, round_: Round, ticker: Ticker) -> Iterator[Done]:
    """Run every step from check to report that the labels so far allow."""
    for step in LEARN:
        if _applies(step, project, round_):
            yield run_step(step, Context(project=project, round=round_, tick=ticker(step.name)))
        else:
            yield Done(
                step=step.name, round=round_, summary=f"not yet: {why_not_trainable(project, round_)}", ran=False
            )


def send(project: Project, connect: Connect, ticker: Ticker) -> Iterator[Done]:
    """Send the open batch again, or, if the round has learned from it, the batch of a new round."""
    round_ = project.current
    if round_.number == 0 or round_.has("queue.parquet"):
        yield from (done for done in learn(project, round_, "relabel", ticker) if done.ran)
        round_ = project.round(round_.number + 1)
    yield run_step(push_step.STEP, Context(project=project, round=round_))
    summary = push_step.push(Context(project=project, round=round_, tick=ticker("push")), connect())
    yield Done(step="push", round=round_, summary=summary, ran=True)


def take_votes(project: Project, connect: Connect) -> Iterator[Done]:
    """Pull the votes of the current round."""
    context = Context(project=project, round=project.current)
    yield Done(step="pull", round=context.round, summary=pull(context, connect()), ran=True)


def decide(project: Project, connect: Connect, ticker: Ticker) -> Iterator[Done]:
    """Decide what the votes decide, and send new disputes to the adjudicators."""
    round_ = project.current
    yield run_step(review.STEP, Context(project=project, round=round_, tick=ticker("review")))
    if situation(project, round_).unsent:
        context = Context(project=project, round=round_, tick=ticker("adjudicate"))
        yield Done(step="adjudicate", round=round_, summary=adjudicate(context, connect()), ran=True)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """For whom a round waits, and for how much."""

    role: str
    records: int
    dataset: str
    people: tuple[str, ...]

    def __str__(self) -> str:
        who = ", ".join(self.people) or f"nobody yet, see `twofold reviewers add --role {self.role}`"
        return f"waiting for answers to {self.records} records in {self.dataset} ({self.role}s: {who})"


def waiting(project: Project, round_: Round, argilla: ArgillaClient) -> list[Waiting]:
    """Say for whom a round waits, by the last review, or by what was sent if there was none."""
    now = situation(project, round_)
    sent = round_.table("batch.parquet").num_rows if round_.has("batch.parquet") else 0
    missing = {"annotator": sent if now.undecided is None else now.undecided, "adjudicator": now.disputed}
    return [
        Waiting(
            role=role,
            records=records,
            dataset=naming.dataset(project, round_, role),
            people=tuple(argilla.reviewers(naming.workspace(project, role))),
        )
        for role, records in missing.items()
        if records
    ]


def standing(project: Project, round_: Round, argilla: ArgillaClient) -> list[dict[str, Any]]:
    """Return where the data sets of a round stand, the reviewers' first."""
    found = []
    for role in naming.ROLES:
        name = naming.dataset(project, round_, role)
        dataset = argilla.dataset(name, naming.workspace(project, role))
        if dataset is not None:
            found.append({"role": role, "dataset": name, **asdict(argilla.progress(dataset))})
    return found


def advance(project: Project, connect: Connect, ticker: Ticker, *, go_on: bool = False) -> Iterator[Done]:
    """Run whatever can run, one step at a time, until people are needed or nothing is left to look at."""
    asked = False
    while True:
        now = next_step(situation(project, project.current, go_on=go_on))
        if now is Next.FINISHED or (asked and now is Next.PULL):
            return  # what is missing is with people
        if now is Next.PULL:
            yield from take_votes(project, connect)
            yield from decide(project, connect, ticker)
            asked = True
        elif now is Next.LEARN:
            yield from learn_all(project, project.current, ticker)
        else:
            yield from send(project, connect, ticker)
            return
