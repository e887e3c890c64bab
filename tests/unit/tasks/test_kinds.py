"""What every room counts on of a kind of answer, and what is said of one that is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from curation.cli import cli
from curation.project.config import read_config
from curation.project.folder import open_project
from curation.project.label_names import rename_label
from curation.review.answers import as_units, consensus_of, in_words, of_records
from curation.review.consensus import consensus
from curation.tasks.kind import Kind
from curation.tasks.kinds import OURS, kind_named
from curation.tasks.multi_label import MultiLabel, rarest
from curation.tasks.orders import ranks
from curation.tasks.preference import Preference
from curation.tasks.ranking import Ranking
from curation.tasks.rating import Rating
from curation.tasks.span import KIND as SPAN
from curation.tasks.span import NOTHING, Span
from curation.tasks.task import Task, single_label
from curation.tasks.text import Text

RATING = kind_named("rating")
QUESTIONS = {
    "single_label": lambda: single_label(("refund", "late", "other")).asked,
    "rating": lambda: Rating(values=(0, 1, 2, 7)),
    "multi_label": lambda: MultiLabel(labels=("refund", "late", "other")),
    "span": lambda: Span(labels=("PER", "LOC")),
    "text": lambda: Text(),
    "preference": lambda: Preference(ties=True),
    "ranking": lambda: Ranking(options=("tea", "milk", "rum", "ale")),
}


def passages(drawn: list[tuple[int, int, str]]) -> list[dict[str, Any]]:
    """Passages of these lengths, each so far behind the one before."""
    found, at = [], 0
    for length, gap, label in drawn:
        found.append({"start": at + gap, "end": at + gap + length, "label": label})
        at += gap + length
    return found


DRINKS = ("ale", "milk", "rum", "tea")
GIVEN = {
    "single_label": st.sampled_from(["refund", "late", "other"]),
    "rating": st.sampled_from([0, 1, 2, 7]),
    "multi_label": st.lists(st.sampled_from(["refund", "late", "other"]), unique=True).map(sorted),
    "span": st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.sampled_from(["PER", "LOC"]))).map(passages),
    "text": st.text().filter(str.strip),
    "preference": st.sampled_from(["first", "second", "equal"]),
    "ranking": st.lists(st.integers(0, 3), min_size=4, max_size=4).map(
        lambda places: ranks([[n for n, p in zip(DRINKS, places, strict=True) if p == k] for k in sorted(set(places))])
    ),
}


@pytest.mark.parametrize("kind", OURS.values(), ids=lambda kind: kind.name)
def test_what_is_known_of_a_kind_is_consistent(kind: Kind) -> None:
    question = QUESTIONS[kind.name]()

    @given(GIVEN[kind.name])
    def holds(value: object) -> None:
        assert kind.parse(question, kind.show(value)) == value
        assert kind.fold(kind.units(value, question)) == value
        if not kind.is_written:
            assert set(kind.units(value, question).values()) <= set(kind.choices(question))
        assert pa.array([value], kind.value()).to_pylist() == [value]
        options = {f"option {name}": name for name in kind.labels(question)}
        stored = kind.encode(value, {name: option for option, name in options.items()})
        assert kind.decode(stored, options) == value
        assert set(kind.mentions(value)) <= set(kind.labels(question))
        if kind.labels(question):
            assert set(kind.names_in(kind.show(value))) == set(kind.mentions(value))
            told_apart = {name: f"{name}!" for name in kind.labels(question)}
            assert kind.renamed(kind.show(value), told_apart) == kind.show(kind.decode(value, told_apart))
        assert kind.show(value) in (kind.classes(question) or [kind.show(value)])
        fields = [*question.about()] or ["text"]
        task = Task.model_validate({"fields": fields, "questions": {"asked": question.model_dump(mode="json")}})
        if kind.recipe is not None:
            assert task.of_target(task.target(value)) == value
        if kind.recipe is not None and not kind.is_written:
            learnt = task.target(value)
            named = [learnt] if isinstance(learnt, str) else learnt
            assert {one if isinstance(one, str) else one.get("label", one.get("value")) for one in named} <= set(
                task.target_names
            )
        assert set(task.strata({"a": value, "b": None}).values()) <= {*task.strata_names, None}

    holds()


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("late", ["late"]),
        ("refund|late", ["late", "refund"]),
        (" refund | late ", ["late", "refund"]),
        ('["refund", "late"]', ["late", "refund"]),
        ("[]", []),
        ("(none of these)", []),
    ],
)
def test_several_labels_are_read_from_what_files_hold(cell: str, labels: list[str]) -> None:
    assert kind_named("multi_label").parse(MultiLabel(labels=("refund", "late", "other")), cell) == labels


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("lat", r"label 'lat' is not in the task \(did you mean 'late'\?\)"),
        ("late|late", "'late' stands there twice"),
        ("[late", "expected a list of labels"),
        ("[1]", "expected a list of labels"),
        ('["late", null]', "expected a list of labels"),
    ],
)
def test_what_names_no_labels_is_refused(cell: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind_named("multi_label").parse(MultiLabel(labels=("refund", "late", "other")), cell)


PERSON = {"start": 0, "end": 4, "label": "PER"}


@pytest.mark.parametrize(
    "cell",
    ['[{"start": 0, "end": 4, "label": "PER"}]', '[[0, 4, "PER"]]', "0-4 PER", '[{"start":0,"end":4,"type":"PER"}]'],
)
def test_passages_are_read_from_what_files_hold(cell: str) -> None:
    assert SPAN.parse(Span(labels=("PER", "LOC")), cell) == [PERSON]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("John", "expected passages as start, end and label"),
        ('[[4, 4, "PER"]]', "expected passages as start, end and label"),
        ('[[-1, 4, "PER"]]', "expected passages as start, end and label"),
        ('[[0, 4.5, "PER"]]', "expected passages as start, end and label"),
        ('[{"start": 0, "label": "PER"}]', "expected passages as start, end and label"),
        ("0-4 PERS", r"label 'PERS' is not in the task \(did you mean 'PER'\?\)"),
        ("0-4 PER; 0-4 PER", "'0-4 PER' stands there twice"),
        ("0-4 PER; 2-6 LOC", "overlap; `overlapping = true` allows that"),
    ],
)
def test_what_is_no_passage_is_refused(cell: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SPAN.parse(Span(labels=("PER", "LOC")), cell)


@given(st.text(), st.data())
def test_places_of_a_page_are_places_in_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    spans = [{"start": start, "end": data.draw(st.integers(start, len(text))), "label": "PER"}]
    fixed, fields = {"field": "text"}, {"text": text}
    assert SPAN.to_page is not None
    assert SPAN.from_page is not None
    there = SPAN.to_page(fixed, spans, fields)
    assert SPAN.from_page(fixed, there, fields) == spans
    sent = SPAN.page_fields(fixed, fields)["text"]
    assert sent.rstrip(" ") == text.rstrip(" ")
    assert all(span["end"] <= len(sent) for span in there)  # Argilla refuses what ends later


def test_passages_are_shown_in_their_text() -> None:
    spans = [PERSON, {"start": 9, "end": 14, "label": "LOC"}]
    assert SPAN.marked is not None
    assert SPAN.marked(spans, Span(labels=("PER", "LOC")), {"text": "John saw Paris"}) == "[John](PER) saw [Paris](LOC)"
    assert SPAN.marked([], Span(labels=("PER",)), {"text": "John"}) == "John"


def test_a_rating_is_shown_on_its_scale() -> None:
    assert RATING.marked is not None
    assert RATING.marked(3, Rating(), {"text": "It came late"}) == "1  2  [3]  4  5"


def test_who_leaves_a_passage_unmarked_says_that_it_is_nothing() -> None:
    stored = SPAN.value()
    rows = {"m1": {"ana": [PERSON], "ben": []}, "m2": {"ana": [], "ben": []}, "m3": {"ana": [PERSON], "ben": [PERSON]}}
    pairs = [(i, who, value) for i, said in rows.items() for who, value in said.items()]
    columns = {"record_id": [i for i, _, _ in pairs], "reviewer": [who for _, who, _ in pairs]}
    values = pa.array([value for *_, value in pairs], stored)
    votes = pa.table({**columns, "status": ["submitted"] * len(pairs), "value": values})
    question = Span(labels=("PER", "LOC"))
    units = as_units(votes, SPAN, question)
    assert sorted(units.votes.column("label").to_pylist()) == [NOTHING, "PER", "PER", "PER"]
    found = of_records(consensus(units.votes), units, in_words(votes, SPAN), question, {})
    assert found.label["m2"] == "(none of these)"
    assert found.label["m3"] == "0-4 PER"
    assert found.probability("m1", "0-4 PER") == pytest.approx(1 - (found.probability("m1", "(none of these)") or 0))


def test_a_cell_that_cannot_be_read_is_named_also_where_labels_are_taken_from_the_file(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    rows = [{"text": "John left.", "spans": [[0, 4, "PER"]]}, {"text": "Ann.", "spans": [[0, "PER"]]}]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(data), "--text", "text", "--kind", "span", "--label", "spans"]
    done = CliRunner().invoke(cli, [*given, "--labels-from-data"])
    assert "data.jsonl, row 2, column 'spans': expected passages as start, end and label" in str(done.exception)
    assert not (tmp_path / "p").exists()


def test_a_passage_outside_its_text_is_named_with_its_row(tmp_path: Path) -> None:
    data = tmp_path / "data.jsonl"
    rows = [{"text": "John left.", "spans": [[0, 4, "PER"]]}, {"text": "Ann.", "spans": [[0, 9, "PER"]]}]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(data), "--text", "text", "--kind", "span", "--label", "spans"]
    done = CliRunner().invoke(cli, [*given, "--labels-from-data"])
    assert "data.jsonl, row 2, column 'spans': passage '0-9 PER' ends outside its text" in str(done.exception)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        ("multi_label", ["late", "late!"], "late | late!"),
        ("span", [[0, 4, "late"], [5, 9, "late!"]], "0-4 late; 5-9 late!"),
    ],
)
def test_a_label_is_renamed_in_answers_and_in_their_words(tmp_path: Path, kind: str, answer: Any, words: str) -> None:
    data, folder = tmp_path / "data.jsonl", tmp_path / "p"
    rows = [{"text": "Once more it comes late.", "answer": answer}, {"text": "Nothing here.", "answer": []}]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    given = ["init", str(folder), "--data", str(data), "--text", "text", "--label", "answer", "--labels-from-data"]
    done = CliRunner().invoke(cli, [*given, "--kind", kind])
    assert done.exit_code == 0, done.output
    project = open_project(folder)
    said = pa.table({"record_id": ["1"], "answers": [[words, "(no label fits)"]], "reason": ["they differ"]})
    project.round(0).write_table("adjudication.parquet", said)
    rename_label(project, "late", "delayed")
    task = open_project(folder).config.task
    assert task.labels == ("delayed", "late!")
    renamed = project.round(0).table("labels.parquet")["value"].to_pylist()
    assert task.in_words(renamed[0]) == words.replace("late", "delayed", 1)
    (answers,) = project.round(0).table("adjudication.parquet")["answers"].to_pylist()
    assert answers == [words.replace("late", "delayed", 1), "(no label fits)"]


@pytest.mark.parametrize(
    ("kind", "answers", "joined"),
    [
        ("multi_label", ["late", "Late|lost", "late"], ["late", "late | lost", "late"]),
        ("span", ["0-4 late", "0-4 Late; 5-9 lost", "2-4 late"], ["0-4 late", "0-4 late; 5-9 lost", "2-4 late"]),
    ],
)
def test_labels_that_are_twins_are_joined_and_nothing_else_changes(
    tmp_path: Path, kind: str, answers: list[str], joined: list[str]
) -> None:
    texts = ("Once more it comes late.", "Twice it came to nothing.", "It is not here.")
    rows = "".join(f"{text},{answer}\n" for text, answer in zip(texts, answers, strict=True))
    (tmp_path / "data.csv").write_text(f"text,answer\n{rows}", encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(tmp_path / "data.csv"), "--text", "text", "--label", "answer"]
    done = CliRunner().invoke(cli, [*given, "--kind", kind, "--labels-from-data", "--join-labels"])
    assert done.exit_code == 0, done.output
    project = open_project(tmp_path / "p")
    assert [project.config.task.in_words(value) for value in project.records["value"].to_pylist()] == joined


def test_an_answer_stands_in_the_stratum_of_its_rarest_label() -> None:
    answers = [["a"], ["a", "b"], [], None, ["b", "c"], ["a"]]
    assert rarest(answers) == ["a", "b", "(none of these)", None, "c", "a"]


@pytest.mark.parametrize(("cell", "step"), [("2", 2), ("2.0", 2), ("+7", 7), ("0", 0), ("1e0", 1)])
def test_a_rating_is_read_from_what_files_hold(cell: str, step: int) -> None:
    assert RATING.parse(Rating(values=(0, 1, 2, 7)), cell) == step


@pytest.mark.parametrize("cell", ["3", "2.5", "two", "-1", "nan", "inf", "1e400", "7 stars"])
def test_what_is_no_step_is_refused_with_the_steps(cell: str) -> None:
    with pytest.raises(ValueError, match=r"is none of 0, 1, 2, 7$"):
        RATING.parse(Rating(values=(0, 1, 2, 7)), cell)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kind", "ratin"], "--kind: unknown kind 'ratin' (did you mean 'rating'?)"),
        (["--kind", "rating", "--labels", "a,b"], "answers of the kind 'rating' have no labels"),
        (["--kind", "rating", "--set", "values=[1,"], "--set values=[1,: expected KEY=VALUE as in TOML"),
        (["--kind", "rating", "--set", "steps=5"], "'task.questions.rating.steps' is not known"),
        (["--kind", "rating", "--set", "values=[1]"], "'task.questions.rating.values'"),
        (["--kind", "rating", "--set", "values=[5,1]"], "from the lowest to the highest"),
        (["--kind", "rating", "--set", "values=[1,1,2]"], "values must differ, 1 stands there twice"),
        (["--kind", "rating", "--set", "values=[1,11]"], "whole numbers from 0 to 10"),
        (["--kind", "rating", "--label", "stars"], "data.csv, row 3, column 'stars': rating 'many' is none of 1, 2, 3"),
        ([], "name the labels with --labels"),
        (["--label", "stars"], "name the labels with --labels"),
        (["--kind", "multi_label", "--labels", "a|b,c"], "which stands between labels"),
        (["--kind", "multi_label", "--labels", "a,b", "--label", "stars"], "row 2, column 'stars': label '5' is not"),
    ],
)
def test_a_bad_start_is_one_line_and_leaves_nothing(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "data.csv").write_text("text,stars\nGood.,5\nBad.,many\n", encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(tmp_path / "data.csv"), "--text", "text"]
    done = CliRunner().invoke(cli, [*given, *arguments])
    assert done.exit_code != 0
    assert message in str(done.exception) or message in done.output
    assert not (tmp_path / "p").exists()


def test_ratings_that_came_with_the_file_are_numbers(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("text,stars\nGood.,5\nBad.,1.0\nWho knows.,\n", encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(tmp_path / "data.csv"), "--text", "text"]
    assert CliRunner().invoke(cli, [*given, "--kind", "rating", "--label", "stars"]).exit_code == 0
    assert read_config(tmp_path / "p" / "twofold.toml").task.kind is RATING
    done = CliRunner().invoke(cli, ["export", str(tmp_path / "p"), "--what", "labels", "--format", "jsonl"])
    assert '"rating": 5' in done.output
    assert '"rating": null' in done.output
    guidelines = (tmp_path / "p" / "guidelines.md").read_text(encoding="utf-8")
    assert "then choose the step of the scale that fits best" in guidelines
    assert "- **3**: " in guidelines


@pytest.mark.parametrize(
    ("cells", "more", "said"),
    [
        (["1", "5", "3"], [], "'answer' holds whole numbers from 1 to 5: the kind is 'rating'"),
        (["1", "2", "1"], ["--labels", "1,2"], "2 of 2"),
        (["a|b", "b", "a"], ["--labels", "a,b"], "the kind is 'multi_label'; --kind says otherwise"),
        (["a|b", "b|a", "a"], ["--labels-from-data"], "'answer' holds labels with '|' between them"),
        (["a|b", "b|a", "a"], ["--labels-from-data", "--kind", "single_label"], "3 of 3"),
    ],
)
def test_the_kind_is_guessed_from_the_answers_and_said(
    tmp_path: Path, cells: list[str], more: list[str], said: str
) -> None:
    rows = "".join(f"{text},{cell}\n" for text, cell in zip(("One.", "Two.", "Three."), cells, strict=True))
    (tmp_path / "data.csv").write_text(f"text,answer\n{rows}", encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(tmp_path / "data.csv"), "--text", "text", "--label", "answer"]
    done = CliRunner().invoke(cli, [*given, *more])
    assert done.exit_code == 0, done.output
    assert said.replace("2 of 2", "3 of 3") in " ".join(done.output.split())


def test_lists_in_a_file_are_several_labels(tmp_path: Path) -> None:
    rows = [{"text": "One.", "answer": ["a", "b"]}, {"text": "Two.", "answer": []}, {"text": "Three.", "answer": None}]
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    given = ["init", str(tmp_path / "p"), "--data", str(data), "--text", "text", "--label", "answer"]
    done = CliRunner().invoke(cli, [*given, "--labels-from-data"])
    assert done.exit_code == 0, done.output
    assert open_project(tmp_path / "p").records["value"].to_pylist() == [["a", "b"], [], None]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def stars(): return 3", "'stars': expected a function that returns the Kind of that name, came 3"),
        ("import nothing_like_it", "'stars' of shop .* cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_kind_from_elsewhere_that_is_none_is_one_line(install: Callable[..., Path], code: str, message: str) -> None:
    install("shop", code, "twofold.kinds", stars="shop:stars")
    with pytest.raises(ValueError, match=message):
        kind_named("stars")


@pytest.mark.parametrize("kind", list(OURS.values()), ids=list(OURS))
def test_a_record_that_has_drafts_alone_has_no_answer(kind: Kind) -> None:
    answers = {
        "rating": 2,
        "single_label": "late",
        "multi_label": ["late"],
        "span": [PERSON],
        "text": "Late.",
        "preference": "first",
        "ranking": [{"value": name, "rank": n + 1} for n, name in enumerate(("tea", "milk", "rum", "ale"))],
    }
    question, value = QUESTIONS[kind.name](), answers[kind.name]
    rows = {"record_id": ["a", "b"], "reviewer": ["ana", "ana"], "status": ["submitted", "draft"]}
    for n, status in enumerate((["submitted", "draft"], ["draft", "draft"])):
        votes = pa.table({**rows, "status": status, "value": pa.array([value, value], kind.value())})
        units = as_units(votes, kind, question)
        found = of_records(
            consensus_of(kind)(units.votes, labels=kind.choices(question)),
            units,
            in_words(votes, kind, question),
            question,
            {},
        )
        assert list(found.label) == ([] if n else ["a"])


def test_a_consensus_on_choices_makes_answers_again() -> None:
    said = [("a", "ana", 2), ("a", "ben", 2), ("b", "ana", 0), ("b", "ben", 7), ("b", "cem", 7)]
    people = {"record_id": [r for r, _, _ in said], "reviewer": [p for _, p, _ in said]}
    votes = pa.table(
        {**people, "status": ["submitted"] * len(said), "value": pa.array([v for *_, v in said], pa.int64())}
    )
    units, answers = as_units(votes, RATING, None), in_words(votes, RATING)
    found = of_records(consensus(units.votes), units, answers, None, {str(step): step for step in (0, 1, 2, 7)})
    assert {i: found.values[label] for i, label in found.label.items()} == {"a": 2, "b": 7}
    assert found.confidence["b"] == pytest.approx(found.probability("b", "7"))
    assert found.probability("nobody", "7") is None
    assert sum(found.probability("b", step) or 0 for step in ("0", "2", "7")) == pytest.approx(1)
