"""`twofold tune`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.aligned import aligned
from curation.cli.screen import Screen
from curation.cli.show import as_json, learnt_upto, project_dir
from curation.errors import TwofoldError
from curation.project.folder import open_project
from curation.project.training_table import as_toml, write_training

if TYPE_CHECKING:
    from curation.rounds.tuning import Tuned

_SHOWN = 20  # trials on the screen; the page and the JSON have all


@click.command()
@project_dir
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="Time for all trials, those before a kill too."
)
@click.option("--trials", type=click.IntRange(min=1), help="How many trials, in place of a time.")
@click.option("--apply", is_flag=True, help="Write the best settings into twofold.toml; its comments stay.")
@as_json
def tune(folder: Path, minutes: float | None, trials: int | None, apply: bool, as_json: bool) -> None:
    """Search for better settings of the training, by the validation part and within a time.

    Trial 0 are the settings as they are. Stopped or killed, the same command goes on from there; with more minutes a
    search that is over goes on as well. The test part is not opened.
    """
    from curation.rounds.tuning import tune_round

    if (minutes is None) == (trials is None):
        raise TwofoldError("say how long with --minutes, or how many trials with --trials, and not both")
    project = open_project(folder)
    with project.locked(), Screen(as_json=as_json) as screen:
        seen = learnt_upto(project, "augment", screen)
        found = tune_round(seen.project, seen.round, minutes=minutes, trials=trials, tick=screen.bar("tune"))
        _tell(found, screen)
        if apply and found.settings:
            write_training(seen.project, found.settings)
            screen.say(f"written into {folder / 'twofold.toml'}; `twofold train {folder}` makes the model")
        elif apply:
            screen.say(f"{folder / 'twofold.toml'} stays as it is")
        screen.found(applied=bool(apply and found.settings))


def _tell(found: Tuned, screen: Screen) -> None:
    from curation.rounds.tuning import trial_rows

    result, rows = found.result, trial_rows(found.result)
    screen.found(
        goal=result.goal,
        says=result.says(),
        trials=rows,
        settings=found.settings,
        seconds=round(result.seconds, 1),
        records={"train": result.records[0], "validation": result.records[1]},
        page=found.page,
    )
    screen.say(*_table(result.goal, rows[:_SHOWN]))
    if len(rows) > _SHOWN:
        screen.say(f"and {len(rows) - _SHOWN} more")
    screen.say("", result.says())
    if found.settings:
        screen.say("", *as_toml(found.settings).splitlines(), "")
        screen.say("chosen by the validation part, where the best of many looks better than it is; evaluate tells")
    if found.page:
        screen.say(f"a picture of it is in {found.page}")


def _table(goal: str, rows: list[dict[str, Any]]) -> list[str]:
    names = list(dict.fromkeys(name for row in rows for name in row["settings"]))
    short = [_SHORT.get(name, name) for name in names]
    header = ["trial", "state", goal, "95%", "over trial 0", *short, "s"]
    return aligned(header, [list(_cells(row, names)) for row in rows])


_SHORT = {"learning_rate": "rate", "batch_size": "batch", "lora_rank": "rank", "layer_decay": "decay"}


def _cells(row: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    yield str(row["trial"])
    yield row["state"]
    yield "" if row["score"] is None else f"{row['score']:.3f}"
    yield _ends(row["interval"], "{:.3f}")
    yield _ends(row["better_than_first"], "{:+.3f}")
    for name in names:
        value = row["settings"].get(name, "")
        yield f"{value:.3g}" if isinstance(value, float) else str(value)
    yield f"{row['seconds']:.0f}"


def _ends(interval: Mapping[str, float | None] | None, form: str) -> str:
    if interval is None or interval["low"] is None or interval["high"] is None:
        return ""
    return " ".join(form.format(interval[end]).replace("0.", ".", 1) for end in ("low", "high"))
