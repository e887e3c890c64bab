"""A report that lacks something is refused with one line that says where."""

import copy
from typing import Any

import pytest
from sample_reports import full_report

from curation.report import check_report


def broken(*path: str | int, value: Any = ...) -> dict[str, Any]:
    report = copy.deepcopy(full_report())
    part: Any = report
    for step in path[:-1]:
        part = part[step]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return report


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (broken("schema", value=1), "report.schema: Input should be 3"),
        (broken("queue"), "report.queue: Field required"),
        (broken("review", "reviewers", 0, "votes"), "report.review.reviewers.0.votes: Field required"),
        (broken("rounds", 1, "sent", value="many"), "report.rounds.1.sent: Input should be a valid integer"),
        (broken("map", "flag", value=[]), "report.map: expected x, y, label and flag of one length"),
        (
            broken("model", "evaluation", "confusion", value=[[1, 2]]),
            "report.model.evaluation: confusion: expected 6 rows of 6 counts",
        ),
        (
            broken("errors", "rows", 0, "verdict", value="who knows"),
            "report.errors.rows.0.verdict: Input should be 'the label looks wrong', 'people disagree', 'unlike",
        ),
        (
            broken("errors", "total", value=9),
            "report.errors: total: expected at least the 50 rows that are listed, got 9",
        ),
        ([], "report: Input should be a valid dictionary"),
    ],
)
def test_the_line_names_the_key_and_what_was_expected(report: Any, line: str) -> None:
    with pytest.raises(ValueError) as error:
        check_report(report)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


def test_several_problems_are_counted() -> None:
    report = broken("queue")
    del report["map"], report["next"]
    with pytest.raises(ValueError, match=r"report\.map: Field required \(and 2 more\)"):
        check_report(report)


def test_unknown_keys_and_numeric_record_ids_are_welcome() -> None:
    report = full_report() | {"from_the_future": 1}
    report["errors"]["rows"][0]["record_id"] = 17
    assert check_report(report).errors.rows[0].record_id == "17"
