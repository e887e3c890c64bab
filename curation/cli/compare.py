"""`twofold compare`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.screen import Screen
from curation.cli.show import as_json, learnt_upto, project_dir
from curation.project.folder import open_project

if TYPE_CHECKING:
    from curation.rounds.versus import Versus


@click.command()
@project_dir
@click.argument("model")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.02,
    show_default=True,
    help="A loss of accuracy that would not matter.",
)
@click.option(
    "--general",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Hold both against this file too: column text, or first, second and score.",
)
@as_json
def compare(folder: Path, model: str, margin: float, general: Path | None, as_json: bool) -> None:
    """Hold another model against the project's newest, on the same test part and the labels of today.

    MODEL is the folder of a model or of another project, or the number of a round of this project. Whether it is
    better, whether it is worse by no more than the margin, for whom it is worse, and how many test records it would
    take to see the margin. With --general, where MODEL is what the newest was fine-tuned from, also what was forgotten.
    """
    from curation.rounds.general_ability import general_ability, read_general
    from curation.rounds.versus import other_model, versus

    project = open_project(folder)
    held = read_general(general) if general else None
    with project.locked(), Screen(as_json=as_json) as screen:
        other = other_model(project.trained, model)
        seen = learnt_upto(project, "evaluate", screen)
        found = versus(seen.project, seen.round, other, margin=margin, tick=screen.bar("compare"))
        kept = None
        if held:
            own, seed = seen.round.opened("model"), project.config.seed
            kept = general_ability(held, other, own, seed=seed, tick=screen.bar("general"))
        screen.found(**_as_data(found, margin), general=kept.to_dict() if kept else None)
        screen.say("", *_lines(found, margin))
        if kept:
            screen.say(f"from {found.other} to the model of round {found.round}, {kept.verdict}: {kept.reason}")


def _as_data(found: Versus, margin: float) -> dict[str, Any]:
    return {
        "round": found.round,
        "other": str(found.other),
        "comparison": found.comparison.to_dict(),
        "difference": found.difference.to_dict(),
        "margin": margin,
        "not_worse_by_margin": found.is_not_worse_by(margin),
        "records_needed": found.needed,
        "slices": [each.to_dict() for each in found.slices],
    }


def _lines(found: Versus, margin: float) -> Iterator[str]:
    yield f"{found.other} against the model of round {found.round}: {found.comparison.verdict}"
    shown = "shown" if found.is_not_worse_by(margin) else "not shown"
    yield f"that it is worse by no more than {100 * margin:g} points is {shown}"
    if found.needed is None:
        yield "the two are right about the same records"
    else:
        yield (
            f"a difference of {100 * margin:g} points would be seen four times out of five on {found.needed} test "
            f"records; here are {found.comparison.n}"
        )
    flagged = [each for each in found.slices if each.flagged]
    yield from (f"  {each.reason}" for each in flagged)
    if found.slices and not flagged:
        yield f"no difference shown in any of {len(found.slices)} slices: labels, and what is kept beside the records"
