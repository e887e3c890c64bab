"""Files of other tools: seen for what they are, read as they are meant, and refused by row where they are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.cli import cli, exit_code
from curation.project.folder import Project, open_project
from curation.project.records import by_id, column, texts
from curation.sources.shapes import argilla
from curation.tasks.kinds import kind_named


class Init:
    """Runs `twofold init` on a file, and holds what came of it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys

    def __call__(self, content: str | list[Any], name: str = "a.jsonl", *more: object) -> Init:
        path = self._folder / name
        if isinstance(content, list):
            content = json.dumps(content) if name.endswith(".json") else "".join(json.dumps(x) + "\n" for x in content)
        path.write_text(content, encoding="utf-8")
        args = ["init", self._folder / "project", "--data", path, *more]
        self.code = exit_code(lambda: cli(list(map(str, args)), standalone_mode=False))
        self.said, self.error = self._capsys.readouterr()
        return self

    @property
    def project(self) -> Project:
        assert self.code == 0, self.error
        return open_project(self._folder / "project")

    @property
    def values(self) -> list[Any]:
        return column(self.project.records, "value")

    @property
    def texts(self) -> list[str]:
        return texts(self.project.records, "text")

    @property
    def kind(self) -> str:
        return self.project.config.task.kind.name

    def refusal(self) -> str:
        assert (self.code, self.said) == (2, ""), self.said
        assert not (self._folder / "project").exists()
        return self.error


@pytest.fixture
def init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Init:
    return Init(tmp_path, capsys)


def span(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


def studio(name: str, text: str, *annotations: Any, **more: Any) -> dict[str, Any]:
    """A task of Label Studio; an annotation is a list of types and values."""
    said = [
        {"result": [{"from_name": name, "to_name": "text", "type": type_, "value": value} for type_, value in each]}
        for each in annotations
    ]
    return {"id": 7, "data": {"text": text}, "annotations": said, **more}


def marked(start: int, end: int, text: str, label: str = "PER") -> tuple[str, dict[str, Any]]:
    return "labels", {"start": start, "end": end, "text": text, "labels": [label]}


JOHN = "John and Ann left."
PEOPLE = [span(0, 4, "PER"), span(9, 12, "PER")]
PASSAGES = {
    "doccano": [
        {"id": 1, "text": JOHN, "label": [[0, 4, "PER"], [9, 12, "PER"]]},
        {"id": 2, "text": "no", "label": []},
    ],
    "doccano's labels": [{"text": JOHN, "labels": [[9, 12, "PER"], [0, 4, "PER"]]}, {"text": "no", "labels": []}],
    "doccano's entities": [
        {
            "text": JOHN,
            "entities": [{"start_offset": s["start"], "end_offset": s["end"], "label": "PER"} for s in PEOPLE],
        },
        {"text": "no", "entities": [], "relations": []},
    ],
    "Label Studio's short form": [
        {"id": 1, "text": JOHN, "label": [{"start": s["start"], "end": s["end"], "labels": ["PER"]} for s in PEOPLE]},
        {"id": 2, "text": "no", "label": []},
    ],
    "prodigy": [
        {"text": JOHN, "_task_hash": 1, "spans": [{**s, "token_start": 0} for s in PEOPLE], "answer": "accept"},
        {"text": "no", "answer": "accept"},
    ],
    "spacy": [{"text": JOHN, "ents": PEOPLE, "tokens": []}, {"text": "no", "ents": []}],
    "argilla": [
        {"id": "a", "fields": {"text": JOHN}, "responses": {"ner": [{"value": PEOPLE, "user_id": "u"}]}},
        {"id": "b", "fields": {"text": "no"}, "responses": {"ner": [{"value": []}, {"value": []}]}},
    ],
    "flat argilla": [
        {"id": "a", "status": "completed", "text": JOHN, "ner.responses": [PEOPLE], "ner.responses.users": ["u"]},
        {"id": "b", "status": "completed", "text": "no", "ner.responses": [[]], "ner.responses.users": ["u"]},
    ],
}


@pytest.mark.parametrize("rows", PASSAGES.values(), ids=PASSAGES)
def test_passages_of_every_tool_are_passages(init: Init, rows: list[Any]) -> None:
    found = init(rows)
    assert (found.kind, found.texts, found.values) == ("span", [JOHN, "no"], [PEOPLE, []])
    assert "texts from 'text'" in found.said


def test_an_export_of_label_studio_is_an_array_of_tasks(init: Init) -> None:
    tasks = [
        studio("ner", JOHN, [marked(0, 4, "John"), marked(9, 12, "Ann")], id=1),
        studio("ner", "no", [], id=2),
        studio("ner", "?", id=3),
    ]
    found = init(tasks, "a.json")
    assert (found.kind, found.values) == ("span", [PEOPLE, [], None])
    assert "is a Label Studio export: texts from 'text', answers from 'ner', ids from 'id'" in found.said
    assert column(found.project.records, "record_id") == ["1", "2", "3"]


def test_places_that_count_an_emoji_as_two_are_put_right_by_what_was_marked(init: Init) -> None:
    tasks = [
        studio("ner", "👋 John", [marked(3, 7, "John")], id=1),
        studio("ner", "👋 Ann", [marked(2, 5, "Ann")], id=2),
    ]
    assert init(tasks, "a.json").values == [[span(2, 6, "PER")], [span(2, 5, "PER")]]


def test_choices_ratings_and_texts_of_label_studio_are_the_kinds_that_they_look_like(tmp_path, init: Init) -> None:
    one = [studio("q", text, [("choices", {"choices": [name]})], id=text) for text, name in (("a", "x"), ("b", "y"))]
    assert (init(one, "a.json").kind, init.values) == ("single_label", ["x", "y"])


def test_several_choices_are_several_labels_and_none_is_an_answer(init: Init) -> None:
    tasks = [
        studio("q", "a", [("choices", {"choices": ["x", "y"]})], id=1),
        studio("q", "b", [], id=2),
        studio("q", "c", id=3),
    ]
    assert (init(tasks, "a.json").kind, init.values) == ("multi_label", [["x", "y"], [], None])


def test_stars_of_label_studio_are_a_rating(init: Init) -> None:
    tasks = [studio("q", str(n), [("rating", {"rating": n})], id=n) for n in (1, 5)]
    assert (init(tasks, "a.json").kind, init.values) == ("rating", [1, 5])


def ranked(ids: Any, **data: Any) -> dict[str, Any]:
    return {**studio("rank", "Which?", [("ranker", {"ranker": ids})]), "data": {"text": "Which?", **data}}


def test_a_ranker_of_label_studio_is_an_order_and_people_see_its_items(init: Init) -> None:
    items = [{"id": "mdn", "title": "Arrow function"}, {"id": "wiki", "title": "Arrow", "body": "A type class."}]
    tasks = [ranked({"rank": ["wiki", "mdn"]}, items=items), ranked(["mdn", "wiki"], items=items)]
    found = init([{**task, "id": n} for n, task in enumerate(tasks)], "a.json")
    assert (found.kind, [kind_named("ranking").show(value) for value in found.values]) == (
        "ranking",
        ["wiki > mdn", "mdn > wiki"],
    )
    assert texts(found.project.records, "items") == ["mdn: Arrow function\nwiki: Arrow\nA type class."] * 2


def test_items_in_buckets_are_no_order_and_that_is_said(init: Init) -> None:
    tasks = [
        ranked({"rank": ["a", "b"]}),
        ranked({"good": ["a"], "bad": ["b"]}),
        ranked({"good": ["a"], "_": ["b"]}),
    ]
    found = init([{**task, "id": n, "data": {"text": f"Which, {n}?"}} for n, task in enumerate(tasks)], "a.json")
    assert [value is None for value in found.values] == [False, True, True]
    assert "items were put into buckets, which are in no order: it comes in without an answer" in found.said


def test_answers_beside_a_task_that_was_answered_with_nothing_are_still_a_rating(init: Init) -> None:
    tasks = [studio("q", str(n), [("rating", {"rating": n})], id=n) for n in (1, 5)]
    assert (init([*tasks, studio("q", "none", [], id=9)], "a.json").kind, init.values) == ("rating", [1, 5, None])


def paired(number: int, selected: Any) -> dict[str, Any]:
    task = studio("pw", "?", [("pairwise", {"selected": selected})], id=number)
    return {**task, "data": {"prompt": f"Hello {number}?", "text1": "Hi.", "text2": "Go."}}


def test_a_pairwise_of_label_studio_is_a_preference_between_the_last_two_texts(init: Init) -> None:
    found = init([paired(1, "left"), paired(2, "right")], "a.json")
    assert (found.kind, found.values) == ("preference", ["first", "second"])
    assert found.project.config.task.asked.about() == ("text1", "text2")


def test_a_side_that_is_neither_left_nor_right_is_refused_with_its_row(init: Init) -> None:
    refused = init([paired(1, "left"), paired(2, "text1")], "a.json").refusal()
    assert "row 2: expected 'left' or 'right' under 'selected', came" in refused


def test_of_several_annotations_most_count_and_none_where_none_is_ahead(init: Init) -> None:
    x, y = [("choices", {"choices": ["x"]})], [("choices", {"choices": ["y"]})]
    trusted = studio("q", "trusted", x, x, y, id=3)
    trusted["annotations"][2]["ground_truth"] = True
    cancelled = studio("q", "cancelled", x, y, id=4)
    cancelled["annotations"][0]["was_cancelled"] = True
    found = init([studio("q", "most", x, y, x, id=1), studio("q", "tie", x, y, id=2), trusted, cancelled], "a.json")
    assert found.values == ["x", None, "y", "y"]
    assert "row 1: people gave different answers: the one that most of them gave came in" in found.said
    assert "row 2: people gave different answers, none of them more often" in found.said


def test_one_of_several_questions_has_to_be_named(init: Init) -> None:
    tasks = [
        studio("tone", "a", [("rating", {"rating": 1})], id=1),
        studio("topic", "b", [("rating", {"rating": 2})], id=2),
    ]
    assert "answers to several questions, 'tone' (1), 'topic' (1); name one of them" in init(tasks, "a.json").refusal()
    assert init(tasks, "a.json", "--label", "tone", "--kind", "rating").values == [1, None]


def test_what_prodigy_rejected_or_ignored_has_no_answer_and_is_counted(init: Init) -> None:
    options = [{"id": "x", "text": "X"}, {"id": "y", "text": "Y"}, {"id": "z", "text": "Z"}]
    rows = [
        {"text": str(n), "options": options, "accept": ["x"] if n else ["y"], "answer": answer}
        for n, answer in enumerate(["accept", "accept", "reject", "ignore"])
    ]
    found = init(rows)
    assert (found.kind, found.values) == ("single_label", ["y", "x", None, None])
    assert found.project.config.task.labels == ("x", "y", "z")
    assert "row 3: answered with 'reject': it comes in without an answer" in found.said


def test_a_suggestion_comes_in_where_nobody_responded(init: Init) -> None:
    rows = [
        {"id": i, "fields": {"text": i}, "responses": said, "suggestions": {"q": {"value": "x", "score": 0.7}}}
        for i, said in (("a", {"q": [{"value": "y"}]}), ("b", {}))
    ]
    assert init(rows).values == ["y", "x"]
    assert "row 2: nobody responded: the suggestion came in" in init.said


def test_drafts_and_discards_of_argilla_are_no_answers(init: Init) -> None:
    rows = [
        {"id": "a", "text": "a", "q.responses": ["x", "y"], "q.responses.status": ["draft", "submitted"]},
        {"id": "b", "text": "b", "q.responses": ["x", None], "q.responses.status": ["submitted", "discarded"]},
        {"id": "c", "text": "c", "q.responses": ["x"], "q.responses.status": ["draft"]},
    ]
    assert init(rows).values == ["y", "x", None]
    nested = {
        "id": "a",
        "fields": {"text": "a"},
        "responses": {"q": [{"value": "x", "status": "draft"}, {"value": "y"}]},
    }
    assert argilla.SHAPE.flat(nested).answers == {"q": "y"}


SCHEMES = {
    "IOB2": "John B-PER\nSmith I-PER\nAnn B-PER\nin O\nRio B-LOC\n",
    "IOB1": "John I-PER\nSmith I-PER\nAnn B-PER\nin O\nRio I-LOC\n",
    "IOBES": "John B-PER\nSmith E-PER\nAnn S-PER\nin O\nRio S-LOC\n",
    "BILOU": "John B-PER\nSmith L-PER\nAnn U-PER\nin O\nRio U-LOC\n",
    "four columns": "John NNP I-NP B-PER\nSmith NNP I-NP I-PER\nAnn NNP I-NP B-PER\nin IN O O\nRio NNP I-NP B-LOC\n",
    "tabs": "John\tB-PER\r\nSmith\tI-PER\r\nAnn\tB-PER\r\nin\tO\r\nRio\tB-LOC\r\n",
    "documents": "-DOCSTART- -X- O O\n\nJohn B-PER\nSmith I-PER\nAnn B-PER\nin O\nRio B-LOC\n",
}


@pytest.mark.parametrize("text", SCHEMES.values(), ids=SCHEMES)
def test_words_with_tags_of_every_scheme_are_passages(init: Init, text: str) -> None:
    found = init(f"{text}\n\nnobody O\n\n", "a.conll")
    rio = [span(0, 10, "PER"), span(11, 14, "PER"), span(18, 21, "LOC")]
    assert (found.texts, found.values) == (["John Smith Ann in Rio", "nobody"], [rio, []])


def test_a_passage_whose_beginning_was_cut_off_begins_there_and_is_counted(init: Init) -> None:
    found = init("a O\nJohn I-PER\n\nRio I-LOC\nAnn I-PER\n\nno O\n", "a.txt", "--format", "conll")
    assert found.values == [[span(2, 6, "PER")], [span(0, 3, "LOC"), span(4, 7, "PER")], []]
    assert "row 1 (and 1 more rows): a passage that begins with I-" in found.said


def test_chats_are_texts_with_the_last_word_for_an_answer(init: Init) -> None:
    rows = [
        {
            "messages": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": q},
                {"role": "assistant", "content": a},
            ]
        }
        for q, a in (("Late?", "late"), ("Lost?", "lost"), ("Late!", "late"))
    ]
    assert (init(rows).kind, init.texts, init.values) == (
        "single_label",
        ["Late?", "Lost?", "Late!"],
        ["late", "lost", "late"],
    )


def test_a_chat_of_several_turns_comes_in_as_a_chat(init: Init) -> None:
    turn = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    rows = [{"messages": [*turn, *turn]}, {"messages": [*turn[:1]]}]
    found = init(rows, "a.jsonl", "--kind", "single_label", "--labels", "Hello,x")
    assert found.project.config.task.chat == ("chat",)
    chats = [row["chat"] for row in column(found.project.records, "shaped")]
    assert (chats, found.values) == ([[*turn, turn[0]], [turn[0]]], ["Hello", None])
    assert "texts from 'chat'" in found.said


def test_a_pair_of_texts_comes_in_with_what_stood_before_it(init: Init) -> None:
    rows = [{"prompt": "Hi?", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(3)]
    found = init(rows, "a.jsonl", "--kind", "rating")
    assert set(found.project.records["fields"].to_pylist()[0].values()) == {"Hi?", "good 0", "bad 0"}


def test_passages_move_with_characters_that_were_repaired(init: Init) -> None:
    rows = [
        {"text": "  John", "label": [[2, 6, "PER"]]},
        {"text": "e\u0301te\u0301 a\r\nRio \u200b", "label": [[9, 12, "LOC"]]},
        {"text": "schÃ¶n, Ann", "label": [[8, 11, "PER"], [0, 6, "ADJ"]]},
        {"text": "Rio\t ", "label": [[0, 5, "LOC"]]},
    ]
    found = init(rows)
    said = [[text[p["start"] : p["end"]] for p in value] for text, value in zip(found.texts, found.values, strict=True)]
    assert said == [["John"], ["Rio"], ["schön", "Ann"], ["Rio"]]


WRONG = {
    "outside its text": ("John", [[0, 9, "PER"]], "row 2, column 'label': passage '0-9 PER' ends outside"),
    "outside a repaired text": (" John", [[0, 9, "PER"]], "row 2, column 'label': a place is 9, outside"),
    "of blanks that were cut off": ("John   ", [[5, 7, "PER"]], "'5-7 PER' marks characters that show nothing"),
    "inside a line end": ("a\r\nJohn", [[2, 7, "PER"]], "ends inside of what repair makes one character"),
    "overlapping": ("John Smith", [[0, 9, "PER"], [5, 9, "PER"]], "overlap; `overlapping = true` allows"),
    "backwards": ("John", [[3, 1, "PER"]], "row 2: expected a passage as start, end and label, came a list: [3, 1"),
    "of words": ("John", [["0", "4", "PER"]], "row 2: expected a passage as start, end and label"),
    "two places": ("John", [[0, 4]], "row 2: expected a passage as start, end and label, came a list: [0, 4]"),
    "names beside passages": ("John", [[0, 4, "PER"], "PER"], "row 2: expected passages, or names"),
}


@pytest.mark.parametrize(("text", "label", "why"), WRONG.values(), ids=WRONG)
def test_a_passage_that_is_none_is_refused_by_its_row(init: Init, text: str, label: list[Any], why: str) -> None:
    assert why in init([{"text": "a", "label": [[0, 1, "PER"]]}, {"text": text, "label": label}]).refusal()


def test_what_is_no_such_record_is_refused_by_its_row(init: Init) -> None:
    refused = init([studio("q", "👋 John", [marked(5, 9, "John")])], "a.json").refusal()
    assert "a.json, row 1: expected 'John' from 5 to 9 of the text" in refused
    assert (
        "row 1: expected an 'answer' of accept, reject, ignore"
        in init([{"text": "a", "_task_hash": 1, "answer": "yes"}]).refusal()
    )
    assert "line 2: expected a word and a tag such as O" in init("John B-PER\nalone\n", "a.conll").refusal()
    assert "row 2: expected a message with 'role'" in init([{"messages": []}, {"messages": [1]}]).refusal()
    rows = [{"text": text, "label": [[0, 1, "ORG"]]} for text in ("a", "b")]
    refused = init(rows, "a.jsonl", "--labels", "PER,LOC").refusal()
    assert "row 1, column 'label': label 'ORG' is not in the task" in refused


def test_a_table_is_no_file_of_a_tool_and_its_columns_are_named(init: Init) -> None:
    assert "named with --text; it has review, stars" in init([{"review": "a", "stars": 1}]).refusal()


def test_a_named_text_column_makes_a_table_of_any_file(init: Init) -> None:
    rows = [{"text": str(n), "label": "x" if n else "y", "answer": "accept"} for n in range(3)]
    found = init(rows, "a.jsonl", "--text", "text", "--label", "label", "--labels-from-data")
    assert found.values == ["y", "x", "x"]
    assert "texts from" not in found.said
    assert by_id(found.project.records, "value") == {"1": "y", "2": "x", "3": "x"}
