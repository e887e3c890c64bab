"""The bundled demo sample keeps the shape and the planted faults that its description promises."""

import csv
import re
from collections import Counter, defaultdict
from difflib import SequenceMatcher
from importlib.resources import files

import pytest

INTENTS = {
    "delivery_status",
    "return_or_refund",
    "damaged_or_wrong_item",
    "product_question",
    "payment_problem",
    "account_help",
}
PLANTED = {
    "clean": 453,
    "wrong_label": 72,
    "ambiguous": 50,
    "near_duplicate": 20,
    "exact_duplicate": 5,
    "out_of_scope": 12,
}
Row = dict[str, str]


def read(name: str) -> list[Row]:
    """Rows of one file of the sample."""
    return list(csv.DictReader(page(name).splitlines()))


def page(name: str) -> str:
    """Text of one file of the sample."""
    return files("curation").joinpath("demo", name).read_text(encoding="utf-8")


def kinds(row: Row) -> set[str]:
    return set(row["kind"].split(";"))


@pytest.fixture(scope="module")
def messages() -> dict[str, Row]:
    return {row["id"]: row for row in read("messages.csv")}


@pytest.fixture(scope="module")
def truth() -> dict[str, Row]:
    return {row["id"]: row for row in read("truth.csv")}


@pytest.fixture(scope="module")
def copies(truth: dict[str, Row]) -> list[Row]:
    return [row for row in truth.values() if row["duplicate_of"]]


def share_correct(reviewer: str, truth: dict[str, Row]) -> float:
    answers = [row for row in read("answers.csv") if row["reviewer"] == reviewer]
    in_scope = [row for row in answers if truth[row["id"]]["intent"]]
    return sum(row["label"] == truth[row["id"]]["intent"] for row in in_scope) / len(in_scope)


def test_six_hundred_messages_have_unique_ids_in_order() -> None:
    ids = [row["id"] for row in read("messages.csv")]
    assert ids == [f"m{number:04d}" for number in range(1, 601)]
    assert [row["id"] for row in read("truth.csv")] == ids


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("messages.csv", ["id", "text", "label"]),
        ("truth.csv", ["id", "intent", "kind", "duplicate_of", "second_intent"]),
        ("answers.csv", ["id", "reviewer", "label", "seconds"]),
    ],
)
def test_every_row_fills_exactly_the_promised_columns(name: str, columns: list[str]) -> None:
    assert all(list(row) == columns and None not in row.values() for row in read(name))


def test_labels_are_the_six_intents(messages: dict[str, Row], truth: dict[str, Row]) -> None:
    assert {row["label"] for row in messages.values()} == INTENTS
    assert {row["intent"] for row in truth.values()} == INTENTS | {""}
    assert {row["label"] for row in read("answers.csv")} == INTENTS | {""}


def test_the_intents_are_imbalanced_but_none_is_rare(truth: dict[str, Row]) -> None:
    counts = Counter(row["intent"] for row in truth.values() if row["intent"])
    assert counts["delivery_status"] == max(counts.values())
    assert counts["account_help"] == min(counts.values()) == 50
    assert max(counts.values()) / min(counts.values()) > 2


def test_messages_are_one_trimmed_line_of_six_to_thirty_words(messages: dict[str, Row]) -> None:
    for row in messages.values():
        assert row["text"] == " ".join(row["text"].split()), row["id"]
        assert 6 <= len(row["text"].split()) <= 30, row["id"]


def test_planted_counts_are_those_in_the_description(truth: dict[str, Row]) -> None:
    assert Counter(kind for row in truth.values() for kind in kinds(row)) == PLANTED
    description = page("sample.md")
    for kind, count in PLANTED.items():
        assert f"| `{kind}` | {count} |" in description


def test_a_label_is_wrong_exactly_where_that_was_planted(messages: dict[str, Row], truth: dict[str, Row]) -> None:
    in_scope = [row for row in truth.values() if row["intent"]]
    wrong = {row["id"] for row in in_scope if messages[row["id"]]["label"] != row["intent"]}
    assert wrong == {row["id"] for row in in_scope if "wrong_label" in kinds(row)}


def test_out_of_scope_messages_have_no_intent_and_nothing_else_planted(truth: dict[str, Row]) -> None:
    for row in truth.values():
        assert (row["kind"] == "out_of_scope") == (row["intent"] == ""), row["id"]


def test_ambiguous_messages_name_another_intent_as_the_second(truth: dict[str, Row]) -> None:
    for row in truth.values():
        assert ("ambiguous" in kinds(row)) == bool(row["second_intent"]), row["id"]
        assert row["second_intent"] in INTENTS - {row["intent"]} | {""}


def test_clean_excludes_every_other_kind(truth: dict[str, Row]) -> None:
    assert all(kinds(row) == {"clean"} for row in truth.values() if "clean" in kinds(row))


def test_copies_resemble_an_earlier_original_with_the_same_intent(
    messages: dict[str, Row], truth: dict[str, Row], copies: list[Row]
) -> None:
    assert {row["id"] for row in copies} == {
        row["id"] for row in truth.values() if kinds(row) & {"near_duplicate", "exact_duplicate"}
    }
    for row in copies:
        original = truth[row["duplicate_of"]]
        text, source = (messages[record["id"]]["text"] for record in (row, original))
        assert original["id"] < row["id"]
        assert not original["duplicate_of"]
        assert row["intent"] == original["intent"]
        assert (text == source) == ("exact_duplicate" in kinds(row))
        assert SequenceMatcher(None, source.lower(), text.lower(), autojunk=False).ratio() > 0.7, row["id"]


def test_copies_are_far_from_their_originals_in_the_file(copies: list[Row]) -> None:
    assert min(int(row["id"][1:]) - int(row["duplicate_of"][1:]) for row in copies) > 40


def test_five_copies_carry_a_label_at_odds_with_the_original(messages: dict[str, Row], copies: list[Row]) -> None:
    at_odds = [row for row in copies if messages[row["id"]]["label"] != messages[row["duplicate_of"]]["label"]]
    assert len(at_odds) == 5
    assert all("wrong_label" in kinds(row) for row in at_odds)


def test_only_planted_copies_repeat_a_text(messages: dict[str, Row], truth: dict[str, Row]) -> None:
    texts = [row["text"].lower() for row in messages.values() if not truth[row["id"]]["duplicate_of"]]
    assert len(set(texts)) == len(texts) == 575


def test_messages_are_no_template_fill_ins(messages: dict[str, Row], truth: dict[str, Row]) -> None:
    used_by: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in messages.values():
        words = re.findall(r"[\w']+", row["text"].lower())
        if not truth[row["id"]]["duplicate_of"]:
            for start in range(len(words) - 4):
                used_by[tuple(words[start : start + 5])].add(row["id"])
    assert max(len(ids) for ids in used_by.values()) <= 3


def test_contact_details_are_reserved_example_addresses(messages: dict[str, Row]) -> None:
    text = " ".join(row["text"] for row in messages.values())
    addresses = re.findall(r"[\w.]+@([\w.]+\w)|www\.([\w.]+\w)", text)
    assert {mail or site for mail, site in addresses} == {"example.com"}


def test_each_message_has_one_answer_from_each_reviewer(messages: dict[str, Row]) -> None:
    answered = Counter((row["id"], row["reviewer"]) for row in read("answers.csv"))
    assert set(answered) == {(record, who) for record in messages for who in ("ana", "ben", "carla")}
    assert set(answered.values()) == {1}


def test_answers_took_a_plausible_time() -> None:
    assert all(0.5 < float(row["seconds"]) < 120 for row in read("answers.csv"))


@pytest.mark.parametrize(("reviewer", "intended"), [("ana", 0.96), ("ben", 0.88), ("carla", 0.98)])
def test_reviewers_are_as_accurate_as_described(reviewer: str, intended: float, truth: dict[str, Row]) -> None:
    assert share_correct(reviewer, truth) == pytest.approx(intended, abs=0.01)
    assert f"| `{reviewer}` | {intended:.0%} |" in page("sample.md")


def test_ben_mostly_mixes_up_late_and_damaged_parcels(truth: dict[str, Row]) -> None:
    mistakes = Counter(
        frozenset((truth[row["id"]]["intent"], row["label"]))
        for row in read("answers.csv")
        if row["reviewer"] == "ben" and row["label"] != truth[row["id"]]["intent"]
    )
    assert mistakes.most_common(1)[0][0] == {"delivery_status", "damaged_or_wrong_item"}


def test_ben_repeats_wrong_suggestions_more_than_the_others_do(messages: dict[str, Row], truth: dict[str, Row]) -> None:
    wrong = {record for record, row in truth.items() if "wrong_label" in kinds(row)}
    repeats = Counter(
        row["reviewer"]
        for row in read("answers.csv")
        if row["id"] in wrong and row["label"] == messages[row["id"]]["label"]
    )
    assert repeats["ben"] > 3 * max(repeats["ana"], repeats["carla"])


def test_most_answers_to_out_of_scope_messages_are_discards(truth: dict[str, Row]) -> None:
    discards = Counter(
        row["reviewer"] for row in read("answers.csv") if not truth[row["id"]]["intent"] and row["label"] == ""
    )
    assert discards == {"ana": 11, "ben": 8, "carla": 12}
    assert sum(row["label"] == "" for row in read("answers.csv")) == 31


def test_guidelines_explain_every_intent_with_an_example_not_in_the_sample(messages: dict[str, Row]) -> None:
    texts = {row["text"] for row in messages.values()}
    examples = dict(re.findall(r'^\| `(\w+)` \|.*\| "(.+)" \|$', page("guidelines.md"), re.M))
    assert set(examples) == INTENTS
    assert not texts & set(examples.values())


def test_the_description_says_that_nothing_is_real() -> None:
    description = page("sample.md")
    assert "made up for this project" in description
    assert "no evidence" in description
