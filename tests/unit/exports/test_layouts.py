"""Records as other tools write them: what stands in the file, what is told beside it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from curation.cli import cli

SPANS = [
    {"id": "a", "text": "John Smith 👩‍👩‍👧 of  Rio.", "answer": [[0, 10, "PER"], [21, 24, "LOC"]]},
    {"id": "b", "text": "nobody", "answer": []},
    {"id": "c", "text": "not read yet"},
    {"id": "d", "text": "Johnson", "answer": [[0, 4, "PER"]]},
]
ONE = [{"id": "a", "text": "Where is it?", "answer": "question"}, {"id": "b", "text": "Broken.", "answer": "complaint"}]
SEVERAL = [{"id": "a", "text": "Late again!", "answer": ["late", "rude"]}, {"id": "b", "text": "Hi", "answer": []}]
RATED = [{"id": "a", "text": "Good.", "answer": 5}, {"id": "b", "text": "Bad.", "answer": 1}]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


class Made:
    """A project of these rows, and what is exported from it."""

    def __init__(self, folder: Path, rows: list[dict[str, Any]], *more: str) -> None:
        path = folder / "rows.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.folder = folder / "project"
        columns = ["--text", "text", "--label", "answer", "--id", "id"]
        made = run("init", self.folder, "--data", path, *columns, *more)
        assert made.exit_code == 0, made.exception

    def text(self, form: str, *more: str) -> str:
        self.result = run("export", self.folder, "--format", form, *more)
        assert self.result.exit_code == 0, self.result.exception
        return self.result.stdout

    def rows(self, form: str, *more: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text(form, *more).splitlines()]

    def refusal(self, form: str, *more: str) -> str:
        result = run("export", self.folder, "--format", form, *more)
        assert result.exit_code != 0
        return str(result.exception)


@pytest.fixture
def spans(tmp_path: Path) -> Made:
    return Made(tmp_path, SPANS, "--labels-from-data")


def test_words_and_tags_are_those_of_conll_and_say_what_they_lose(spans: Made) -> None:
    blocks = spans.text("conll").split("\n\n")
    first = ["John\tB-PER", "Smith\tI-PER", "👩‍👩‍👧\tO", "of\tO", "Rio\tB-LOC", ".\tO"]
    assert [block.strip().split("\n") for block in blocks] == [first, ["nobody\tO"], ["John\tB-PER", "son\tO"]]
    assert "records without an answer, which are left out: 1" in spans.result.stderr
    assert "ends of passages inside a word, which is cut there: 1" in spans.result.stderr


def test_of_passages_that_overlap_the_longer_has_tags_and_the_other_is_counted(tmp_path: Path) -> None:
    rows = [{"id": "x7", "text": "New York Times", "answer": [[0, 8, "LOC"], [0, 14, "ORG"]]}, *SPANS]
    made = Made(tmp_path, rows, "--labels-from-data", "--kind", "span", "--set", "overlapping=true")
    assert made.text("conll").startswith("New\tB-ORG\nYork\tI-ORG\nTimes\tI-ORG\n\n")
    assert "passages that overlap a longer one, which are left out: 1" in made.result.stderr
    assert made.rows("spacy")[0]["spans"]["sc"][1] == {"start": 0, "end": 14, "label": "ORG"}
    assert made.rows("doccano")[0]["label"] == [[0, 8, "LOC"], [0, 14, "ORG"]]


def test_words_of_spacy_give_the_text_back_and_hold_every_passage(spans: Made) -> None:
    for row in spans.rows("spacy"):
        tokens, text = row["tokens"], ""
        for token in tokens:
            text += (" " if token["start"] > len(text) else "") + row["text"][token["start"] : token["end"]]
        assert text == row["text"]
        assert {e["start"] for e in row.get("ents", ())} <= {t["start"] for t in tokens}
        assert {e["end"] for e in row.get("ents", ())} <= {t["end"] for t in tokens}


def test_passages_are_those_of_doccano_prodigy_and_label_studio(spans: Made) -> None:
    assert [row.get("label") for row in spans.rows("doccano")] == [row.get("answer") for row in SPANS]
    prodigy = spans.rows("prodigy")
    assert prodigy[0]["spans"][1] == {"start": 21, "end": 24, "label": "LOC", "token_start": 4, "token_end": 4}
    assert [row.get("answer") for row in prodigy] == ["accept", "accept", None, "accept"]
    tasks = json.loads(spans.text("labelstudio"))
    assert [len(task["annotations"]) for task in tasks] == [1, 1, 0, 1]
    result = tasks[0]["annotations"][0]["result"][0]
    assert result["value"] == {"start": 0, "end": 10, "text": "John Smith", "labels": ["PER"]}
    assert (result["type"], result["to_name"]) == ("labels", "text")


def test_names_are_categories_choices_and_messages(tmp_path: Path) -> None:
    made = Made(tmp_path, ONE, "--labels-from-data")
    assert made.rows("spacy")[0]["cats"] == {"complaint": 0.0, "question": 1.0}
    assert made.rows("doccano")[0]["label"] == ["question"]
    assert made.rows("prodigy")[0]["accept"] == ["question"]
    assert json.loads(made.text("labelstudio"))[1]["annotations"][0]["result"][0]["value"] == {"choices": ["complaint"]}
    said = [message["content"] for message in made.rows("openai")[0]["messages"]]
    assert said == ["Where is it?", "question"]
    assert "conll holds no answers of the kind 'single_label'" in made.refusal("conll")
    assert "spacy, doccano, labelstudio, prodigy, openai, trl, csv" in made.refusal("conll")


def test_several_names_or_none_are_told_from_no_answer(tmp_path: Path) -> None:
    made = Made(tmp_path, [*SEVERAL, {"id": "c", "text": "?"}], "--labels-from-data")
    assert [row.get("cats") for row in made.rows("spacy")] == [{"late": 1, "rude": 1}, {"late": 0, "rude": 0}, None]
    assert [row.get("label") for row in made.rows("doccano")] == [["late", "rude"], [], None]
    assert [row.get("accept") for row in made.rows("prodigy")] == [["late", "rude"], [], None]
    assert [len(task["annotations"]) for task in json.loads(made.text("labelstudio"))] == [1, 1, 0]


def test_a_preference_is_a_side_of_label_studio_and_a_tie_a_choice(tmp_path: Path) -> None:
    rows = [
        {"id": n, "text": "Hi.", "second": "Go.", "answer": answer} for n, answer in (("a", "first"), ("b", "second"))
    ]
    made = Made(tmp_path, rows, "--text", "second", "--kind", "preference")
    results = [task["annotations"][0]["result"][0] for task in json.loads(made.text("labelstudio"))]
    assert [result["value"] for result in results] == [{"selected": "left"}, {"selected": "right"}]
    assert {(result["type"], result["to_name"]) for result in results} == {("pairwise", "text")}
    (tmp_path / "ties").mkdir()
    made = Made(tmp_path / "ties", [*rows, {**rows[0], "id": "c", "answer": "equal"}], "--text", "second")
    values = [task["annotations"][0]["result"][0]["value"] for task in json.loads(made.text("labelstudio"))]
    assert values == [{"choices": [answer]} for answer in ("first", "second", "equal")]


def test_an_order_is_that_of_a_ranker_and_says_what_it_loses(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "Hot", "answer": "tea > rum"}, {"id": "b", "text": "Cold", "answer": "tea = rum"}]
    made = Made(tmp_path, [*rows, {"id": "c", "text": "?"}], "--kind", "ranking", "--set", 'options=["tea","rum"]')
    ordered, level, unread = json.loads(made.text("labelstudio"))
    assert ordered["annotations"][0]["result"][0]["value"] == {"ranker": {"ranking": ["tea", "rum"]}}
    assert ordered["annotations"][0]["result"][0]["to_name"] == "ranking_items"
    assert [item["id"] for item in unread["data"]["ranking_items"]] == ["tea", "rum"]
    assert (level["annotations"][0]["result"][0]["value"], unread["annotations"]) == (
        {"ranker": {"ranking": ["rum", "tea"]}},
        [],
    )
    assert "records in whose order some options are level, which stand one behind the other" in made.result.stderr


def test_a_number_is_a_rating_of_label_studio_and_no_label_of_doccano(tmp_path: Path) -> None:
    made = Made(tmp_path, RATED)
    assert json.loads(made.text("labelstudio"))[0]["annotations"][0]["result"][0]["value"] == {"rating": 5}
    assert made.rows("trl")[1]["messages"][1] == {"role": "assistant", "content": "1"}
    assert "these can be written as labelstudio, openai, trl, csv, jsonl, parquet, hf" in made.refusal("doccano")


def test_texts_of_a_pair_are_not_made_one_unsaid(tmp_path: Path) -> None:
    rows = [{**row, "second": "And?"} for row in ONE]
    made = Made(tmp_path, rows, "--labels-from-data", "--text", "second")
    assert "doccano holds one text, and records here have 2: text, second" in made.refusal("doccano")
    assert json.loads(made.text("labelstudio"))[0]["data"] == {"text": "Where is it?", "second": "And?"}
    assert made.rows("openai")[0]["messages"][0]["content"] == "Where is it?\n\nAnd?"
    assert "records whose texts stand in one message: 2" in made.result.stderr


def test_a_file_is_whole_and_its_notes_are_in_the_json(spans: Made, tmp_path: Path) -> None:
    to = tmp_path / "out.conll"
    found = json.loads(run("export", spans.folder, "--format", "conll", "--out", to, "--json").stdout)
    assert sorted(found["notes"])[0] == "ends of passages inside a word, which is cut there: 1"
    assert to.read_text() == spans.text("conll")
    assert "say where to with --out" in spans.refusal("doccano", "--json")
    assert "--what votes can be written as csv, jsonl, parquet, hf" in spans.refusal("doccano", "--what", "votes")


def test_a_chat_goes_out_as_the_messages_that_came_in(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "?"},
    ]
    rows = [{"messages": [*turns, {"role": "assistant", "content": name}]} for name in ("late", "lost", "late")]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows[:2], {"messages": turns[:1]}]))
    made = run("init", tmp_path / "project", "--data", path)
    assert made.exit_code == 0, made.exception
    for form in ("openai", "trl"):
        found = run("export", tmp_path / "project", "--format", form)
        assert [json.loads(line) for line in found.stdout.splitlines()] == rows[:2]


def test_a_pair_of_answers_to_a_chat_is_a_pair_of_messages(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "?"},
    ]
    said = [[{"role": "assistant", "content": f"{word} {n}"}] for word in ("good", "bad") for n in range(2)]
    rows = [{"prompt": turns, "chosen": said[n], "rejected": said[n + 2]} for n in range(2)]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    made = run("init", tmp_path / "project", "--data", path)
    assert made.exit_code == 0, made.exception
    found = run("export", tmp_path / "project", "--format", "trl")
    assert [json.loads(line) for line in found.stdout.splitlines()] == rows
