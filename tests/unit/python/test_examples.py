"""The examples of docstrings, of the README and of pages that show Python are run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest
from public_calls import public_functions

import twofold as tf

ROOT = Path(__file__).parents[3]
PAGES = ("README.md", "docs/python.md", "docs/human-evaluation.md")


@pytest.mark.parametrize("name", sorted(public_functions()))
def test_every_public_function_has_an_example_that_works(name: str, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    function = getattr(tf, name)
    found = doctest.DocTestFinder(recurse=False).find(function, name, globs={name: function})
    examples = [example for test in found for example in test.examples]
    assert any(re.search(rf"\b{name}\(", example.source) for example in examples), f"{name} has no example"
    assert any(example.want for example in examples), f"the example of {name} shows no outcome"
    said: list[str] = []
    results = [doctest.DocTestRunner().run(test, out=said.append) for test in found]
    assert not any(result.failed for result in results), "".join(said)


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page: str, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    known: dict[str, Any] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{page}, block {number}", "exec"), known)


def test_every_public_name_is_on_the_page_and_nothing_else() -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in page.splitlines() if line.startswith("| "))
    for name in tf.__all__:
        assert f"`{name}`" in rows, name
    assert set(re.findall(r"\btf\.(\w+)", page)) <= set(tf.__all__)
