"""`twofold models`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.aligned import aligned
from curation.cli.screen import Screen
from curation.cli.show import as_json, project_dir
from curation.project.folder import open_project

if TYPE_CHECKING:
    from training.choosing.learning_curves import LearningCurve
    from training.choosing.model_choice import Candidate, ModelChoice

_NAME = 16  # characters of a name on the screen; the JSON has all


@click.command()
@project_dir
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    help="For the probes of all models together.",
)
@click.option("--more", type=click.IntRange(min=1), default=1000, show_default=True, help="Labels to say the use of.")
@as_json
def models(folder: Path, models: tuple[str, ...], minutes: float, more: int, as_json: bool) -> None:
    """Compare models to begin with on the texts and labels of a project, and recommend one.

    A MODEL is `packaged`, a folder, or a hub model that was downloaded before; by default all that are at hand. Nothing
    is downloaded, and the test part is not opened. Then a learning curve: what further labels should bring.
    """
    from curation.rounds.choosing import choose_for

    project = open_project(folder)
    with Screen(as_json=as_json) as screen:
        found = choose_for(project.trained, models, minutes=minutes, tick=screen.bar("models"))
        screen.found(**_as_data(found, more))
        screen.say(*_table(found))
        for each in found.candidates:
            for warning in each.facts.warnings:
                screen.say(f"{each.name}: {warning}")
        screen.say("", f"recommended: {found.recommended}")
        screen.say(*(f"  {reason}" for reason in found.reasons))
        if found.why_not_probed:
            screen.say(f"  no probe: {found.why_not_probed}")
        if found.curve:
            screen.say("", *_curve_lines(found.curve, more))


def _table(found: ModelChoice) -> list[str]:
    header = ["model", "macro-F1, 95%", "texts/s", "unread", "tokens", "reads", "size", "MB", "licence", "lang"]
    return aligned(header, [_cells(each) for each in found.candidates])


def _cells(each: Candidate) -> list[str]:
    from training.choosing.model_facts import describe_size

    facts, languages = each.facts, ",".join(each.facts.languages[:2]) or "?"
    more = f"+{len(facts.languages) - 2}" if len(facts.languages) > 2 else ""
    return [
        _short(facts.name),
        _interval(each),
        f"{each.texts_per_second:.0f}" if each.texts_per_second else "",
        f"{facts.unread:.1%}",
        f"{facts.tokens:.0f}",
        str(facts.context or "?"),
        describe_size(facts),
        f"{facts.bytes / 1e6:,.0f}",
        facts.licence[:12],
        languages + more,
    ]


def _short(name: str) -> str:
    return name if len(name) <= _NAME else "…" + name[1 - _NAME :]


def _interval(each: Candidate) -> str:
    if each.macro_f1 is None or each.macro_f1.value is None:
        return ""
    return " ".join(f"{number:.3f}".removeprefix("0") for number in each.macro_f1.numbers)


def _curve_lines(curve: LearningCurve, more: int) -> list[str]:
    rows = [[f"{point.records:,}", f"{point.score.numbers[0]:.3f}"] for point in curve.points]
    after = curve.score_at(curve.records + more)
    _, low, high = after.numbers
    rows.append([f"{curve.records + more:,}", f"{after.numbers[0]:.3f}"])
    lines = aligned(["labels", "score"], rows)
    lines[-1] += f"  expected, {low:.3f} to {high:.3f}"
    return ["a linear head on its vectors, by the labels that it learns from:", *lines, curve.says(more)]


def _as_data(found: ModelChoice, more: int) -> Mapping[str, Any]:
    return {
        "models": [_candidate(each) for each in found.candidates],
        "recommended": found.recommended,
        "reasons": list(found.reasons),
        "probed": found.probed,
        "why_not_probed": found.why_not_probed,
        "curve": _curve(found.curve, more) if found.curve else None,
    }


def _candidate(each: Candidate) -> dict[str, Any]:
    facts = each.facts
    return {
        **{name: value for name, value in vars(facts).items() if name != "folder"},
        "folder": str(facts.folder),
        "texts_per_second": each.texts_per_second,
        "macro_f1": each.macro_f1.to_dict() if each.macro_f1 else None,
        "behind": each.behind.to_dict() if each.behind else None,
    }


def _curve(curve: LearningCurve, more: int) -> dict[str, Any]:
    return {
        "points": [{"records": point.records, "score": point.score.to_dict()} for point in curve.points],
        "more": more,
        "gain": curve.gain(more).to_dict(),
        "tells": curve.tells(more),
        "says": curve.says(more),
    }
