"""Where a project stands: what one wants to know in the morning, read from its folder and from Argilla.

Nothing here imports what checks or trains, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from curation.annotation import naming
from curation.annotation.collecting import collected
from curation.errors import TwofoldError
from curation.project.artifacts import read_table
from curation.project.asked import asked_in
from curation.project.older_tables import value_column
from curation.project.readings import Vote, as_votes
from curation.project.records import column
from curation.project.standing import Role, Status
from curation.rounds.findings import accuracy, agreement, counts, labels_doubted, newest
from curation.rounds.waiting import Waiting, waiting_for

if TYPE_CHECKING:
    from curation.annotation.spec import Looks
    from curation.project.folder import Project, Round


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Next:
    """What to do next.

    Attributes:
        command: To be typed; empty where nothing can be done at a keyboard.
        why: What it does, or what it waits for.
    """

    command: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Where a project stands.

    Attributes:
        project: Its name.
        folder: Where it lies.
        round: Number of the newest round; 0 asks nobody.
        sent: Records of its batch that were sent; 0 before that.
        decisions: How many of them were decided in which way, at the last review.
        new_answers: Answers on the server that nobody has pulled yet.
        waits: For whom it waits, by the answers that the server has now; by those that were pulled, if it is down.
        done: People of the round who owe nothing.
        learned: Whether the round has its report.
        queued: Records in the newest queue that were not sent.
        agreement, accuracy, labels: The newest figures, each with the number of the round that it is of, or None.
        report: The newest report's page, or None.
        embedded: Whether it is the Argilla that `twofold serve` starts.
        url: Where Argilla is, or was when the batch was sent; empty where that is not known.
        problem: Why Argilla cannot be asked; empty when it answers.
    """

    project: str
    folder: Path
    round: int
    sent: int
    decisions: dict[str, int]
    new_answers: int
    waits: tuple[Waiting, ...]
    done: tuple[str, ...]
    learned: bool
    queued: int
    agreement: dict[str, Any] | None
    accuracy: dict[str, Any] | None
    labels: dict[str, Any] | None
    report: Path | None
    embedded: bool
    url: str
    problem: str

    @property
    def next(self) -> Next:
        """What to do next."""
        return next_command(self)

    def to_dict(self) -> dict[str, Any]:
        """Return it as data."""
        found = {
            name: value for name, value in vars(self).items() if name not in ("waits", "url", "problem", "embedded")
        }
        waiting = [row for wait in self.waits for row in wait.rows(self.url)]
        argilla = {"url": self.url, "embedded": self.embedded, "up": not self.problem, "problem": self.problem}
        return {**found, "waiting": waiting, "argilla": argilla, "next": vars(self.next)}


def overview(project: Project, look: Callable[[], Looks]) -> Overview:
    """Gather where a project stands; a server that does not answer is part of what is found."""
    round_, rounds = project.current, project.rounds()
    asked = asked_in(project, round_) is not None
    seen, *others = (_ask(view, view.round(round_.number), look) for view in project.views)
    waits = tuple(
        wait
        for view, each in zip(project.views, [seen, *others], strict=True)
        for wait in (waiting_for(view, view.round(round_.number), each.people, each.votes) if asked else ())
    )
    owing = {owes.person for wait in waits for owes in wait.owing.people}
    pages = [r.path("report.html") for r in rounds if r.has("report.html")]
    return Overview(
        project=project.config.name,
        folder=project.folder,
        round=round_.number,
        sent=round_.table("batch.parquet").num_rows if asked else 0,
        decisions=counts(round_, "decisions.parquet", "method"),
        new_answers=len(seen.new.union(*(each.new for each in others))),
        waits=waits,
        done=tuple(sorted(set(seen.people[Role.ANNOTATOR]) - owing)) if asked else (),
        learned=round_.has("report.html"),
        queued=_queued(project, round_, asked),
        agreement=newest(rounds, agreement),
        accuracy=newest(project.trained.rounds(), accuracy),
        labels=newest(rounds, labels_doubted),
        report=pages[-1] if pages else None,
        embedded=not project.config.annotation.url,
        url=seen.url,
        problem=seen.problem,
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """People and answers as the server has them; as they were pulled, where it does not answer.

    `new` are answers that were not pulled, each once: a reader answers all questions in one, an adjudicator each apart.
    """

    people: Mapping[str, Sequence[str]]
    votes: Sequence[Vote]
    new: frozenset[tuple[str, ...]]
    url: str
    problem: str = ""


def _ask(project: Project, round_: Round, look: Callable[[], Looks]) -> _Asked:
    held = _held(round_)
    try:
        argilla = look()
        people = {role: argilla.reviewers(naming.workspace(project, role)) for role in naming.ROLES}
        served = _served(project, round_, argilla) if asked_in(project, round_) else {}
    except TwofoldError as error:
        url = round_.json("pushed.json")["url"] if round_.has("pushed.json") else ""
        known = round_.json("people.json") if round_.has("people.json") else dict.fromkeys(naming.ROLES, ())
        return _Asked(people=known, votes=list(held), new=frozenset(), url=url, problem=str(error))
    # As when they are pulled: an answer that the server lost, or has in an older form only, stays.
    kept = {vote[:3]: (vote, label, at) for vote, (label, at) in held.items() if vote.status != Status.DRAFT}
    news = {vote: said for vote, said in served.items() if vote[:3] not in kept or kept[vote[:3]][2] <= said[1]}
    gone = {vote[:3] for vote in news}
    votes = [*news, *(vote for key, (vote, _, _) in kept.items() if key not in gone)]
    new = frozenset(
        (project.question if vote.role == Role.ADJUDICATOR else "", *vote[:3])
        for vote, said in news.items()
        if vote.status != Status.DRAFT and (vote not in held or held[vote][0] != said[0])
    )
    return _Asked(people=people, votes=votes, new=new, url=argilla.url)


Said = tuple[Any, int]  # the answer, and when, in microseconds since 1970


def _held(round_: Round) -> dict[Vote, Said]:
    if not round_.snapshots():
        return {}
    votes = read_table(round_.snapshots()[-1])
    times = votes["submitted_at"].combine_chunks().view("int64").to_pylist()  # as times, it would import pandas
    said = zip(column(votes, value_column(votes)), times, strict=True)
    return dict(zip(as_votes(votes), said, strict=True))


def _served(project: Project, round_: Round, argilla: Looks) -> dict[Vote, Said]:
    places = [(place, argilla.dataset(place.name, place.workspace)) for place in naming.datasets(project, round_)]
    found = {}
    for role, answer in collected(argilla, [each for each in places if each[1] is not None], round_):
        vote = Vote(answer.record_id, answer.reviewer, role, answer.status)
        found[vote] = (
            answer.values.get(project.config.task.question),
            (answer.submitted_at - EPOCH) // timedelta(microseconds=1),
        )
    return found


def _queued(project: Project, round_: Round, asked: bool) -> int:
    if round_.has("queue.parquet"):
        return int(round_.table("queue.parquet").num_rows)
    before = project.before(round_)
    if not before.has("queue.parquet"):
        return 0
    return int(before.table("queue.parquet").num_rows - (round_.table("batch.parquet").num_rows if asked else 0))


def next_command(now: Overview) -> Next:
    """Return the command to type next.

    Whether settings or files changed since the last step is left to `twofold round`, which looks at all of them.
    """
    folder = quote(str(now.folder))
    go_on = f"twofold round {folder}"
    lacking = None if now.problem else next((wait for wait in now.waits if wait.owing.lacking), None)
    if now.problem and (now.sent or now.queued):
        if now.embedded:
            return Next(command="twofold serve", why=f"then `{go_on}`")
        return Next(command=go_on, why="once Argilla answers")
    if now.new_answers:
        return Next(command=go_on, why=f"takes {now.new_answers} new answers and goes on")
    if lacking:
        add = f"twofold reviewers add {folder} NAME --role {lacking.role}"
        return Next(command=add, why=f"{lacking.owing.lacking} records need somebody who may answer them")
    if now.waits:
        return Next(command=go_on, why="once they have answered; with --now it goes on with what is decided")
    if now.sent and now.learned and not now.queued:
        return Next(command=f"twofold export {folder} --what dataset", why="every record was read; nothing is queued")
    return Next(command=go_on, why="runs what can run now")
