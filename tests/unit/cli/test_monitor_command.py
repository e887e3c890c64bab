"""`twofold monitor`: a log of the model at work beside its test part, and exit code 1 on an alarm."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from settings import edit_settings
from topics_project import messages

from curation.cli import cli
from curation.errors import GateRefused, TwofoldError
from curation.project.folder import Project

SAME = [text.replace("wrong", "late") for _, text, _, _ in messages(60)][:24]
OTHER = [f"ich habe mein Passwort für Konto {at} vergessen, bitte helfen Sie mir sofort" for at in range(24)]
SAID = {"predicted": "billing", "confidence": 0.9}  # so that no model has to be asked


def written(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        to = csv.DictWriter(handle, [*dict.fromkeys(name for row in rows for name in row)])
        to.writeheader()
        to.writerows(rows)
    return path


def of_texts(path: Path, texts: Sequence[str], **columns: Any) -> Path:
    return written(path, [{"text": text, **columns} for text in texts])


def calm(path: Path, **columns: Any) -> Path:
    """A log of the project's own texts, with predictions and confidence as the model has them."""
    return written(path, [{"text": text, "predicted": topic, **columns} for _, text, topic, _ in messages(60)])


def monitored(project: Project, log: Path, *more: object) -> Result:
    return CliRunner().invoke(cli, ["monitor", str(project.folder), str(log), *map(str, more)])


def found_in(result: Result) -> dict[str, Any]:
    """What the command answers as data, alarm or none."""
    if isinstance(result.exception, GateRefused):
        assert result.exception.exit_code == 1
        return result.exception.found
    assert result.exit_code == 0, result.exception
    return dict(json.loads(result.stdout))


def test_a_log_as_the_test_part_is_raises_no_alarm(evaluated: Project, tmp_path: Path) -> None:
    log = of_texts(tmp_path / "log.csv", [text for _, text, _, _ in messages(60)])
    done = monitored(evaluated, log)
    assert done.exit_code == 0, done.exception
    assert "60 rows; 60 compared with 30 records of the test part of round 0" in done.output
    assert "nothing has changed that chance does not explain in 8 of 8 tests" in done.output


def test_what_predict_writes_is_a_log_and_a_new_topic_in_it_raises_an_alarm(evaluated: Project, tmp_path: Path) -> None:
    texts, log = of_texts(tmp_path / "texts.csv", [*SAME, *OTHER]), tmp_path / "log.csv"
    assert CliRunner().invoke(cli, ["predict", str(evaluated.folder), str(texts), "--to", str(log)]).exit_code == 0
    found = found_in(monitored(evaluated, log, "--json"))
    assert {"texts", "length", "unknown_words"} <= {each["measure"] for each in found["alarms"]}
    assert all(each["size"]["low"] <= each["size"]["value"] <= each["size"]["high"] for each in found["alarms"])
    again = found_in(monitored(evaluated, texts, "--json"))  # the model is asked where the log does not say
    of_log, asked = ({row["measure"]: row["size"]["value"] for row in each["tests"]} for each in (found, again))
    assert of_log == pytest.approx(asked, abs=1e-5)


def test_what_raises_an_alarm_is_set_in_the_file_and_on_the_line(evaluated: Project, tmp_path: Path) -> None:
    log = of_texts(tmp_path / "log.csv", [*SAME, *OTHER], **SAID)
    assert monitored(evaluated, log, "--threshold", 1).exit_code == 0
    edit_settings(evaluated.folder, monitor={"alert_on": ["length"]})
    found = found_in(monitored(evaluated, log, "--json"))
    assert [each["measure"] for each in found["alarms"]] == ["length"]
    assert "times as much" in found["alarms"][0]["reason"]
    edit_settings(evaluated.folder, monitor={"alert_on": []})
    assert monitored(evaluated, log).exit_code == 0


def test_speed_and_thumbs_are_told_with_intervals_and_have_bounds(evaluated: Project, tmp_path: Path) -> None:
    rows = [
        {
            "text": text,
            "predicted": topic,
            "seconds": at / 10,
            "thumb": "down" if at % 2 else "up",
            "time": f"2026-05-{at % 28 + 1:02d}",
        }
        for at, (_, text, topic, _) in enumerate(messages(60))
    ]
    log = written(tmp_path / "log.csv", rows)
    done = monitored(evaluated, log)
    assert done.exit_code == 0, done.exception
    assert "60 rows from 2026-05-01 00:00 to 2026-05-28 00:00" in done.output
    assert "seconds in the median" in done.output
    assert "0.500 [0.377, 0.623] of the thumbs are down" in done.output
    edit_settings(evaluated.folder, monitor={"p95_seconds": 2.0, "thumbs_down": 0.2})
    assert {each["measure"] for each in found_in(monitored(evaluated, log))["alarms"]} == {"p95_seconds", "thumbs_down"}
    edit_settings(evaluated.folder, monitor={"p95_seconds": 5.8, "thumbs_down": 0.45})  # within the intervals
    assert monitored(evaluated, log).exit_code == 0


def test_an_earlier_log_can_stand_in_for_the_test_part(evaluated: Project, tmp_path: Path) -> None:
    earlier = of_texts(tmp_path / "may.csv", OTHER, seconds=0.5, **SAID)
    now = of_texts(tmp_path / "june.csv", OTHER, seconds=1.5, **SAID)
    found = found_in(monitored(evaluated, now, "--reference", earlier, "--json"))
    assert [each["measure"] for each in found["alarms"]] == ["seconds"]
    said = "mean seconds 1.50 against 0.500 in the reference: 3.00 times as much [3.00, 3.00]"
    assert found["alarms"][0]["reason"] == said


def test_copies_and_rows_without_a_text_are_left_out_and_counted(evaluated: Project, tmp_path: Path) -> None:
    log = of_texts(tmp_path / "log.csv", [*SAME, SAME[0], "  "], **SAID)
    found = found_in(monitored(evaluated, log, "--threshold", 1, "--json"))
    assert (found["rows"], found["compared"]) == (26, 24)
    assert found["left_out"] == {"exact copy": 1, "no text": 1}


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"text": "late", "predicted": "refund"}, "row 26, column 'predicted': label 'refund' is not in the task"),
        ({"text": "late", "confidence": "1.5"}, "row 26, column 'confidence': expected a probability from 0 to 1"),
        ({"text": "late", "confidence": "sure"}, "row 26, column 'confidence': expected a number, came 'sure'"),
        ({"text": "late", "seconds": "-1"}, "row 26, column 'seconds': expected seconds, a number from 0, came -1"),
        ({"text": "late", "time": "noon"}, "row 26, column 'time': expected a time such as"),
        ({"text": "late", "thumb": "meh"}, "row 26, column 'thumb': expected up or down, came 'meh'"),
        ({"text": "late", "correction": "x"}, "row 26, column 'correction': label 'x' is not in the task"),
    ],
)
def test_a_cell_that_says_something_else_is_named(
    evaluated: Project, tmp_path: Path, row: dict[str, str], named: str
) -> None:
    log = written(tmp_path / "log.csv", [*({"text": text} for text in SAME), row])
    with pytest.raises(TwofoldError, match=named):
        raise monitored(evaluated, log).exception or AssertionError


@pytest.mark.parametrize(
    ("text", "more", "named"),
    [
        (
            "texte\nlate\n",
            (),
            r"no column 'text' \(did you mean 'texte'\?\); name the columns of the texts with --text",
        ),
        ("text\n", (), "log.csv: expected at least one row, came none"),
        ("text,b\nlate,1\n", ("--text", "text", "--text", "b"), "--text: expected 1, for the fields 'text'; came 2"),
        ("text\nlate\n", ("--model", "7"), r"round 7: expected one with a model \(0\)"),
        ("text\nlate\n", ("--reference", "none.csv"), "none.csv: no such file"),
    ],
)
def test_a_log_that_cannot_be_read_is_one_line(
    evaluated: Project, tmp_path: Path, text: str, more: tuple[str, ...], named: str
) -> None:
    log = tmp_path / "log.csv"
    log.write_text(text)
    edit_settings(evaluated.folder, training={"method": "full"})  # a model would have to be trained first
    with pytest.raises(TwofoldError, match=named):
        raise monitored(evaluated, log, *more).exception or AssertionError
    assert not list(evaluated.round(0).path("model").glob("checkpoint"))


def test_of_a_long_log_a_sample_is_looked_at_and_all_of_it_is_counted(evaluated: Project, tmp_path: Path) -> None:
    edit_settings(evaluated.folder, monitor={"sample": 20})
    found = found_in(monitored(evaluated, calm(tmp_path / "log.csv", thumb="up"), "--threshold", 1, "--json"))
    assert (found["rows"], found["compared"], found["thumbs"]) == (60, 20, {"up": 60, "down": 0})
