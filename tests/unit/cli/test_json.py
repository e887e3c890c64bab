"""`--json`: every command has it, and answers in one JSON object, whatever the outcome."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from commands import every_command

from curation.cli import COMMANDS, cli, exit_code
from curation.cli.screen import print_json

WORDS = ["question", "complaint"] * 10
ROWS = [(f"r{i:02d}", f"Message {i} about a parcel, {word}.", word) for i, word in enumerate(WORDS)]


def found(path: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name) or cli
    return command


EVERY = list(every_command())


def test_the_table_goes_over_all_commands() -> None:
    assert {path[0] for path in EVERY} == set(COMMANDS)
    assert ("reviewers", "reset") in EVERY


def test_every_command_has_it(subtests: pytest.Subtests) -> None:
    for path in EVERY:
        with subtests.test(" ".join(path)):
            assert "--json" in [option for parameter in found(path).params for option in parameter.opts]


def test_bad_usage_of_every_command_is_one_json_object(subtests: pytest.Subtests, capfd: Any) -> None:
    for path in EVERY:
        with subtests.test(" ".join(path)):
            code, answer = answer_of(capfd, *path, "--json", "--no-such-option")
            assert (code, answer["exit_code"]) == (2, 2)
            assert "--no-such-option" in answer["error"]


def answer_of(capfd: Any, *arguments: object) -> tuple[int, dict[str, Any]]:
    code = exit_code(lambda: cli(list(map(str, arguments)), standalone_mode=False), as_json="--json" in arguments)
    out, err = capfd.readouterr()
    assert err == ""
    answer = json.loads(out)
    assert isinstance(answer, dict)
    return code, answer


def arguments_of(path: tuple[str, ...], folder: Path) -> list[object] | None:
    """What is missing to a command on a folder without a project; None for those that need none."""
    if path[0] in ("demo", "serve", "stop", "doctor", "backup", "restore", "keys"):
        return None
    if path[0] == "labels":
        return [folder, "question", "ask"]
    if path == ("init",):
        return [folder, "--data", folder / "none.csv", "--text", "text", "--labels", "a,b"]
    if path == ("predict",):
        return [folder, folder / "none.csv", "--to", folder / "out.csv"]
    if path == ("tune",):
        return [folder, "--trials", "1"]
    if path == ("compare",):
        return [folder, folder / "model"]
    if path == ("monitor",):
        return [folder, folder / "log.csv"]
    if path == ("compress",):
        return [folder, "--to", folder / "smaller", "--onnx"]
    more = {"add": ["ana"], "reset": ["ana"], "remove": ["ana"]}
    return [folder, *more.get(path[-1], [])]


ON_PROJECTS = [path for path in EVERY if arguments_of(path, Path()) is not None]


def test_bad_input_to_every_command_is_one_json_object(subtests: pytest.Subtests, tmp_path: Path, capfd: Any) -> None:
    for number, path in enumerate(ON_PROJECTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        with subtests.test(" ".join(path)):
            code, answer = answer_of(capfd, *path, *(arguments_of(path, folder) or []), "--json")
            assert (code, answer["exit_code"]) == (2, 2)
            assert str(folder) in answer["error"]


def test_a_server_that_is_down_is_one_json_object_in_every_command_that_needs_it(
    subtests: pytest.Subtests, make_project: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: Any
) -> None:
    monkeypatch.setenv("TWOFOLD_HOME", str(tmp_path / "no-server"))
    made = make_project(ROWS).folder
    for number, path in enumerate(p for p in ON_PROJECTS if p[0] in ("push", "round", "status", "reviewers")):
        folder = shutil.copytree(made, tmp_path / str(number))
        with subtests.test(" ".join(path)):
            code, answer = answer_of(capfd, *path, *(arguments_of(path, folder) or []), "--json")
            if path == ("status",):
                assert code == 0
            else:
                assert code == answer["exit_code"] == 2


def test_a_server_that_is_not_up_is_data_with_the_exit_code_of_a_finding(tmp_path: Path, capfd: Any) -> None:
    code, answer = answer_of(capfd, "serve", "--status", "--json", "--home", tmp_path / "none")
    assert (code, answer["exit_code"], answer["phase"], answer["up"]) == (1, 1, "new", False)
    assert answer_of(capfd, "stop", "--json", "--home", tmp_path / "none") == (0, {"stopped": False})


def test_steps_answer_with_what_they_found(make_project: Any, capfd: Any) -> None:
    project = make_project(ROWS)
    code, answer = answer_of(capfd, "check", project.folder, "--json")
    assert code == 0
    mapped, step, compared = answer["steps"]
    assert (mapped["step"], mapped["round"], mapped["ran"]) == ("map", 0, True)
    assert mapped["found"]["texts"] == 20
    assert (step["step"], step["round"], step["ran"]) == ("check", 0, True)
    assert step["found"]["flags"].keys() >= {"near_duplicate"}
    assert step["found"]["labels_checked"] == 20
    assert (compared["step"], compared["found"]["labels"]["compared"]) == ("bias", 0)  # no group has 20 records
    again = answer_of(capfd, "check", project.folder, "--json")[1]["steps"][1]
    assert (again["ran"], again["found"]) == (False, step["found"])


def test_tables_come_out_as_rows_or_say_where_they_lie(make_project: Any, tmp_path: Path, capfd: Any) -> None:
    project = make_project(ROWS)
    answer_of(capfd, "check", project.folder, "--json")
    flags = answer_of(capfd, "flags", project.folder, "--json")[1]["flags"]
    assert {"record_id", "check", "score", "reason"} <= flags[0].keys()
    answer = answer_of(capfd, "export", project.folder, "--what", "labels", "--json")[1]
    assert (answer["what"], len(answer["rows"])) == ("labels", 20)
    out = tmp_path / "labels.csv"
    answer = answer_of(capfd, "export", project.folder, "--what", "labels", "--out", out, "--json")[1]
    assert answer["file"] == str(out)
    assert out.exists()


def test_an_error_takes_along_the_steps_that_ended_before_it(make_project: Any, capfd: Any) -> None:
    project = make_project(ROWS[:4])
    code, answer = answer_of(capfd, "train", project.folder, "--json")
    assert code == answer["exit_code"] == 2
    assert [step["step"] for step in answer["steps"]] == ["map", "check", "split"]
    assert "cannot" in answer["error"]


def test_ctrl_c_is_an_answer_too() -> None:
    code = "import sys; from curation.cli import exit_code\nfrom curation.cli.screen import Screen\n"
    code += "def run():\n    with Screen(as_json=True) as s:\n        s.found(added=['ana'])\n"
    code += "        raise KeyboardInterrupt\nsys.exit(exit_code(run, as_json=True))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    answer = json.loads(ended.stdout)
    assert ended.returncode == answer["exit_code"] == 130
    assert answer["added"] == ["ana"]


def test_what_json_does_not_have_is_null_and_nothing_moves_the_cursor(capfd: Any) -> None:
    text = "ü \x1b[31m \u202e \x9b \udc80 [red]"
    print_json({"a": math.nan, "b": [1.5, math.inf], "path": Path("x") / "y", "text": text})
    out = capfd.readouterr().out
    expected = {"a": None, "b": [1.5, None], "path": "x/y", "text": text}
    assert json.loads(out, parse_constant=pytest.fail) == expected
    assert "ü" in out
    assert not {"\x1b", "\u202e", "\x9b"} & set(out)
