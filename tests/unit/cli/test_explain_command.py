"""`twofold explain`: the words and the training records behind what a model says, on a terminal, as data, as a page."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from topics_project import WORDS, project_of

from curation.cli import cli, coloured_words
from curation.cli.coloured_words import coloured, shows_colours
from curation.errors import TwofoldError
from curation.prediction.explained_texts import marked_errors
from curation.project.folder import Project
from curation.project.labelled import fields_by_id
from curation.project.reads import content_hash
from curation.rounds.asked_model import asked
from curation.tasks.kinds import kind_named
from evaluation import occlusion

HOSTILE = "\x1b]0;owned\x07\x1b[2J \u202eneva \u2028<script>alert(1)</script>"


def explained(project: Project, *more: object) -> Result:
    return CliRunner().invoke(cli, ["explain", str(project.folder), *map(str, more)])


def data(project: Project, *more: object) -> dict[str, Any]:
    done = explained(project, *more, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_errors_are_told_and_what_words_mean_over_the_test_part(evaluated: Project) -> None:
    wrong = _turned(evaluated, 3)
    found = data(evaluated, "--top", 3)
    assert found["wrong"] >= 3
    assert {each["record_id"] for each in found["records"]} & {*wrong}
    assert all(each["predicted"] != each["label"] for each in found["records"])
    sure = [each["explained"]["probability"] for each in found["records"]]
    assert sure == sorted(sure, reverse=True)
    assert [each["part"] for each in found["records"]] == ["test"] * len(found["records"])

    for topic, own, others in (("shipping", *WORDS), ("billing", *WORDS[::-1])):
        speaks_for = {one["word"] for one in found["words"] if one["label"] == topic and one["weight"] > 0}
        assert speaks_for & {*own}
        assert not speaks_for & {*others}
    assert found["faithfulness"]["comprehensiveness_gain"]["low"] > 0.1
    assert found["words_of"] == {"records": 30, "of": 30}


def test_a_record_is_explained_by_its_words_and_by_what_it_was_taught_with(evaluated: Project) -> None:
    taught = next(i for i, part in _parts(evaluated).items() if part == "train")
    found = data(evaluated, "--record", taught)
    (one,) = found["records"]
    assert (found["words"], found["wrong"]) == (None, None)
    assert one["predicted"] == one["label"]
    assert one["for"][0]["word"] in {*WORDS[0], *WORDS[1]}
    assert [near["record_id"] for near in one["nearest"]] != []
    assert taught not in [near["record_id"] for near in one["nearest"]]
    assert {(near["part"], near["label"]) for near in one["nearest"]} == {("train", one["label"])}
    assert {each["settled"] for each in (one, *one["nearest"])} == {"given with the data"}
    assert found["model_sha256"] == content_hash(evaluated.round(0).path("model"))


def test_a_text_from_outside_is_shown_and_obeyed_by_nobody(evaluated: Project, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = explained(evaluated, "--text", f"the invoice {HOSTILE}", "--html", page)
    assert done.exit_code == 0, done.output
    assert not {*done.output} & {*"\x1b\x07\u202e\u2028"}
    written = page.read_text(encoding="utf-8")
    assert "<script" not in written
    assert "&lt;script&gt;" in written
    assert re.search(r'<span class="(for|against)\d">', written)
    assert "speaks against it" in written


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--record", "m00"), r"no record 'm00' \(did you mean"),
        (("--html", "nowhere/page.html"), "--html nowhere/page.html: expected a name in a folder that is there"),
        (("7",), r"round 7: expected one with a model \(0\)"),
    ],
)
def test_what_is_not_there_is_named(evaluated: Project, more: tuple[str, ...], said: str) -> None:
    with pytest.raises(TwofoldError, match=said):
        raise explained(evaluated, *more).exception or AssertionError


def test_a_report_marks_the_words_of_its_first_errors(evaluated: Project) -> None:
    ids = [i for i, part in sorted(_parts(evaluated).items()) if part == "test"][:3]
    found = marked_errors(evaluated, evaluated.round(0), ids)
    assert [*found] == ids
    for i in ids:
        (text,) = found[i]["marked"]
        assert "".join(piece for piece, _ in text["pieces"]) == fields_by_id(evaluated)[i]["text"]
        assert max(abs(level) for _, level in text["pieces"]) == 3
        assert found[i]["explained"] in ("shipping", "billing")


def test_a_round_that_was_not_evaluated_has_nothing_to_explain(tmp_path: Path) -> None:
    project = project_of(tmp_path, 12, upto="split")
    with pytest.raises(TwofoldError, match="no round was evaluated yet"):
        raise explained(project).exception or AssertionError


def test_a_kind_that_is_not_explained_is_refused_in_one_line(evaluated: Project) -> None:
    task = SimpleNamespace(kind=kind_named("text"))
    project: Any = SimpleNamespace(config=SimpleNamespace(task=task), folder=evaluated.folder)
    with pytest.raises(TwofoldError, match="a model of the kind 'text' cannot be explained; expected one that says"):
        asked(project, None, "occlusion")


def test_gradients_and_a_model_from_elsewhere(evaluated: Project) -> None:
    one = data(evaluated, evaluated.round(0).path("model"), "--text", "the invoice is wrong", "--method", "gradients")
    assert one["method"] == "gradients"
    assert one["records"][0]["for"][0]["word"] == "invoice"


def test_words_are_coloured_on_a_terminal_and_signed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    found = occlusion([f"refund {HOSTILE}\n late"], says_late, label_names=["late", "refund"], explained=["late"])[0]
    (signed,) = coloured(found, names=["text"], colours=False)
    assert "[+++late]" in signed
    assert "[--refund]" in signed
    (bright,) = coloured(found, names=["text"], colours=True)
    plain, codes = re.sub(r"\x1b\[[0-9;]*m", "", bright), re.findall(r"\x1b\[[0-9;]*m", bright)
    assert codes
    assert not {*plain} & {*"\x1b\x07\u202e\u2028\n"}
    monkeypatch.setattr(coloured_words, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shows_colours()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not shows_colours()
    monkeypatch.setattr(coloured_words, "sys", sys)
    monkeypatch.delenv("NO_COLOR")
    assert not shows_colours()


def says_late(texts: Any) -> list[list[float]]:
    return [[0.4 + 0.4 * ("late" in text) - 0.3 * ("refund" in text)] * 2 for text in texts]


def _parts(project: Project) -> dict[str, str]:
    table = project.round(0).table("split.parquet")
    return dict(zip(table["record_id"].to_pylist(), table["part"].to_pylist(), strict=True))


def _turned(project: Project, n: int) -> list[str]:
    """Give some test records the other label, and return their ids."""
    tested = [i for i, part in sorted(_parts(project).items()) if part == "test"][:n]
    round_ = project.round(0)
    labels = round_.table("labels.parquet").to_pylist()
    other = {"shipping": "billing", "billing": "shipping"}
    rows = [{**row, "value": other[row["value"]]} if row["record_id"] in tested else row for row in labels]
    schema = round_.table("labels.parquet").schema
    round_.write_table("labels.parquet", type(round_.table("labels.parquet")).from_pylist(rows, schema=schema))
    return tested
