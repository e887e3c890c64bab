"""Sentences and bars on one screen: what is left when a command has ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import Seen, run

WORK = """
import logging, sys, time, warnings
from curation.cli.screen import Screen

def work(screen):
    for step, sentence in (("check", "4 label, 2 outlier"), ("train", "18 epochs"), ("evaluate", "accuracy 0.912")):
        tick = screen.bar(step)
        for done in range(4):
            tick(done, 4)
            time.sleep(0.11)
            {during}
        screen.say(f"{{step:<10}} {{sentence}}")

with Screen(as_json={as_json}) as screen:
    work(screen)
{after}
"""
SENTENCES = ["check      4 label, 2 outlier", "train      18 epochs", "evaluate   accuracy 0.912"]
BAR = "━"


def program(*, during: str = "pass", after: str = "", as_json: bool = False) -> list[str]:
    return [sys.executable, "-c", WORK.format(during=during, after=after, as_json=as_json)]


@pytest.mark.parametrize("columns", [24, 40, 80, 110])
def test_what_stays_is_a_sentence_for_every_step_and_no_bar(columns: int) -> None:
    seen = run(program(), columns=columns)
    assert unwrapped(seen, columns) == SENTENCES
    assert BAR in seen.written
    assert "75%" in seen.written
    assert "[progress" not in seen.written
    assert not seen.cursor_hidden


def unwrapped(seen: Seen, columns: int) -> list[str]:
    """The lines of the screen, those put together again that were longer than it is wide."""
    whole: list[str] = []
    for line in seen.lines:
        if whole and not line.startswith(tuple(s[:8] for s in SENTENCES)) and len(whole[-1]) % columns == 0:
            whole[-1] += line
        else:
            whole.append(line)
    return whole


def test_a_bar_fits_in_one_line_of_a_narrow_terminal() -> None:
    seen = run(program(), columns=40)
    assert BAR in seen.written
    assert "\x1b[1A" not in seen.written  # a bar of two lines would have to go up


@pytest.mark.parametrize(
    "during",
    [
        "warnings.warn('the soup was cold', stacklevel=2) if done == 2 else None",
        "print('the soup was cold', file=sys.stderr) if done == 2 else None",
        "logging.getLogger('kitchen').warning('the soup was cold') if done == 2 else None",
    ],
)
def test_what_a_library_says_meanwhile_stays_above_the_bar(during: str) -> None:
    seen = run(program(during=during))
    assert [line for line in seen.lines if line in SENTENCES] == SENTENCES
    assert seen.text.count("the soup was cold") >= (1 if "warn(" in during else 3)
    assert BAR not in seen.text


def test_a_library_that_writes_half_a_line_with_markup_is_taken_by_its_word() -> None:
    seen = run(program(during="sys.stderr.write('[/red] [bold]soup'); sys.stderr.flush()"))
    assert "[/red] [bold]soup" in seen.text
    assert seen.code == 0


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}, {"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "0"}]
)
def test_the_sentences_stay_on_every_kind_of_terminal(environment: dict[str, str]) -> None:
    seen = run(program(), environment=environment)
    assert seen.lines == SENTENCES
    assert (BAR in seen.written) == (environment.get("TERM", "xterm") == "xterm")


def test_without_colour_no_colour_is_written() -> None:
    assert "\x1b[3" not in run(program(), environment={"NO_COLOR": "1"}).written
    assert "\x1b[3" in run(program()).written


def test_with_its_output_in_a_file_the_bars_are_on_the_terminal_and_leave_nothing(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        seen = run(program(), out=out)
    assert (tmp_path / "out").read_text().splitlines() == SENTENCES
    assert seen.lines == []
    assert BAR in seen.written


def test_with_its_errors_in_a_file_the_sentences_are_on_the_terminal_and_nobody_gets_bars(tmp_path: Path) -> None:
    with (tmp_path / "err").open("wb") as err:
        seen = run(program(), err=err)
    assert seen.lines == SENTENCES
    assert (tmp_path / "err").read_bytes() == b""
    assert BAR not in seen.written


def test_in_a_pipe_there_are_sentences_alone() -> None:
    ended = subprocess.run(program(), capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == SENTENCES
    assert ended.stderr == ""


def test_an_answer_in_json_has_bars_before_it_and_no_sentence() -> None:
    seen = run(program(as_json=True, after="pass"))
    assert json.loads(seen.text) == {}
    assert BAR in seen.written


def test_an_error_stands_below_the_sentences_without_the_bar_of_its_step() -> None:
    seen = run(program(during="1 / 0 if step == 'train' and done == 2 else None"))
    assert seen.lines[0] == SENTENCES[0]
    assert seen.lines[-1] == "ZeroDivisionError: division by zero"
    assert BAR not in seen.text


def test_ctrl_c_says_that_it_stopped_and_takes_the_bar_along() -> None:
    code = "import sys\nfrom curation.cli import exit_code\n\ndef command():\n"
    code += "".join(f"    {line}\n" for line in program(during="time.sleep(3)")[2].splitlines())
    seen = run([sys.executable, "-c", f"{code}\nsys.exit(exit_code(command))"], watch=interrupt_at_the_first_bar)
    assert seen.code == 130
    assert seen.lines == ["twofold: stopped; the same command goes on from here"]


def interrupt_at_the_first_bar(written: str, terminal: int) -> None:
    if BAR in written and "^C" not in written:
        os.write(terminal, b"\x03")


def test_a_killed_command_leaves_its_cursor() -> None:
    seen = run(program(during="import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert seen.code == -9
    assert not seen.cursor_hidden


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("[red]stop[/red] [/]", "[red]stop[/red] [/]"),
        ("a\x1b[2Jb\x1b]0;title\x07", r"a\x1b[2Jb\x1b]0;title\x07"),
        ("gpj.\u202eexe", r"gpj.\u202eexe"),
        ("one\rtwo\x08\x7f\x9b31m", r"one\rtwo\x08\x7f\x9b31m"),
        ("\ufeffwide\u2028line \udc80", r"\ufeffwide\u2028line \udc80"),
        ("tab\tand line\nstay", "tab\tand line\nstay"),
    ],
)
def test_text_of_records_and_paths_is_shown_and_never_obeyed(given: str, expected: str) -> None:
    from curation.safety.shown_text import shown

    assert shown(given) == expected


def test_letters_of_every_script_stay_with_the_joiners_that_they_are_written_with() -> None:
    from curation.safety.shown_text import shown

    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    for text in ("नमस्ते", persian, "👩\u200d🔧", "ünï ½ µ 中文 ไทย"):
        assert shown(text) == text


def test_a_sentence_with_markup_and_control_characters_is_shown_on_a_terminal_with_bars() -> None:
    seen = run(program(after="with Screen() as s:\n    s.say('[red]a[/red] \\x1b[31mb \\u202ec :smile: 17 {1}')"))
    assert seen.lines[-1] == r"[red]a[/red] \x1b[31mb \u202ec :smile: 17 {1}"


def test_the_bars_of_other_libraries_stay_off_the_screen() -> None:
    during = "[list(bar(range(3), desc='theirs')) for bar in BARS]"
    code = "from curation.cli import _quiet; _quiet()\nfrom tqdm import tqdm\nfrom tqdm.auto import tqdm as auto\n"
    code += "from datasets.utils import tqdm as hf\nfrom huggingface_hub.utils import tqdm as hub\n"
    code += "BARS = [tqdm, auto, hf, hub]\n"
    command = program(during=during)
    seen = run([*command[:2], code + command[2]])
    assert seen.lines == SENTENCES
    assert "theirs" not in seen.written
