"""`twofold monitor`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.aligned import WIDTH
from curation.cli.screen import Screen
from curation.cli.show import as_json, how_to_read, learnt_upto, project_dir
from curation.errors import GateRefused
from curation.project.folder import open_project
from curation.sources.rows import Quoting, Reading

if TYPE_CHECKING:
    from curation.monitoring.alarms import Alarm
    from curation.monitoring.watching import Watched

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
@how_to_read
@as_json
def monitor(
    folder: Path,
    log: Path,
    model: str | None,
    reference: Path | None,
    texts: tuple[str, ...],
    threshold: float | None,
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
    from curation.monitoring.watching import watch
    from curation.rounds.versus import other_model

    project = open_project(folder)
    with project.locked(), Screen(as_json=as_json) as screen:
        other = None if model is None else other_model(project.trained, model)
        seen = learnt_upto(project, "evaluate", screen)
        found = watch(
            seen.project,
            seen.round,
            log,
            reading=Reading(encoding=encoding, delimiter=delimiter, quoting=quoting),
            texts=texts,
            model=other,
            reference=reference,
            smallest=threshold,
            tick=screen.bar("monitor"),
        )
        screen.found(**found.to_dict())
        screen.say("", *_lines(found))
    if found.alarms:
        raise GateRefused(_refused(found.alarms), **found.to_dict())


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
    rest = len(tests.rows) - len(changed)
    if rest:
        shown = "nothing has changed that" if not changed else "the others show nothing that"
        yield f"{'same':<9} {shown} chance does not explain in {rest} of {len(tests.rows)} tests"
    yield from _about_answers(found)


def _span(found: Watched) -> str:
    if found.log.first is None or found.log.last is None:
        return ""
    return f" from {found.log.first:%Y-%m-%d %H:%M} to {found.log.last:%Y-%m-%d %H:%M}"


def _wrapped(word: str, said: str) -> list[str]:
    return click.wrap_text(f"{word:<9} {said}", width=WIDTH, subsequent_indent=" " * 10).splitlines()


def _about_answers(found: Watched) -> Iterator[str]:
    took = found.compared.seconds
    if took:
        p50, p95 = ("{:.3g} [{:.3g}, {:.3g}]".format(*took[name].numbers) for name in ("p50", "p95"))
        yield f"{'speed':<9} {p50} seconds in the median, {p95} for the slowest of 20"
    for share, what in ((found.compared.down, "thumbs are down"), (found.compared.corrected, "corrections differ")):
        if share is not None:
            yield f"{'users':<9} {_shown(share)} of the {what}"


def _shown(share: Any) -> str:
    return "{:.3f} [{:.3f}, {:.3f}]".format(*share.numbers)
