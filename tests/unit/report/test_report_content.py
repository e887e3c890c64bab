"""What the report says, for rounds in which much, little or nothing has happened."""

import re

import pytest
from parsed_page import parsed
from sample_reports import banking77_labels, empty_report, full_report, interval

from curation.report import render
from curation.report.wording import metric
from evaluation.order_evaluation import evaluate_orders
from evaluation.suites import SUITES


def words(report: dict) -> str:
    """Return the page's text as a reader sees it, with single spaces; the style sheet is no text."""
    html = re.sub(r"<style>.*?</style>", "", render(report), flags=re.DOTALL)
    return " ".join(parsed(html).text.split())


def test_the_headline_tells_the_round_in_one_sentence() -> None:
    said = words(full_report())
    assert (
        "Round 3: 120 records fully answered, 17 settled by an adjudicator, "
        "the model's accuracy rose from 0.783 [0.723, 0.843] to 0.861 [0.801, 0.921] since round 2."
    ) in said


def test_a_gain_whose_interval_holds_zero_is_not_called_a_rise() -> None:
    report = full_report()
    report["model"]["comparison"]["accuracy"] = {"value": 0.02, "low": -0.01, "high": 0.05}
    said = words(report)
    assert "accuracy went from 0.783 [0.723, 0.843] to 0.861 [0.801, 0.921] since round 2" in said
    assert "since round 2, a difference that may be chance." in said
    assert "rose" not in said


def test_a_model_that_got_worse_is_said_to_have_fallen() -> None:
    report = full_report()
    report["model"]["comparison"]["accuracy"] = {"value": -0.05, "low": -0.08, "high": -0.02}
    assert "the model's accuracy fell from" in words(report)


def test_unanswered_and_disputed_records_are_part_of_the_headline() -> None:
    report = full_report()
    report["rounds"][3] |= {"answered": 100, "disputed": 3}
    assert "100 of 120 records fully answered, 17 settled by an adjudicator, 3 still disputed" in words(report)


def test_labels_of_a_majority_have_a_column_where_there_are_any() -> None:
    report = full_report()
    assert "By majority" not in words(report)
    report["rounds"][3] |= {"agreed": 90, "majority": 11}
    assert "Agreed By majority Adjudicated" in words(report)
    assert '<td class="num">90</td><td class="num">11</td><td class="num">17</td>' in render(report)


def test_what_to_do_next_comes_before_all_other_sections() -> None:
    ids = [attrs.get("id") for tag, attrs in parsed(render(full_report())).elements if tag == "section"]
    assert ids == ["next", "intake", "review", "gold", "checks", "bias", "model", "errors", "queue", "glossary"]


def test_commands_in_the_advice_are_set_as_code_and_lone_backticks_stay() -> None:
    report = full_report()
    report["next"] = ["Run `twofold push` now.", "A lone ` stays."]
    html = render(report)
    assert "Run <code>twofold push</code> now." in html
    assert "A lone ` stays." in html


def test_a_round_in_which_nothing_has_happened_says_so_in_words() -> None:
    said = words(empty_report())
    for sentence in (
        "Round 0: 500 records came in, nothing was sent to reviewers yet, no model measured yet.",
        "No row was left out.",
        "The project has no labels yet",
        "Nobody has reviewed records in this round yet.",
        "There is no gold comparison",
        "The checks have not run yet",
        "Labels were not scored yet, because the checks have not run.",
        "No duplicates were found yet, because the checks have not run.",
        "There is no map yet",
        "No model was trained in this round",
        "Nothing was trained yet.",
        "No round has begun yet.",
        "There are no errors to show, because no model was measured yet.",
        "There is no queue yet",
    ):
        assert sentence in said


@pytest.mark.parametrize("section", ["intake", "review", "gold", "checks", "bias", "model", "errors", "map", "queue"])
def test_any_part_may_be_missing_from_an_otherwise_full_report(section: str) -> None:
    page = parsed(render(full_report() | {section: None}))
    assert "absent" in page.values("class")


@pytest.mark.parametrize("section", ["labels", "rounds", "next"])
@pytest.mark.parametrize("nothing", [[], None])
def test_any_list_may_be_empty_in_an_otherwise_full_report(section: str, nothing: list | None) -> None:
    page = parsed(render(full_report() | {section: nothing}))
    assert "absent" in page.values("class")


def _emptied(part: object, depth: int) -> object:
    """Make everything below `depth` that may be null null: intervals, lists and mappings."""
    if isinstance(part, dict) and set(part) == {"value", "low", "high"}:
        return {"value": float("nan"), "low": None, "high": float("inf")}
    if isinstance(part, dict):
        return {
            key: [] if key == "rows" and isinstance(value, list) else _emptied(value, depth + 1)
            for key, value in part.items()
        }
    if isinstance(part, list) and depth == 2:
        return []
    return [_emptied(value, depth + 1) for value in part] if isinstance(part, list) else part


def test_undefined_numbers_are_never_printed() -> None:
    report = _emptied(full_report(), 0)
    report["map"] = {"total": 2, "x": [float("nan"), 1.0], "y": [0.0, None], "label": [-1, 99], "flag": [False, True]}
    said = words(report)
    assert "not measured" in said
    assert not re.search(r"\b(nan|inf|None|null|undefined)\b", said, re.IGNORECASE)


def test_an_interval_without_ends_is_not_drawn_as_a_certain_one() -> None:
    report = full_report()
    report["review"]["agreement"]["alpha"] = {"value": 0.5, "low": None, "high": None}
    assert "0.500 (no interval)" in words(report)


def test_few_labels_get_a_heat_map_and_many_get_their_worst_pairs() -> None:
    few = render(full_report())
    many = render(full_report(labels=banking77_labels()))
    assert '<table class="heat">' in few
    assert "What the model takes for what" not in few
    assert '<table class="heat">' not in many
    assert "What the model takes for what on the test part, the most frequent first" in many


def test_a_perfect_model_has_confused_nothing_even_with_many_labels() -> None:
    labels = banking77_labels()
    report = full_report(labels=labels)
    report["model"]["evaluation"]["confusion"] = [[int(i == j) for j in range(77)] for i in range(77)]
    assert "The model confused no labels on the test part." in words(report)


def test_pairs_of_reviewers_stand_in_order_of_agreement_unmeasured_ones_last() -> None:
    report = full_report()
    report["review"]["agreement"]["pairs"] = [
        {"first": "amira", "second": "bente", "kappa": None, "n": 2},
        {"first": "amira", "second": "chidi", "kappa": interval(0.8), "n": 30},
        {"first": "bente", "second": "chidi", "kappa": interval(-0.2), "n": 30},
    ]
    said = words(report)
    places = [said.index(pair) for pair in ("bente and chidi", "amira and chidi", "amira and bente")]
    assert places == sorted(places)


def test_label_agreement_may_come_without_counts() -> None:
    report = full_report()
    for row in report["review"]["agreement"]["per_label"]:
        del row["n"]
    assert "This label against all others" in words(report)
    assert "not counted" not in words(report)


def test_errors_say_whether_the_label_or_the_model_looks_wrong() -> None:
    said = words(full_report())
    assert "On 20 of these the label looks wrong rather than the model" in said
    assert "the model is wrong" in said


def test_a_label_that_looks_wrong_stands_beside_trusted_records_near_it() -> None:
    report = full_report()
    report["checks"]["worst_labels"]["rows"][0]["evidence"] = [
        {"record_id": "near-7", "text": "a near one", "label": "refund"}
    ]
    assert "1 trusted record near it a near one record near-7, label refund" in words(report)


def test_thin_regions_are_named_by_their_words() -> None:
    report = full_report()
    report["checks"]["regions"][0] |= {"words": ["mortgage", "loan"], "text": "my mortgage", "is_thin": True}
    assert "mortgage, loan thin my mortgage" in words(report)
    report["checks"]["regions"] = []
    assert "There are no regions yet" in words(report)


def test_wrong_labels_foretold_stand_beside_those_found() -> None:
    said = words(full_report())
    assert "Wrong, foretold Wrong, found" in said
    assert "22.0 [9.00, 40.0] of 98" in said
    assert "17 of 118" in said


def test_the_precision_of_training_and_embeddings_is_shown_where_it_is_known() -> None:
    report = full_report()
    shown = render(report)
    assert "<dt>Computed in</dt><dd>bfloat16</dd>" in shown
    assert "embeddings computed in float32" in shown
    del report["model"]["training"]["precision"], report["checks"]["precision"]
    assert "omputed in" not in render(report)


def test_a_number_of_the_users_own_stands_below_ours_under_its_name() -> None:
    report = full_report()
    report["model"]["evaluation"]["metrics"] = {"money <lost>": {"value": 1234.0, "low": 900.0, "high": 2100.0}}
    assert "money <lost>not measured1,234 [900, 2,100]" in words(report)
    report["model"]["before"]["metrics"] = {"money <lost>": {"value": 5.0, "low": None, "high": None}}
    assert "money <lost>5.00 (no interval)1,234 [900, 2,100]" in words(report)
    report["model"]["evaluation"]["metrics"] = None
    assert "money <lost>" not in words(report)


def test_every_number_of_ours_is_named_in_words() -> None:
    given = [["tea", "milk"], ["milk", "tea"]]
    orders = evaluate_orders(given, given, label_names=["milk", "tea"], taught=given).metrics
    ours = [*orders, *(key for suite in SUITES.values() for key in suite(["first", "second"]))]
    assert [key for key in ours if metric(key) == key] == []


def test_answers_that_are_counted_by_a_part_of_them_say_by_which() -> None:
    report = full_report()
    assert "is counted by" not in words(report)
    report["project"]["counted"] = "the option that it puts first"
    assert "an answer is counted by the option that it puts first." in words(report)


def test_what_a_baseline_doubts_is_one_line_beside_the_labels_that_look_wrong() -> None:
    said = words(full_report())
    assert "cleanlab doubts 47 of 1,180 labels: 33 that the check doubts too, and 14 that it does not." in said
    assert "26 are doubted by the check alone." in said


def test_what_cleanlab_thinks_of_a_label_stands_beside_what_the_check_does() -> None:
    report = full_report()
    rows = report["checks"]["worst_labels"]["rows"]
    assert rows[1]["cleanlab_p_wrong"] is None
    said = words(report)
    assert "Probability of being wrong By cleanlab Suggestion" in said
    assert "0.9880.900" in said
    assert "0.979not asked" in said
    for row in rows + report["checks"]["settled_labels"]["rows"]:
        del row["cleanlab_p_wrong"]  # as in a report of a version that did not keep it, or of a kind without a score
    assert "By cleanlab Suggestion" not in words(report)


def test_a_baseline_that_could_not_run_says_why() -> None:
    report = full_report()
    nothing = dict.fromkeys(("labels", "doubted", "both", "only_baseline", "only_check"))
    report["checks"]["baseline"] = {"name": "cleanlab", **nothing, "reason": "no label is given twice"}
    assert "cleanlab, for comparison, could not judge these labels: no label is given twice." in words(report)


def test_a_report_from_before_there_was_a_baseline_opens() -> None:
    report = full_report()
    del report["checks"]["baseline"]
    report["bias"]["datalab"] = None
    assert "For comparison, cleanlab" not in words(report)


def test_a_report_from_before_groups_were_compared_opens_and_says_how_to() -> None:
    report = full_report()
    del report["bias"]
    assert "Nobody has compared groups yet; twofold check does" in words(report)


def test_groups_are_shown_with_their_difference_and_what_would_help() -> None:
    said = words(full_report())
    assert "412 comparisons of groups with all other records" in said
    assert "The smallest group about which anything is said has 21 records." in said
    assert "mention" in said
    assert "0.400 0.100 0.300 [0.240, 0.360]" in " ".join(said.split()) or "0.4000.1000.300 [0.240, 0.360]" in said
    assert (
        "Weights bring that to 0 and leave 1,180 records worth 1,010; 2 pairs of group and label have no record" in said
    )
    assert "they are not in random order (p < 0.001)" in said


def test_groups_of_readers_are_shown_as_they_are_and_with_all_else_held_fixed() -> None:
    said = " ".join(words(full_report()).split())
    assert "11 comparisons of a group of readers with all other readers" in said
    assert "the smallest group has 12 readers, and nothing is said of 2 smaller groups." in said
    assert "0.280 [0.220, 0.340]0.003000.200 [0.140, 0.260]0.0400yes" in said
    assert "0.300 [0.240, 0.360]0.00100cannot be toldas they are" in said


def test_tests_of_behaviour_and_what_changed_texts_cost_are_shown_where_there_are_any() -> None:
    report = full_report()
    said = " ".join(words(report).split())
    assert "expects of the model: 1 of 2 tests are met." in said
    assert "capital lettersinvariance9070.0780 [0.0380, 0.152]0.100not shown" in said
    assert "capital letters, the worst of 7 failures: 1 of 1 cases" in said
    assert "WHERE IS <b>card_lost</b>" in said
    assert "200 texts drawn from 900; nothing to change for names" in said
    assert "full width0.4000.660 [0.600, 0.720]0.200 [0.100, 0.400]" in said
    for part, heading in (("behaviour", "behaviour.yaml"), ("robustness", "texts drawn from 900")):
        report["model"][part] = None
        assert heading not in words(report)


def test_who_is_named_is_shown_where_it_was_asked() -> None:
    report = full_report()
    said = " ".join(words(report).split())
    assert "900 texts; nothing is said of pairs that fewer than 20 of them name: young / old (3)" in said
    assert "men / women50 / 400.120 [0.0500, 0.190]card_lost0.120-0.1000.110 [0.0600, 0.170]< 0.001yes" in said
    assert "christian / muslim20 / 10.120 [0.0500, 0.190]too few texts name one of them" in said
    assert "<b>He</b> lost it" in said
    report["model"]["swaps"]["pairs"] = []
    assert "No pair of groups is named by 20 texts." in words(report)
    report["model"]["swaps"] = None
    assert "Who is named" not in words(report)


def test_labels_that_lean_further_to_a_group_than_what_was_learnt_are_named() -> None:
    report = full_report()
    said = " ".join(words(report).split())
    assert "Of 120 comparisons, of groups with 20 records in the training and in the test part" in said
    assert "mentions <b>women</b>card_lost140410.1100.3400.230 [0.0800, 0.370]0.0120leans further" in said
    report["model"]["amplification"]["found"] = []
    assert "in what the model says than in what it learnt; 120 comparisons." in words(report)
    report["model"]["amplification"]["compared"] = 0
    assert "Leaning to groups" not in words(report)
    del report["model"]["amplification"]  # as of a round of before
    assert "Leaning to groups" not in words(report)


def test_weak_slices_are_named_or_it_is_said_that_there_are_none() -> None:
    report = full_report()
    said = " ".join(words(report).split())
    assert "than chance explains; 1,324 slices were looked at." in said
    assert 'texts with "card_lost", label is refund_not_showingcard_lost, card_arrival40180.550 [0.310, 0.770]' in said
    report["model"]["weak_slices"]["found"] = []
    assert "No slice of the test part has more errors than chance explains" in words(report)
    del report["model"]["weak_slices"]  # as of a round of before
    assert "Weak slices" not in words(report)


def test_a_report_from_before_readers_were_compared_opens() -> None:
    report = full_report()
    del report["bias"]["readers"]
    assert "Not compared: there was no reason given." in words(report)


def test_a_part_that_was_not_compared_says_why() -> None:
    report = full_report()
    report["bias"]["stream"] = None
    report["bias"]["not_checked"] = {"stream": "no sample of the real stream is kept"}
    assert "Not compared: no sample of the real stream is kept." in words(report)
