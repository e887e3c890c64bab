"""`twofold monitor`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curation.cli.aligned import WIDTH
from curation.cli.screen import Screen
from curation.cli.show import as_json, how_to_read, learnt_upto, project_dir
from curation.errors import GateRefused, TwofoldError
from curation.exports.table_files import write_file
from curation.prediction.predict_file import ENDINGS
from curation.project.folder import open_project
from curation.sources.rows import Quoting, Reading

if TYPE_CHECKING:
    from curation.monitoring.alarms import Alarm
    from curation.monitoring.history import Looked
    from curation.monitoring.watching import Watched

_REGIONS, _LOGS = 5, 5  # new regions, and earlier logs, that are told

PATH = click.Path(path_type=Path)


@click.command()
@project_dir
@click.argument("log", type=PATH)
@click.option("--model", help="The model that the log is of: a folder, a project, or a round. Default: the newest.")
@click.option("--reference", type=PATH, help="A log of a time when all was well, in place of the test part.")
@click.option(
    "--text",
    "texts",
    multiple=True,
    metavar="COLUMN",
    help="Column of texts; repeat for pairs. Default: the names of the task's fields.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Size from which a finding raises an alarm, from 0 to 1. Default: [monitor] in twofold.toml.",
)
@click.option("--next", "size", type=click.IntRange(1, 10_000), metavar="N", help="Propose N rows to annotate next.")
@click.option("--to", type=PATH, help=f"Where the proposals go: a name that ends in {', '.join(ENDINGS)}.")
@click.option("--add", is_flag=True, help="Add the proposals to the project, unlabelled; they are sent out first.")
@how_to_read
@as_json
def monitor(
    folder: Path,
    log: Path,
    model: str | None,
    reference: Path | None,
    texts: tuple[str, ...],
    threshold: float | None,
    size: int | None,
    to: Path | None,
    add: bool,
    encoding: str,
    delimiter: str | None,
    quoting: Quoting | None,
    as_json: bool,
) -> None:
    """Hold LOG, a file of what the model was asked, against the test part of the project.

    LOG is a file with the columns of texts, such as `twofold predict` writes; it may have predicted, confidence,
    seconds, time, thumb (up or down) and correction. Where it has no predictions the model is asked. What has changed
    is said with its size and its 95% interval. The exit code is 1 on an alarm.
    """
    from curation.monitoring.history import keep, looks
    from curation.monitoring.log_rows import read_log
    from curation.monitoring.watching import watch
    from curation.monitoring.webhook import message, tell
    from curation.monitoring.what_next import add_proposals, as_table
    from curation.rounds.versus import other_model

    _check_proposals(log, size, to, add)
    project = open_project(folder)
    with project.locked(), Screen(as_json=as_json) as screen:
        other = None if model is None else other_model(project.trained, model)
        reading = Reading(encoding=encoding, delimiter=delimiter, quoting=quoting)
        read = partial(read_log, project.trained, reading=reading, texts=texts, size=project.config.monitor.sample)
        now, earlier = read(log), None if reference is None else read(reference)  # before a model is made in vain
        seen = learnt_upto(project, "evaluate", screen)
        found = watch(
            seen.project,
            seen.round,
            now,
            model=other,
            reference=earlier,
            smallest=threshold,
            size=size or 0,
            tick=screen.bar("monitor"),
        )
        before = [each for each in looks(seen.project) if each.digest != found.log.digest]
        keep(seen.project, found, other or seen.round.path("model"))
        screen.found(**found.to_dict(), history=[vars(each) for each in before])
        screen.say("", *_lines(found))
        if before:
            screen.say(*_history(before))
        if found.alarms and seen.project.config.monitor.url:
            failed = tell(seen.project.config.monitor.url, message(seen.project, found))
            screen.found(delivered=failed is None, delivery_failed=failed)
            screen.say(failed or "the alarm was delivered")
        if to is not None:
            write_file(to, as_table(seen.project.config.task, found.proposals), ENDINGS[to.suffix.lower()])
            screen.say(f"{'next':<9} {len(found.proposals)} rows to annotate are in {to}")
        if add:
            added = add_proposals(seen.project, found.log, found.proposals)
            screen.found(added=added)
            screen.say(f"{'next':<9} {added} records added; `twofold round {folder}` sends them out first")
        if found.alarms:
            raise GateRefused(_refused(found.alarms))


def _check_proposals(log: Path, size: int | None, to: Path | None, add: bool) -> None:
    if size is None and (to is not None or add):
        raise TwofoldError("--to and --add: expected --next N as well, which says how many rows to propose")
    if to is not None and to.suffix.lower() not in ENDINGS:
        raise TwofoldError(f"{to}: expected a name that ends in {', '.join(ENDINGS)}")
    if to is not None and to.resolve() == log.resolve():
        raise TwofoldError(f"{to}: expected another file than the log that is read")


def _refused(raised: list[Alarm]) -> str:
    named = ", ".join(dict.fromkeys(each.measure for each in raised))
    return f"{len(raised)} finding{'s' * (len(raised) > 1)} that raise{'s' * (len(raised) == 1)} an alarm: {named}"


def _lines(found: Watched) -> Iterator[str]:
    log, tests = found.log, found.compared.drift
    compared = f"{tests.log:,} compared with {tests.reference:,} {found.against}"
    yield f"{log.path}: {log.rows:,} rows{_span(found)}; {compared}"
    yield from (f"  left out: {n:,} {reason}" for reason, n in log.left_out.items())
    yield from (f"  not compared: {why}" for why in found.compared.left_out)
    changed = tests.found
    yield from (line for row in changed for line in _wrapped("changed", row.reason))
    yield from (line for each in found.regions[:_REGIONS] for line in _wrapped("new", each.sentence))
    rest = len(tests.rows) - len(changed)
    if rest:
        shown = "nothing has changed that" if not changed else "the others show nothing that"
        yield f"{'same':<9} {shown} chance does not explain in {rest} of {len(tests.rows)} tests"
    yield from _about_answers(found)
    reasons = Counter(each.reason for each in found.proposals)
    yield from (f"{'next':<9} {n} proposed: {reason}" for reason, n in reasons.items())


def _span(found: Watched) -> str:
    if found.log.first is None or found.log.last is None:
        return ""
    return f" from {found.log.first:%Y-%m-%d %H:%M} to {found.log.last:%Y-%m-%d %H:%M}"


def _wrapped(word: str, said: str) -> list[str]:
    return click.wrap_text(f"{word:<9} {said}", width=WIDTH, subsequent_indent=" " * 10).splitlines()


def _about_answers(found: Watched) -> Iterator[str]:
    took = found.compared.seconds
    if took:
        p50, p95 = (took[name].in_words(".3g") for name in ("p50", "p95"))
        yield f"{'speed':<9} {p50} seconds in the median, {p95} for the slowest of 20"
    for share, what in ((found.compared.down, "thumbs are down"), (found.compared.corrected, "corrections differ")):
        if share is not None:
            yield f"{'users':<9} {share.in_words()} of the {what}"


def _history(before: Sequence[Looked]) -> Iterator[str]:
    newest = {each.digest: each for each in before}  # of several looks at a log the last
    for each in [*newest.values()][-_LOGS:]:
        raised = ", ".join(each.alarms) or "no alarm"
        yield f"{'before':<9} {each.log}: {each.rows:,} rows, {raised}"
