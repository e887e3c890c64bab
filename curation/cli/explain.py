"""`twofold explain`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curation.cli.aligned import WIDTH
from curation.cli.coloured_words import coloured, legend, shows_colours
from curation.cli.screen import Screen
from curation.cli.show import as_json, project_dir
from curation.errors import TwofoldError
from curation.project.artifacts import write_text
from curation.project.folder import open_project
from curation.project.reads import content_hash

if TYPE_CHECKING:
    from curation.rounds.asked_model import Asked
    from curation.rounds.explaining import ExplainedRecord, Overall
    from evaluation.explaining.faithfulness import Faithfulness

_WORDS = 5  # for a label, and against it
_NEAREST = 3
_LABELS = 10  # whose words are shown, those with the strongest


@click.command()
@project_dir
@click.argument("model", required=False)
@click.option("--record", "records", multiple=True, metavar="ID", help="Explain this record; repeat for more.")
@click.option("--text", "texts", multiple=True, help="Explain this text; one for each column that the model reads.")
@click.option(
    "--top", type=click.IntRange(min=1), default=5, show_default=True, help="So many of the surest wrong test records."
)
@click.option(
    "--method",
    type=click.Choice(["occlusion", "gradients"]),
    default="occlusion",
    show_default=True,
    help="Leave out one word after the other, or integrated gradients.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with all of it as well.")
@as_json
def explain(
    folder: Path,
    model: str | None,
    records: tuple[str, ...],
    texts: tuple[str, ...],
    top: int,
    method: Any,
    html: Path | None,
    as_json: bool,
) -> None:
    """Say which words speak for what a model says, and which training records are near in its eyes.

    MODEL is the folder of a model or of another project, or the number of a round; by default the model of the last
    round that was evaluated. Explained are the test records that it gets wrong and is surest of, and what words mean to
    it over the test part; or the records and texts that are named.
    """
    from curation.rounds.asked_model import asked
    from curation.rounds.explaining import explained_records, explained_texts, overall, surest_errors
    from curation.rounds.versus import other_model

    project = open_project(folder).trained
    _check_place(html)
    with Screen(as_json=as_json) as screen:
        of = asked(project, other_model(project, model) if model else None, method)
        chosen = bool(records or texts)
        wrong = [] if chosen else surest_errors(of, screen.bar)
        ids = records if chosen else wrong[:top]
        found = explained_records(of, ids, nearest=_NEAREST, bar=screen.bar)
        found += explained_texts(of, texts, nearest=_NEAREST, bar=screen.bar)
        whole = None if chosen else overall(of, screen.bar)
        told = _as_data(of, found, whole, None if chosen else len(wrong))
        if html:
            from curation.report.explain_page import render_explained

            marked = [
                {**row, "marked": each.explanation.marked()} for row, each in zip(told["records"], found, strict=True)
            ]
            write_text(html, render_explained(project=project.config.name, records=marked, told=told))
        screen.found(**told)
        screen.say(*_lines(of, found, whole, None if chosen else len(wrong)))
        if html:
            screen.say("", f"the same as a page: {html}")


def _check_place(html: Path | None) -> None:
    if html and not html.parent.is_dir():
        raise TwofoldError(f"--html {html}: expected a name in a folder that is there")


def _as_data(of: Asked, found: Sequence[ExplainedRecord], whole: Overall | None, wrong: int | None) -> dict[str, Any]:
    return {
        "round": of.round.number,
        "model": str(of.folder),
        "model_sha256": content_hash(of.folder),
        "method": of.method,
        "wrong": wrong,
        "records": [_record(each) for each in found],
        "words": None if whole is None else [word.to_dict() for word in whole.words],
        "words_of": None if whole is None else {"records": whole.records, "of": whole.of},
        "faithfulness": None if whole is None else whole.faithfulness.to_dict(),
    }


def _record(each: ExplainedRecord) -> dict[str, Any]:
    return {
        "record_id": each.record_id,
        "part": each.part,
        "texts": ["".join(text) for text in each.explanation.text.pieces],
        "label": each.label,
        "predicted": each.predicted,
        "explained": each.explanation.to_dict(),
        "for": _pairs(each.explanation.strongest(most=_WORDS)),
        "against": _pairs(each.explanation.strongest_against(most=_WORDS)),
        "nearest": [{**vars(one), **_trail(each, one.record_id)} for one in each.nearest],
        **_trail(each, each.record_id),
    }


def _trail(each: ExplainedRecord, record_id: str | None) -> dict[str, Any]:
    """Return how a label came about, as data and in words; of a text that is no record nothing."""
    trail = each.trails.get(record_id or "")
    return {"settled": trail.in_words() if trail else None, "trail": trail.to_dict() if trail else None}


def _pairs(words: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    return [{"word": word, "weight": round(weight, 4)} for word, weight in words]


def _lines(of: Asked, found: Sequence[ExplainedRecord], whole: Overall | None, wrong: int | None) -> Iterator[str]:
    colours = shows_colours()
    if wrong is not None:
        counted = f"{wrong} test record{'' if wrong == 1 else 's'}"
        yield (
            f"the model of {of.folder} is wrong about {counted}; the surest first"
            if wrong
            else (f"the model of {of.folder} is right about every test record that has a label")
        )
    if found:
        yield legend(colours=colours)
        yield "weights are log odds: +0.7 doubles the odds of the label, +2.3 makes them ten times as high"
    for each in found:
        yield ""
        yield from _of_one(each, of, colours=colours)
    if whole is not None:
        yield ""
        yield from _overall(whole)


def _of_one(each: ExplainedRecord, of: Asked, *, colours: bool) -> Iterator[str]:
    told, name = each.explanation, each.record_id or "text"
    given = f", labelled {each.label}" if each.label is not None else ""
    yield f"{name}: predicted {each.predicted}{given}"
    if each.record_id is not None:
        yield from _settled("  label: ", each, each.record_id)
    yield from coloured(told, names=of.project.config.task.read_fields, colours=colours)
    yield f"  {told.label} ({told.probability:.2f})"
    yield f"    for:     {_weights(told.strongest(most=_WORDS))}"
    yield f"    against: {_weights(told.strongest_against(most=_WORDS))}"
    if of.model.is_onnx:
        yield "  a model as ONNX does not show which training records are near"
    elif not each.nearest:
        yield "  no training record is near: nothing like it was taught"
    for one in each.nearest:
        line = f"  near {one.record_id} ({one.part}, {one.label}, {one.similarity:.2f}): {' '.join(one.text.split())}"
        yield line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
        yield from _settled("    its label: ", each, one.record_id)


def _settled(before: str, each: ExplainedRecord, record_id: str) -> list[str]:
    """Return how a label came about, in lines as wide as the others."""
    said = before + each.trails[record_id].in_words()
    indent = " " * (len(before) - len(before.lstrip()))
    return click.wrap_text(
        said.lstrip(), width=WIDTH, initial_indent=indent, subsequent_indent=indent + "  "
    ).splitlines()


def _weights(words: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{word} {weight:+.2f}" for word, weight in words) or "none"


def _overall(whole: Overall) -> Iterator[str]:
    yield f"words over {whole.records} of {whole.of} test records, with the number of records:"
    by_label = {label: list(words) for label, words in groupby(whole.words, key=lambda one: one.label)}
    strongest = sorted(by_label, key=lambda label: -max(abs(one.weight) for one in by_label[label]))[:_LABELS]
    for label in (label for label in by_label if label in strongest):
        for name, words in (("for", by_label[label]), ("against", by_label[label][::-1])):
            told = [one for one in words if (one.weight > 0) == (name == "for")][:_WORDS]
            if told:
                yield f"  {name} {label}: " + ", ".join(f"{one.word} {one.weight:+.1f} ({one.records})" for one in told)
    if len(by_label) > _LABELS:
        yield f"  and for {len(by_label) - _LABELS} more labels, see --json or --html"
    yield from _faithful(whole.faithfulness)


def _faithful(found: Faithfulness) -> Iterator[str]:
    if found.comprehensiveness_gain.low is None:
        yield "how far to believe that is not measured: fewer than two texts have words that bring their label anything"
        return
    lost, left = found.comprehensiveness_gain, found.sufficiency_gain
    yield (
        f"without its strongest words a text loses {found.comprehensiveness.value:.0%} of what its words bring its "
        f"label, without words drawn by chance {found.random_comprehensiveness.value:.0%}: {_points(lost)}"
    )
    yield (
        f"with them alone it keeps {found.sufficiency.value:.0%}, with words drawn by chance "
        f"{found.random_sufficiency.value:.0%}: {_points(left)} (95% intervals, {found.records} texts)"
    )


def _points(gain: Any) -> str:
    value, low, high = (100 * number for number in gain.numbers)
    return f"{value:+.0f} points [{low:+.0f}, {high:+.0f}]"
