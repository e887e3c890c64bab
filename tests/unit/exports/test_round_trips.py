"""What is exported and read again is the same, by format and kind; what is lost is lost as the docs say."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.exports.export import export_hf, exported, in_words
from curation.exports.layouts.every import LAYOUTS, laid_out, write_layout
from curation.exports.layouts.form import Form, form_of
from curation.exports.table_files import write_file
from curation.project.folder import Project
from curation.project.records import SPLIT, column, table
from curation.project.standing import Part
from curation.sources.cleaning import Columns
from curation.sources.readers import read_rows
from curation.sources.rows import Reading
from curation.sources.told import told_by
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import OURS, kind_named

PIECES = (
    "John",
    "Rio de Janeiro",
    "can't",
    "👩‍👩‍👧",
    "👍🏽",
    "e\u0301",
    "x\u0302",
    "दिन",
    "\t",
    "\r\n",
    "\n\n",
    "  ",
    '"',
    "'",
    "\\",
)
PIECES += (
    ",",
    ";",
    "=1+1",
    "#",
    "O",
    "B-PER",
    "-DOCSTART-",
    "\u200d",
    "\u200b",
    "\xa0",
    "\u2028",
    "schÃ¶n",
    "<b>",
    "|",
    "{",
    "&amp;",
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=8).map("".join)
LABELS = ("late, again", "PER", "LOC x", "=sum", "ärger")


def passages(draw: st.DrawFn, text: str) -> list[dict[str, Any]]:
    """Passages of a text that do not overlap."""
    ends = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    label = st.sampled_from(LABELS)
    return [{"start": a, "end": b, "label": draw(label)} for a, b in zip(ends[::2], ends[1::2], strict=False)]


OPTIONS = ("Ana, ed.", "ärger", "c d")


def in_order(options: list[str], level: bool) -> list[dict[str, Any]]:
    """An order of options as an answer has it, the first two of them level or not."""
    ranks = (1, 1, 3) if level else (1, 2, 3)
    return [{"value": name, "rank": rank} for name, rank in zip(options, ranks, strict=True)]


ANSWERS: Mapping[str, Callable[[st.DrawFn, str], Any]] = {
    "single_label": lambda draw, text: draw(st.sampled_from(LABELS)),
    "multi_label": lambda draw, text: sorted(draw(st.lists(st.sampled_from(LABELS), unique=True))),
    "rating": lambda draw, text: draw(st.integers(1, 5)),
    "span": passages,
    "text": lambda draw, text: f"{draw(TEXTS)}!",
    "preference": lambda draw, text: draw(st.sampled_from(["first", "second"])),
    "ranking": lambda draw, text: in_order(draw(st.permutations(OPTIONS)), draw(st.booleans())),
}
FIELDS: Mapping[str, tuple[str, ...]] = {"preference": ("prompt", "first", "second")}
SETTINGS: Mapping[str, Mapping[str, Any]] = {"rating": {"values": [1, 2, 3, 4, 5]}, "ranking": {"options": OPTIONS}}


@st.composite
def tables(draw: st.DrawFn, kind: str, directory: Path) -> Project:
    """A project of a few records whose texts have all that a text may have, some of them without an answer."""
    names = FIELDS.get(kind, ("text",))
    texts = [[f"{n} {draw(TEXTS)}" for _ in names] for n in range(draw(st.integers(2, 4)))]
    folder = Path(tempfile.mkdtemp(dir=directory))
    rows = [{"id": f"r/{n}", **dict(zip(names, row, strict=True))} for n, row in enumerate(texts)]
    columns = Columns(fields={name: name for name in names}, record_id="id")
    project = made(folder / "texts", lines(folder / "texts.jsonl", rows), kind, columns, Reading())
    rows = [
        {"id": i, **fields, "answer": ANSWERS[kind](draw, fields[names[0]]) if n < 2 or draw(st.booleans()) else None}
        for n, (i, fields, _) in enumerate(records(project))
    ]
    columns = replace(columns, label="answer")
    return made(folder / "project", lines(folder / "rows.jsonl", rows), kind, columns, Reading())


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def made(folder: Path, path: Path, kind: str, columns: Columns, reading: Reading) -> Project:
    of = kind_named(kind)
    intake = Intake(
        folder=folder,
        data=path,
        columns=columns,
        kind=of,
        labels=LABELS if of.has_labels else None,
        reading=reading,
        name="project",
        settings=SETTINGS.get(kind, {}),
    )
    return ingest(intake)


Record = tuple[str, Mapping[str, str], Any]


def records(project: Project) -> list[Record]:
    """The id, the texts and the answer of every record, in order."""
    found = project.records
    return list(zip(*(column(found, name) for name in ("record_id", "fields", "value")), strict=True))


def through_layout(name: str) -> Callable[[Project], Project]:
    """Return the way out and in again by the format of another tool."""

    def way(project: Project) -> Project:
        path = project.folder.parent / ("out.json" if name == "labelstudio" else "out.jsonl")
        write_layout(path, laid_out(project, exported(project, "labels"), LAYOUTS[name], Counter()))
        told = told_by(path, Reading(format=name), texts=(), label=None, record_id=None)
        columns = Columns(fields={text: text for text in told.texts}, label=told.label, record_id=told.record_id)
        return made(project.folder.parent / "again", path, project.config.task.kind.name, columns, told.reading)

    return way


def through_file(form: str) -> Callable[[Project], Project]:
    """Return the way out and in again by a file of columns."""

    def way(project: Project) -> Project:
        path, kind, found = project.folder.parent / f"out.{form}", project.config.task.kind, exported(project, "labels")
        write_file(path, in_words(project, found) if form == "csv" else found, form, raw=True)
        return again(project, path, kind.column)

    return way


def through_hf(project: Project) -> Project:
    parts = [{"record_id": i, "part": Part.TRAIN, "reason": "-"} for i, _, _ in records(project)]
    project.round(0).write_table("split.parquet", table(parts, SPLIT))
    path = project.folder.parent / "saved"
    export_hf(project, path)
    return again(project, path / "train", project.config.task.question)


def again(project: Project, path: Path, label: str) -> Project:
    fields = {name: name for name in project.config.task.fields}
    columns = Columns(fields=fields, label=label, record_id="record_id")
    return made(project.folder.parent / "again", path, project.config.task.kind.name, columns, Reading())


WAYS = {
    **{name: through_layout(name) for name in LAYOUTS},
    **{form: through_file(form) for form in ("csv", "jsonl", "parquet")},
    "hf": through_hf,
}


def squeezed(text: str) -> str:
    return "".join(text.split())


def without_blanks(found: list[Record]) -> list[Any]:
    """Texts and their passages without blanks: what is left of records as words with tags."""
    left = []
    for _, fields, value in found:
        text = fields["text"]
        at = [(len(squeezed(text[: p["start"]])), len(squeezed(text[: p["end"]])), p["label"]) for p in value or ()]
        left.append((squeezed(text), [(start, end, label) for start, end, label in at if start < end]))
    return left


def answered(found: list[Record]) -> list[Record]:
    return [record for record in found if record[2] is not None]


def without_ids(found: list[Record]) -> list[Any]:
    return [(fields, value) for _, fields, value in answered(found)]


def better_first(found: list[Record]) -> list[Any]:
    """The prompt, the better and the worse text: which of them stood first is not written."""
    other = {"first": "second", "second": "first"}
    return [(fields["prompt"], fields[value], fields[other[value]]) for _, fields, value in answered(found)]


def one_behind_the_other(found: list[Record]) -> list[Any]:
    """Options that are level stand one behind the other."""
    return [
        (i, fields, value and [each["value"] for each in sorted(value, key=rank_and_name)])
        for i, fields, value in found
    ]


def rank_and_name(each: Mapping[str, Any]) -> tuple[int, str]:
    return each["rank"], each["value"]


KEPT: Mapping[tuple[str, str], Callable[[list[Record]], Any]] = {
    ("conll", "span"): lambda found: without_blanks(answered(found)),
    **{(way, kind): without_ids for way in ("openai", "trl") for kind in ANSWERS},
    ("trl", "preference"): better_first,
    ("labelstudio", "ranking"): one_behind_the_other,
    **{("hf", kind): answered for kind in ANSWERS},
}
"""What is left of records; all of them where nothing is said."""


def holds(way: str, kind: str) -> bool:
    return way not in LAYOUTS or FORMS[kind] in LAYOUTS[way].writes


FORMS = {
    "single_label": Form.NAME,
    "multi_label": Form.NAMES,
    "rating": Form.NUMBER,
    "span": Form.PASSAGES,
    "text": Form.TEXT,
    "preference": Form.BETTER,
    "ranking": Form.ORDER,
}
CASES = [(way, kind) for way in WAYS for kind in ANSWERS if holds(way, kind)]


@pytest.mark.parametrize(("way", "kind"), CASES)
def test_what_comes_out_and_in_again_is_the_same(way: str, kind: str, tmp_path: Path) -> None:
    keeps = KEPT.get((way, kind), lambda found: found)

    @given(project=tables(kind, tmp_path))
    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def same(project: Project) -> None:
        assert form_of(project.config.task) is FORMS[kind]
        assert keeps(records(WAYS[way](project))) == keeps(records(project))

    same()


def test_an_array_is_read_piece_by_piece_and_a_fault_in_it_is_found_in_its_line(tmp_path: Path, monkeypatch) -> None:
    rows = [{"text": f"é {n} [{{ \\", "label": "x" * n} for n in range(50)]
    path = tmp_path / "a.json"
    for piece in (1, 7, 64, 10_000):
        monkeypatch.setattr("curation.sources.json_records._PIECE", piece)
        for indent in (None, 1):
            path.write_text(json.dumps(rows, indent=indent))
            assert [row.cells for row in read_rows(path)] == rows
        path.write_text(json.dumps(rows, indent=1).replace('"x"\n', '"x\n'))
        with pytest.raises(Exception, match=r"a\.json, line 8: expected an array of JSON objects"):
            list(read_rows(path))


def test_no_format_loses_the_type_of_an_answer_unsaid() -> None:
    assert FORMS.keys() == ANSWERS.keys() == OURS.keys()
    taken = {form for layout in LAYOUTS.values() for form in layout.writes}
    assert taken == set(Form) - {Form.OTHER}
    assert pa.types.is_list(kind_named("span").value())
