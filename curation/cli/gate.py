"""`twofold gate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from curation.cli.aligned import WIDTH
from curation.cli.screen import Screen
from curation.cli.show import as_json, learnt_upto, project_dir
from curation.errors import GateRefused
from curation.project import ledger
from curation.project.folder import open_project
from curation.project.reads import content_hash

if TYPE_CHECKING:
    from evaluation.requirements import Requirement


@click.command()
@project_dir
@as_json
def gate(folder: Path, as_json: bool) -> None:
    """Say whether the newest model meets what `[gate]` in twofold.toml asks of it.

    A requirement is met where the whole 95% interval keeps to it. What was found goes into the project's ledger. The
    exit code is 1 if anything is not met, or not shown.
    """
    from curation.rounds.release import held_against_gate

    project = open_project(folder)
    with project.locked(), Screen(as_json=as_json) as screen:
        seen = learnt_upto(project, "behaviour", screen)
        found = held_against_gate(seen.project, seen.round)
        told = [each.to_dict() for each in found]
        refused = [each for each in found if not each.is_met]
        ledger.append(
            project.folder,
            "gate",
            round=seen.round.number,
            model=content_hash(seen.round.path("model")),
            passed=not refused,
            requirements=told,
        )
        screen.found(passed=not refused, requirements=told)
        if meant := seen.project.config.objective:
            screen.say("", *click.wrap_text(f"meant for: {meant}", width=WIDTH).splitlines())
        screen.say("", *(line for each in found for line in _lines(each)))
    if refused:
        raise GateRefused(
            f"{len(refused)} of {len(found)} requirements not met: {', '.join(each.name for each in refused)}",
            passed=False,
            requirements=told,
        )


def _lines(each: Requirement) -> list[str]:
    whole = f"{each.verdict:<10} {each.name}: {each.reason}"
    return click.wrap_text(whole, width=WIDTH, subsequent_indent=" " * 11).splitlines()
