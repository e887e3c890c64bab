"""What Argilla would refuse is refused before anything is made or sent, in one line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from curation.annotation.client import ArgillaClient
from curation.cli import cli
from curation.errors import TwofoldError
from curation.project.config import read_config
from curation.project.folder import Project
from curation.steps.adjudicate import PREAMBLE
from curation.tasks import limits

QUESTION = "[task.questions.label]\n"
OF_LABELS = "key 'task.questions.label.labels"
TOO_MANY = [f"label {number}" for number in range(limits.LABELS + 1)]


def test_what_adjudicators_read_first_leaves_room_for_the_guidelines() -> None:
    assert len(PREAMBLE) <= limits.PREAMBLE


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (
            f"[task.questions.label]\nlabels = {TOO_MANY}\n",
            OF_LABELS + "': at most 500 labels, came 501",
        ),
        (
            f"[task.questions.label]\nlabels = ['a', '{'b' * 201}']\n",
            OF_LABELS + ".1': .*at most 200 characters",
        ),
        (
            "[task.questions.label]\nlabels = ['a', ' ']\n",
            OF_LABELS + ".1': .*at least 1 character",
        ),
        (
            f"[task]\nfields = ['{'t' * 201}']\n[task.questions.label]\nlabels = ['a', 'b']\n",
            "key 'task.fields.0': .*at most 200 characters",
        ),
        (
            f"[task.questions.{'q' * 201}]\nlabels = ['a', 'b']\n",
            "key 'task.questions.q+': .*at most 200 characters",
        ),
        (
            "[task.questions.'Which one?']\nlabels = ['a', 'b']\n",
            "key 'task.questions.Which one\\?': expected small letters",
        ),
        ("[annotation]\nrequired = 21\n", "key 'annotation.required': .*20"),
        ("[annotation]\nurl = 'localhost:6900'\n", "key 'annotation.url': expected an address such as http"),
        ("[annotation]\nurl = 'ftp://example.org'\n", "key 'annotation.url': expected an address such as http"),
    ],
)
def test_a_setting_that_argilla_would_refuse_is_refused_with_its_key(
    tmp_path: Path, section: str, expected: str
) -> None:
    task = "" if "[task" in section else "[task.questions.label]\nlabels = ['a', 'b']\n"
    path = tmp_path / "twofold.toml"
    path.write_text(f"name = 'shop'\n{section}{task}", encoding="utf-8")
    with pytest.raises(TwofoldError, match=expected) as error:
        read_config(path)
    assert "\n" not in str(error.value)


def refused(result: Result) -> str:
    """The one line that a command ended with."""
    assert isinstance(result.exception, TwofoldError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def init(folder: Path, data: Path, *more: str) -> Result:
    return CliRunner().invoke(cli, ["init", str(folder), "--data", str(data), "--text", "text", *more])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (("--labels", ",".join(TOO_MANY)), "at most 500 labels, came 501"),
        (("--labels", f"a,{'b' * 201}"), "at most 200 characters"),
        (("--labels", "a,b", "--name", "My_Shop"), "key 'name': expected at most 61 small letters"),
        (("--labels", "a,b", "--name", "s" * 62), "key 'name': expected at most 61"),
        (("--labels", "a,b", "--name", "my shop"), "came 'my shop'"),
    ],
)
def test_init_makes_nothing_that_argilla_would_refuse(
    write_csv: Callable[..., Path], tmp_path: Path, more: tuple[str, ...], expected: str
) -> None:
    result = init(tmp_path / "shop", write_csv("text", "It is late.", "It is broken."), *more)
    assert expected in refused(result)
    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize(
    ("written", "expected"), [(b"x" * 10_000, "at most 9,500 characters"), (b"caf\xe9", "cannot be read as UTF-8")]
)
def test_guidelines_that_argilla_would_refuse_are_refused(
    write_csv: Callable[..., Path], tmp_path: Path, written: bytes, expected: str
) -> None:
    (tmp_path / "long.md").write_bytes(written)
    data = write_csv("text", "It is late.", "It is broken.")
    result = init(tmp_path / "shop", data, "--labels", "a,b", "--guidelines", str(tmp_path / "long.md"))
    assert expected in refused(result)
    assert init(tmp_path / "shop", data, "--labels", "a,b").exit_code == 0
    (tmp_path / "shop" / "guidelines.md").write_bytes(written)
    with pytest.raises(TwofoldError, match=expected):
        _ = Project(tmp_path / "shop").guidelines


def test_the_guidelines_to_start_from_name_labels_as_they_are_and_always_fit(
    write_csv: Callable[..., Path], tmp_path: Path
) -> None:
    data = write_csv("text", "It is late.", "It is broken.")
    init(tmp_path / "few", data, "--labels", "<b>x</b>,&copy,a*b*")
    assert r"&lt;b>x&lt;/b>**" in Project(tmp_path / "few").guidelines
    assert r"**&amp;copy**" in Project(tmp_path / "few").guidelines
    assert r"**a\*b\***" in Project(tmp_path / "few").guidelines
    init(tmp_path / "many", data, "--labels", ",".join(f"{'long ' * 6}{label}" for label in TOO_MANY[1:]))
    assert "There are 500 labels." in Project(tmp_path / "many").guidelines


@pytest.mark.parametrize("name", ["ana", "Ana", "ana.maria@example.org", "Ana María", "安娜", "a" * 100])
def test_names_that_people_have_are_fine(name: str) -> None:
    assert limits.bad_username(name) is None


@pytest.mark.parametrize("name", ["", " ", " ana", "ana\n", "a\tb", "a\x00", "a\u200bb", "a" * 101])
def test_a_name_that_nobody_could_sign_in_with_is_refused_before_argilla_is_asked(
    make_project: Callable[..., Project], name: str
) -> None:
    project = make_project([("m1", "It is late.", ""), ("m2", "It is broken.", "")], labels=["a", "b"])
    assert "name" in refused(CliRunner().invoke(cli, ["reviewers", "add", str(project.folder), "ben", name]))


@contextmanager
def answering(status: int, kind: str, body: str, location: str = "") -> Iterator[str]:
    """The address of a server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((200, "text/html; charset=utf-8", "<html>Welcome</html>"), "is no Argilla: .* came 200, a web page"),
        ((302, "text/html", "", "https://login.example.org/?next=%2Fapi"), "redirect to https://login.example.org"),
        ((404, "application/json", '{"detail": "Not Found"}'), "is no Argilla: .* came 404, application/json"),
        ((503, "text/plain", "starting"), "is no Argilla: .* came 503, text/plain"),
        ((200, "application/json", "[]"), "is no Argilla"),
        ((200, "application/json", '{"version": "unknown"}'), "is no Argilla"),
        ((200, "application/json", '{"version": "1.29.1"}'), r"is version 1\.29; Twofold works with 2\.8 or later"),
        ((200, "application/json", '{"version": "2.7.0"}'), r"is version 2\.7; "),
        ((200, "application/json", '{"version": "3.0.0"}'), r"is version 3\.0; "),
    ],
)
def test_an_address_at_which_no_argilla_answers_gets_one_line(answer: tuple[int, str, str], expected: str) -> None:
    with answering(*answer) as url, pytest.raises(TwofoldError, match=expected) as error:
        ArgillaClient(url, "owner.key")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "key", "expected"),
    [
        ("localhost:6900", "owner.key", "is no address of a server"),
        ("http://", "owner.key", "is no address of a server"),
        ("http://127.0.0.1:9", "owner.key", "does not answer"),
        ("http://127.0.0.1:9", "schlüssel", "an API key has letters, digits and signs of ASCII only"),
        ("http://127.0.0.1:9", "key\n", "an API key has letters, digits and signs of ASCII only"),
    ],
)
def test_an_address_or_a_key_that_cannot_be_one_gets_one_line(url: str, key: str, expected: str) -> None:
    with pytest.raises(TwofoldError, match=expected) as error:
        ArgillaClient(url, key)
    assert "\n" not in str(error.value)
