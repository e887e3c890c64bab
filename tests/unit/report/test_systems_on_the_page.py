"""The page says which system people prefer, in what, and what else moved the readers."""

from __future__ import annotations

import re
from typing import Any

from parsed_page import parsed
from sample_reports import HOSTILE, SCRIPT, full_report, interval

from curation.report import render


def judge(name: str, counts: bool) -> dict[str, Any]:
    shares = ("with_readers", "among_readers", "kappa", "readers_kappa", "first", "longer", "turned")
    known = {"judge": name, "question": "preference", "records": 80, "prefers": None, "counts": counts}
    return {**known, **{share: interval(0.6) for share in shares}, "verdict": "its votes may count: it agrees"}


def judged_report(*systems: str, reader: str = "ana", better: str | None = "tuned") -> dict[str, Any]:
    first, second = systems or ("tuned", "base")
    pair = {"system": first, "other": second, "prompts": 80, "won": 90, "tied": 20, "lost": 50, "better": better}
    shares = {"counted": interval(0.625), "win_rate": interval(0.64), "same_length": None, "alpha": interval(0.4)}
    judged = {
        "prompts": 80,
        "pairs": [{"question": question, **pair, **shares} for question in ("preference", "fluency")],
        "scores": [],
        "readers": [{"reader": reader, "votes": 80, "decided": 70, "first": interval(0.8), "prefers": "first"}],
        "first_place": interval(0.7),
        "longer": interval(0.55),
        "note": "",
        "judges": [judge(reader, better is not None)],
        "absent": {"tone": "nobody has decided for one of two outputs yet"},
    }
    return full_report() | {"systems": judged}


def words(report: dict[str, Any]) -> str:
    html = re.sub(r"<style>.*?</style>", "", render(report), flags=re.DOTALL)
    return " ".join(parsed(html).text.split())


def test_the_page_says_who_wins_and_who_leans() -> None:
    said = words(judged_report())
    assert "tuned against base wins in 0.640 [0.580, 0.700] of the comparisons." in said
    assert "fluency90 won, 20 tied, 50 lost" in said
    assert "0.625 [0.565, 0.685]0.640 [0.580, 0.700]not measuredtuned" in said
    assert "80700.800 [0.740, 0.860]the first" in said
    assert "nobody has decided for one of two outputs yet" in said


def test_a_judge_is_shown_beside_the_readers_and_whether_it_counts() -> None:
    said = words(judged_report())
    assert "its votes may count: it agrees. With the sides swapped it says something else of 0.600" in said
    assert "Its votes are counted above." in said
    assert "Its votes are not counted above." in words(judged_report(better=None))


def test_a_difference_that_may_be_chance_is_called_so() -> None:
    said = words(judged_report(better=None))
    assert "0.640 [0.580, 0.700] of the comparisons, which may be chance." in said


def test_ratings_have_means_and_a_difference() -> None:
    report = judged_report()
    shares = {"mean": interval(4.1), "other_mean": interval(3.7), "difference": interval(0.4), "alpha": None}
    row = {"question": "fluency", "system": "tuned", "other": "base", "better": None, **shares}
    report["systems"] |= {"pairs": [], "rated": [row]}
    said = words(report)
    assert "tuned against base is rated higher by 0.400 [0.340, 0.460], which may be chance." in said
    assert "fluency4.10 [4.04, 1.00]3.70 [3.64, 1.00]0.400 [0.340, 0.460]neithernot measured" in said


def test_three_systems_have_ranks() -> None:
    report = judged_report()
    report["systems"]["scores"] = [{"system": "tuned", "win_rate": interval(0.7), "best_rank": 1, "worst_rank": 2}]
    assert "0.700 [0.640, 0.760]1 to 2" in words(report)


def test_a_project_that_judges_no_systems_says_nothing_of_them() -> None:
    assert "Systems beside each other" not in words(full_report())


def test_names_of_systems_and_readers_stay_text() -> None:
    known = parsed(render(judged_report()))
    for odd in HOSTILE:
        page = parsed(render(judged_report(odd, f"{odd}!", reader=odd, better=odd)))
        assert set(page.tags()) <= set(known.tags())
        assert page.attributes() <= known.attributes() | {("span", "class")}
    assert SCRIPT in parsed(render(judged_report(SCRIPT, "base"))).text
