"""Behavioural tests tell models apart that read what they should from those that do not; a wrong file is one line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evaluation.behaviour import BehaviourResult, behaviour
from evaluation.behaviour_file import as_scalar, read_yaml
from evaluation.behaviour_starter import starter

NAMES = ["refund", "delivery"]
TEXTS = [f"my order {number} is late, where is it" for number in range(40)] + ["I want a refund", "give a Refund"] * 5


def by_word(texts: list[str]) -> Any:
    return [[0.9, 0.1] if "refund" in text.lower() else [0.2, 0.8] for text in texts]


def by_case(texts: list[str]) -> Any:
    return [[0.9, 0.1] if text.isupper() else [0.2, 0.8] for text in texts]


def constant(texts: list[str]) -> Any:
    return [[0.2, 0.8]] * len(texts)


def tried(test: Mapping[str, Any], ask: Any, **settings: Any) -> BehaviourResult:
    (found,) = behaviour([{"name": "it", **test}], ask, label_names=NAMES, texts=TEXTS, **settings)
    return found


@pytest.mark.parametrize(
    ("test", "verdicts"),
    [
        ({"texts": ["I want a refund"], "expect": "refund"}, ("met", "not met", "not met")),
        ({"texts": ["I want a refund"], "expect": ["refund", "delivery"]}, ("met", "met", "met")),
        ({"of": "test", "change": "upper_case", "expect": "same"}, ("met", "not met", "met")),
        ({"of": "test", "change": ["typos"], "strength": 1, "expect": "same"}, ("not met", "met", "met")),
        ({"of": "test", "replace": {"order": ["parcel", "bike"]}, "expect": "same"}, ("met", "met", "met")),
        ({"of": "test", "replace": {"order": "refund"}, "expect": "same"}, ("not met", "met", "met")),
        (
            {"of": "test", "append": "I want a refund.", "expect": {"label": "refund", "change": "not down"}},
            ("met", "met", "met"),
        ),
        (
            {"texts": "where is it", "append": "REFUND", "expect": {"label": "refund", "change": "up"}},
            ("met", "not met", "not met"),
        ),
        (
            {"texts": "a refund", "replace": {"refund": "parcel"}, "expect": {"label": "refund", "change": "down"}},
            ("met", "not met", "not met"),
        ),
        (
            {"texts": "where is it", "append": "a refund", "expect": {"label": "refund", "change": "not up"}},
            ("not met", "met", "met"),
        ),
        (
            {
                "texts": "where is it",
                "append": "a refund",
                "expect": {"label": "refund", "change": "not up", "tolerance": 0.8},
            },
            ("met", "met", "met"),
        ),
    ],
)
def test_each_kind_of_test_tells_models_apart(test: dict[str, Any], verdicts: tuple[str, ...]) -> None:
    assert tuple(tried(test, ask).verdict for ask in (by_word, by_case, constant)) == verdicts


def test_a_template_is_filled_with_every_combination_and_drawn_from_where_there_are_too_many() -> None:
    test = {
        "template": "{who} wants {what}, says {who}",
        "lexicon": {"who": ["Ann", "Ben"], "what": ["a refund", "it", "1"]},
    }
    found = tried({**test, "expect": "refund"}, by_word)
    assert (found.cases, found.failures) == (6, 4)
    assert {case.text[0] for case in found.worst} <= {
        f"{x} wants {y}, says {x}" for x in ("Ann", "Ben") for y in ("it", "1")
    }
    many = {slot: [f"{slot}{number}" for number in range(1000)] for slot in "abcdefghij"}
    wide = {"template": "".join(f"{{{slot}}}" for slot in many), "lexicon": many, "expect": "delivery"}
    assert tried(wide, constant, most=50).cases == 50


def test_what_may_fail_is_met_by_the_whole_interval_alone() -> None:
    test = {"of": "test", "append": "refund", "expect": "same"}
    assert tried({**test, "at_most": 0.99}, by_word).verdict == "met"  # 40 of 42
    found = tried({**test, "at_most": 0.9}, by_word)
    assert (found.cases, found.failures, found.verdict) == (42, 40, "not shown")
    low = tried({**test, "at_most": 0.01}, constant)
    assert (low.failures, low.verdict) == (0, "not shown")
    assert "would take about" in low.reason
    assert tried(test, constant).verdict == "met"  # none of these fails, and no more is asked


def test_a_case_fails_once_whatever_number_of_its_changes_does_and_texts_that_stay_are_none() -> None:
    found = tried({"texts": TEXTS[-2:], "append": ["now", "PARCEL"], "expect": "same"}, by_word)
    assert (found.cases, found.failures) == (2, 0)
    either = tried(
        {"texts": ["ann is in", "ben is in"], "replace": {"ann": ["eva", "refund"]}, "expect": "same"}, by_word
    )
    assert (either.cases, either.failures) == (1, 1)
    (worst,) = either.worst
    assert (worst.before, worst.text) == (("ann is in",), ("refund is in",))
    assert (worst.said_before, worst.said, worst.expected) == ("delivery (0.80)", "refund (0.90)", "the same answer")
    none = tried({"texts": ["ben is in"], "replace": {"ann": "eva"}, "expect": "same"}, by_word)
    assert (none.cases, none.verdict, none.is_met) == (0, "not known", False)
    assert "changes none of the texts" in none.reason


def test_several_labels_have_to_be_all_and_a_scale_moves_by_its_mean() -> None:
    both = [{"name": "it", "texts": ["a"], "expect": ["x", "y"]}, {"name": "none", "texts": ["a"], "expect": []}]
    (found, none) = behaviour(both, lambda t: [[0.9, 0.2]] * len(t), label_names=["x", "y"], several=True)
    assert (found.verdict, none.verdict, found.worst[0].said) == ("not met", "not met", "x (0.72)")
    rising = [{"name": "it", "texts": ["good"], "append": "and great", "expect": {"change": "up", "tolerance": 0.5}}]
    scale = lambda texts: [[0.0, 0.2, 0.8] if "great" in text else [0.2, 0.6, 0.2] for text in texts]  # noqa: E731
    (moved,) = behaviour(rising, scale, label_names=["1", "2", "3"])
    assert moved.verdict == "met"


def test_records_of_several_fields_are_changed_in_one_or_all() -> None:
    ask = lambda pairs: [[0.9, 0.1] if two.isupper() else [0.1, 0.9] for _, two in pairs]  # noqa: E731
    test = {"name": "it", "texts": [{"ask": "so", "answer": "it is"}], "change": "upper_case", "expect": "same"}
    fields = ("ask", "answer")
    for more, verdict in (({}, "not met"), ({"field": "ask"}, "met"), ({"field": "answer"}, "not met")):
        (found,) = behaviour([{**test, **more}], ask, label_names=NAMES, fields=fields)
        assert found.verdict == verdict


GOOD = "tests:\n  - name: one\n    texts: [hello there]\n    expect: refund\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "key 'tests': expected a list of tests, got nothing"),
        ("tests: none", "line 1: key 'tests': expected a list of tests, got 'none'"),
        ("tests:\n  - hello", "test 1: expected keys and values, got 'hello'"),
        ("tests:\n  - name: [a", "line 2: expected YAML, got "),
        ("tests: &a\n  - *a", r"line 1: anchors \(& and \*\) are not read"),
        ("a: 1\na: 2", "line 2: the key 'a' stands there twice"),
        ("? [a]\n: 1", "line 1: expected a word as a key"),
        ("[" * 9000, "line 1: expected lists and mappings at most 20 deep"),
        (GOOD.replace("texts", "text"), "line 3: test 1: key 'text': expected one of name, texts, template"),
        (GOOD.replace("refund", "refunds"), "line 4: test 'one': key 'expect': expected one of refund, delivery"),
        (GOOD.replace("name: one", "name: ''"), "line 2: test 1: key 'name': expected a text, got nothing"),
        (GOOD + GOOD[7:], "line 2: test 'one': key 'name': expected another name for each test"),
        (GOOD.replace("texts: [hello there]", "of: test"), "key 'of': expected a change, replace or append beside it"),
        (GOOD.replace("texts: [hello there]", "template: '{a} b'"), "expected slots of the lexicon .*, got '{a}'"),
        (GOOD + "    change: tipos\n", "key 'expect': expected same, or label and change, got 'refund'"),
        (GOOD.replace("refund", "same") + "    change: tipos\n", "key 'change': expected some of typos"),
        (GOOD.replace("refund", "same") + "    change: typos\n    append: x\n", "key 'append': expected one change"),
        (GOOD.replace("refund", "same") + "    replace: x\n", "key 'replace': expected words and what each becomes"),
        (GOOD + "    at_most: 10%\n", "line 5: test 'one': key 'at_most': expected a number from 0 to 1, got '10%'"),
        (GOOD + "    at_most: .nan\n", "key 'at_most': expected a number from 0 to 1"),
        (
            GOOD.replace("refund", "{label: refund, change: sideways}") + "    append: x\n",
            "key 'change': expected one of",
        ),
        (GOOD.replace("refund", "{change: up}") + "    append: x\n", "key 'label': expected one of refund, delivery"),
        (GOOD.replace("[hello there]", "[[a]]"), r"key 'texts': expected a text or a list of texts, got \['a'\]"),
        (GOOD + "lexicon: {a: {}}\n", "key 'a': expected a text or a list of texts"),
        (GOOD.replace("hello", "\udcff"), "expected text in UTF-8"),
        ("#" * 2**20 + "\n", "expected at most 1,048,576 bytes"),
    ],
)
def test_a_wrong_file_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "behaviour.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=said) as error:
        behaviour(path, constant, label_names=NAMES, texts=TEXTS)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_label_that_yaml_would_take_for_something_else_stays_a_label(tmp_path: Path) -> None:
    path = tmp_path / "behaviour.yaml"
    path.write_text("tests:\n  - {name: one, texts: [a], expect: no}\n  - {name: two, texts: [a], expect: 1}\n")
    no, one = behaviour(path, lambda texts: [[0.9, 0.1]] * len(texts), label_names=["no", "1"])
    assert (no.verdict, one.verdict) == ("met", "not met")
    path.write_text("a: !!python/object/apply:os.system ['echo']")
    assert read_yaml(path) == {"a": ["echo"]}


@pytest.mark.parametrize("fields", [("text",), ("ask", "answer: \n#")])
def test_a_starter_is_read_again_whatever_the_texts_are(tmp_path: Path, fields: tuple[str, ...]) -> None:
    odd = ["yes", "- a: b # c", 'so "he" said\n\u2028\x07 \\', "{x} 'y' \U0001f600", "12"]
    records = [tuple(f"{text}" for _ in fields) for text in odd]
    path = tmp_path / "behaviour.yaml"
    path.write_text(starter(odd, dict.fromkeys(odd, records[:3]), fields=fields), encoding="utf-8")
    found = behaviour(
        path, lambda t: [[0.6, 0.1, 0.1, 0.1, 0.1]] * len(t), label_names=odd, fields=fields, texts=records
    )
    assert [one.kind for one in found][:5] == ["minimum functionality"] * 5
    assert (found[0].verdict, found[0].cases, found[1].verdict) == ("met", 3, "not met")
    assert {one.kind for one in found} == {"minimum functionality", "invariance", "direction"}
    assert {case.text for case in found[1].worst} <= set(records)
    assert as_scalar("no") == '"no"'
