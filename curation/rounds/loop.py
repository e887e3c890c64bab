"""Which step comes next, and running it: a round takes a queue, asks people, learns, and leaves a queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from curation.annotation.client import ArgillaClient
from curation.annotation.shown import all_shown_to_readers
from curation.errors import TwofoldError
from curation.project.asked import asked_in
from curation.project.folder import Project, Round
from curation.project.labelled import begin_labels, why_not_trainable
from curation.project.records import column
from curation.project.standing import Method, Role
from curation.project.step import Context, Done, Step, Tick, is_fresh, run_step
from curation.rounds.waiting import Waiting as Waiting
from curation.rounds.waiting import open_at_review
from curation.rounds.waiting import waiting as waiting
from curation.steps import augment, behaviour, bias, check, evaluate, relabel, report, review, split, train
from curation.steps import map as map_step
from curation.steps import push as push_step
from curation.steps.adjudicate import adjudicate
from curation.steps.pull import pull_all
from curation.steps.third_look import open_third_looks, third_look

LEARN: tuple[Step, ...] = (
    map_step.STEP,
    check.STEP,
    bias.STEP,
    split.STEP,
    augment.STEP,
    train.STEP,
    evaluate.STEP,
    behaviour.STEP,
    relabel.STEP,
    report.STEP,
)
NEEDS_LABELS = frozenset({"augment", "train", "evaluate", "behaviour"})
OF_EVERY_QUESTION = frozenset({"check", "bias", "report"})
"""Steps that run for each question; the others run once, or for the question that a model learns to answer."""

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
        decided: Records that people settled.
        learned: Whether every step from map to report is up to date.
        queued: Records in its queue.
        go_on: Whether to go on with the answers that there are.
    """

    number: int
    sent: bool = False
    undecided: int | None = None
    disputed: int = 0
    decided: int = 0
    learned: bool = False
    queued: int = 0
    go_on: bool = False

    @property
    def people_are_done(self) -> bool:
        """Whether nothing of it is with people any more."""
        return self.number == 0 or (self.undecided == 0 and self.disputed == 0)


def next_step(now: Situation) -> Next:
    """Return what a round needs now."""
    if now.number > 0 and not now.sent:
        return Next.PUSH
    if not now.people_are_done and not (now.go_on and now.undecided is not None):
        return Next.PULL
    if not now.learned:
        return Next.LEARN
    return Next.NEXT_ROUND if now.queued else Next.FINISHED


def situation(project: Project, round_: Round, *, go_on: bool = False) -> Situation:
    """Read from the folder where a round stands."""
    by_view = {view.question: _methods(seen) for view, seen in _seen(project, round_)}
    methods = by_view[project.question]
    return Situation(
        number=round_.number,
        sent=round_.has("pushed.json"),
        undecided=None if methods is None else methods[Method.UNDECIDED],
        disputed=sum(found[Method.DISPUTED] for found in by_view.values() if found is not None),
        decided=0 if methods is None else methods.total() - methods[Method.UNDECIDED] - methods[Method.DISPUTED],
        learned=all(is_fresh(step, *seen) for step in LEARN for seen in _for_whom(step, project, round_)),
        queued=round_.table("queue.parquet").num_rows if round_.has("queue.parquet") else 0,
        go_on=go_on,
    )


def _methods(round_: Round) -> Counter[str] | None:
    """Return how many records were decided in which way; None before the first review."""
    if not round_.has("decisions.parquet"):
        return None
    return Counter(column(round_.table("decisions.parquet"), "method"))


def _seen(project: Project, round_: Round) -> list[tuple[Project, Round]]:
    """Return a project and one of its rounds as seen from every question."""
    return [(view, view.round(round_.number)) for view in project.views]


def _for_whom(step: Step, project: Project, round_: Round) -> list[tuple[Project, Round]]:
    """Return from which questions a step is to be run; from none where there is too little to learn from."""
    if step.name in OF_EVERY_QUESTION:
        return _seen(project, round_)
    seen = [(project, round_)] if step.once else [(project.trained, project.trained.round(round_.number))]
    return [each for each in seen if _applies(step, *each)]


def _applies(step: Step, project: Project, round_: Round) -> bool:
    if step.name not in NEEDS_LABELS:
        return True
    return round_.has("split.parquet") and why_not_trainable(project, round_) is None


def learnable(project: Project) -> Round:
    """Return the newest round that has something to learn from: labels that came in, or that people decided on.

    Raises:
        TwofoldError: There is none.
    """
    begin_labels(project)
    for round_ in reversed(project.trained.rounds()):
        if round_.has("labels.parquet") and (round_.number == 0 or situation(project.trained, round_).decided):
            return project.round(round_.number)
    raise TwofoldError(f"{project.folder}: no round has labels yet; run `twofold pull` and `twofold review`")


def learn(project: Project, round_: Round, upto: str, ticker: Ticker) -> Iterator[Done]:
    """Run a step, and before it those it builds on that are out of date.

    Raises:
        TwofoldError: The round has too few labels for the step.
    """
    begin_labels(project)
    if upto == behaviour.STEP.name:
        behaviour.refuse_unreadable(project)
    for step in steps_upto(upto):
        found = _for_whom(step, project, round_)
        if not found:
            raise TwofoldError(f"cannot {upto} yet: {_why_not_trainable(project, round_)}")
        for view, seen in found:
            yield _told(view, run_step(step, Context(project=view, round=seen, tick=ticker(step.name))))


def steps_upto(name: str) -> list[Step]:
    """Return the step of that name, and before it those that make what it needs."""
    wanted = next(step for step in LEARN if step.name == name)
    steps, needed = [wanted], set(wanted.needs)
    for step in reversed(LEARN[: LEARN.index(wanted)]):
        if needed & set(step.makes):
            steps.insert(0, step)
            needed |= set(step.needs)
    return steps


def begin_tests(project: Project, round_: Round, ticker: Ticker) -> Iterator[Done]:
    """Write tests of the model's behaviour to begin with, once it is known what it learns from.

    Raises:
        TwofoldError: There are some, the kind of answer has none, or the round has too few labels.
    """
    yield from (done for done in learn(project, round_, "split", ticker) if done.ran)
    view = project.trained
    behaviour.write_starter(Context(project=view, round=view.round(round_.number)))


def learn_all(project: Project, round_: Round, ticker: Ticker) -> Iterator[Done]:
    """Run every step from map to report that the labels so far allow."""
    begin_labels(project)
    behaviour.refuse_unreadable(project)
    for step in LEARN:
        found = _for_whom(step, project, round_)
        for view, seen in found:
            yield _told(view, run_step(step, Context(project=view, round=seen, tick=ticker(step.name))))
        if not found:
            summary = f"not yet: {_why_not_trainable(project, round_)}"
            yield Done(step=step.name, round=round_, summary=summary, ran=False)


def _why_not_trainable(project: Project, round_: Round) -> str | None:
    return why_not_trainable(project.trained, project.trained.round(round_.number))


def _told(view: Project, done: Done) -> Done:
    """Return how a step ended, the question named where it is not the first."""
    return replace(done, summary=f"{view.question}: {done.summary}") if view.question else done


def send(project: Project, connect: Connect, ticker: Ticker, *, go_on: bool = False) -> Iterator[Done]:
    """Send the open batch again, or, if the round has learned from all its answers, the batch of a new round.

    Args:
        project: Whose.
        connect: How to reach Argilla.
        ticker: A progress display for each step.
        go_on: Send a new batch although people still have some of the open one.

    Raises:
        TwofoldError: The server refuses, or nothing of the open round is decided yet and `go_on` is asked for.
    """
    round_ = project.current
    now = situation(project, round_, go_on=go_on)
    if now.number == 0 or (round_.has("queue.parquet") and (now.people_are_done or go_on)):
        if go_on:
            _refuse_to_go_on_with_nothing(now)
        yield from (done for done in learn(project, round_, "relabel", ticker) if done.ran)
        round_ = project.round(round_.number + 1)
    context = Context(project=project, round=round_, tick=ticker("push"))
    if asked_in(project, round_) is None:
        yield run_step(push_step.STEP, Context(project=project, round=round_))
    yield Done(step="push", round=round_, summary=push_step.push(context, connect()), ran=True)
    yield from _ask_for_third_looks(project, round_, connect, ticker)


def take_votes(
    project: Project, connect: Connect, *, number: int | None = None, give_up_missing: bool = False
) -> Iterator[Done]:
    """Pull the votes of every round that was sent, or of one: late answers to an earlier round count, too."""
    rounds = [round_ for round_ in project.rounds() if asked_in(project, round_) is not None]
    if number is not None or not rounds:
        rounds = [project.current if number is None else project.round(number)]
    for round_ in rounds:
        seen = [each for each in _seen(project, round_) if not each[0].question or asked_in(*each) is not None]
        contexts = [Context(project=view, round=each) for view, each in seen]  # others are asked from a later round on
        told = pull_all(contexts, connect(), give_up_missing=give_up_missing)
        for (view, _), summary in zip(seen, told, strict=True):
            if round_.number == rounds[-1].number or not summary.startswith("nothing new"):
                done = Done(step="pull", round=round_, summary=_of_round(round_, project, summary), ran=True)
                yield _told(view, done)


def decide(project: Project, connect: Connect, ticker: Ticker) -> Iterator[Done]:
    """Decide what the votes decide, round by round, and bring the adjudicators' data sets to it."""
    begin_labels(project)
    for view in project.views:
        rounds = [round_ for round_ in view.rounds() if round_.snapshots()]
        for round_ in rounds if rounds or view.question else [project.current]:
            newest = round_.number == project.current.number
            for done in _decide(view, round_, connect, ticker):
                if done.step != "review" or done.ran or newest:
                    yield _told(view, replace(done, summary=_of_round(round_, project, done.summary)))


def _decide(project: Project, round_: Round, connect: Connect, ticker: Ticker) -> Iterator[Done]:
    done = run_step(review.STEP, Context(project=project, round=round_, tick=ticker("review")))
    yield done
    if not project.question and (done.ran or open_third_looks(round_)):
        yield from _ask_for_third_looks(project, round_, connect, ticker)
    if done.ran or _disputes_moved(round_):
        summary = adjudicate(Context(project=project, round=round_, tick=ticker("adjudicate")), connect())
        if summary:
            yield Done(step="adjudicate", round=round_, summary=summary, ran=True)


def _ask_for_third_looks(project: Project, round_: Round, connect: Connect, ticker: Ticker) -> Iterator[Done]:
    summary = third_look(Context(project=project, round=round_, tick=ticker("third look")), connect())
    if summary:
        yield Done(step="third look", round=round_, summary=summary, ran=True)


def _disputes_moved(round_: Round) -> bool:
    """Whether adjudicators may have something else than what is disputed now."""
    disputed = sorted(open_at_review(round_)[Method.DISPUTED])
    sent = round_.json("adjudication.json")["records"] if round_.has("adjudication.json") else []
    return bool(disputed) or sent != disputed


def show_labels(project: Project, connect: Connect, ticker: Ticker) -> Iterator[Done]:
    """Let every data set that was sent show the labels by their names of today, and decide by them.

    Where the server does not answer, its data sets show them after the next `twofold push` or `twofold round`.
    """
    for round_ in project.rounds():
        asked = asked_in(project, round_)
        if asked is not None:
            argilla = connect()
            for spec in all_shown_to_readers(project, round_):
                if argilla.dataset(spec.name, spec.workspace) is not None:
                    argilla.ensure_dataset(spec)
    if any(round_.snapshots() for round_ in project.rounds()):
        yield from decide(project, connect, ticker)


def _of_round(round_: Round, project: Project, summary: str) -> str:
    return summary if round_.number == project.current.number else f"round {round_.number:03d}: {summary}"


def advance(project: Project, connect: Connect, ticker: Ticker, *, go_on: bool = False) -> Iterator[Done]:
    """Run whatever can run, one step at a time, until people are needed or nothing is left to look at.

    Raises:
        TwofoldError: `go_on` is asked for, and nobody has decided anything in this round yet.
    """
    asked = False
    while True:
        round_ = project.current
        now = situation(project, round_, go_on=go_on and asked)
        step = next_step(now)
        if now.sent and not asked:  # also when all is decided: late answers count
            yield from _ask(project, connect, ticker)
            asked = True
            if go_on and not situation(project, round_).people_are_done:
                _refuse_to_go_on_with_nothing(situation(project, round_))
        elif step in (Next.FINISHED, Next.PULL):
            return  # what is missing is with people
        elif step is Next.LEARN:
            yield from learn_all(project, round_, ticker)
        else:
            yield from send(project, connect, ticker, go_on=go_on and not now.people_are_done)
            return


def _ask(project: Project, connect: Connect, ticker: Ticker) -> Iterator[Done]:
    """See that the server has what was asked, take the answers, and decide."""
    round_ = project.current
    again = push_step.send_again(Context(project=project, round=round_, tick=ticker("push")), connect())
    if again:
        yield Done(step="push", round=round_, summary=again, ran=True)
    yield from take_votes(project, connect)
    yield from decide(project, connect, ticker)
    for earlier in project.rounds()[:-1]:
        for wait in waiting(project, earlier, connect()) if _disputed_late(project, earlier) else ():
            if wait.role == Role.ADJUDICATOR:
                yield Done(step="open", round=earlier, summary=_of_round(earlier, project, str(wait)), ran=True)
    for later in push_step.from_next_round(project, round_):
        yield Done(step="settings", round=round_, summary=later, ran=True)


def _disputed_late(project: Project, round_: Round) -> bool:
    return any((_methods(seen) or Counter())[Method.DISPUTED] for _, seen in _seen(project, round_))


def _refuse_to_go_on_with_nothing(now: Situation) -> None:
    if now.number and not now.decided:
        raise TwofoldError(
            f"round {now.number:03d} has nothing to go on with: no record of it is decided yet; each needs its answers"
        )
