"""The page of patches against the code: what is replaced, why, and that the test which holds it is there."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

from curation.embedded.patches.replace import MADE_FOR

ROOT = Path(__file__).parents[3]
EMBEDDED = ROOT / "curation" / "embedded"
PAGE = ROOT / "docs" / "patches.md"
OWN = ("curation", "__future__")
APPLICATION = "fastapi.FastAPI"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(EMBEDDED.rglob("*.py"))}


@dataclass(frozen=True, kw_only=True, order=True)
class Patch:
    """One call of `replaced`."""

    name: str
    reason: str
    file: str
    test: str

    @property
    def row(self) -> str:
        return f"| `{self.name}` | {self.reason} | `{self.file}` | `{self.test}` |"


def names_of_libraries(tree: ast.Module) -> dict[str, str]:
    """What a file calls names of libraries: those that it imports, and applications that its functions are given."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(OWN):
            found.update({each.asname or each.name: f"{node.module}.{each.name}" for each in node.names})
        elif isinstance(node, ast.Import):
            found.update({each.asname or each.name: each.name for each in node.names if not each.name.startswith(OWN)})
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name):
            found.update({node.arg: APPLICATION} if found.get(node.annotation.id) == APPLICATION else {})
    return found


def patches() -> list[Patch]:
    """What the code replaces."""
    found = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "replaced":
                owner, _, rest = ast.unparse(node.args[0]).partition(".")
                full = [names_of_libraries(tree)[owner], rest, ast.literal_eval(node.args[1])]
                said = {each.arg: ast.literal_eval(each.value) for each in node.keywords if each.arg}
                where = {"name": ".".join(filter(None, full)), "file": str(path.relative_to(EMBEDDED))}
                found.append(Patch(**where, reason=said["reason"], test=said["test"]))
    return sorted(found)


def test_the_page_has_the_table_of_the_code() -> None:
    written = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    expected = [patch.row for patch in patches()]
    assert written == expected, "docs/patches.md: put this table there:\n" + "\n".join(expected)


def test_the_test_that_holds_a_patch_is_there(subtests: pytest.Subtests) -> None:
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")]
    for patch in patches():
        with subtests.test(f"{patch.file}: {patch.name}"):
            assert len(patch.reason.split()) > 3
            assert sum(f"def {patch.test}(" in text for text in tests) == 1


def put_by_itself(tree: ast.Module) -> list[str]:
    """The attributes of a library's names that a file sets without :func:`replaced`."""
    places: list[tuple[ast.expr, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            places.append((node.value, ast.unparse(node)))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("setattr", "delattr"):
            places.append((node.args[0], ast.unparse(node)))
    known = names_of_libraries(tree)
    return [words for owner, words in places if ast.unparse(owner).partition(".")[0] in known]


def test_nothing_of_a_library_is_replaced_by_another_way(subtests: pytest.Subtests) -> None:
    # Python's documented way to have the folder of temporary files looked up anew
    allowed = {"environment.py": ["tempfile.tempdir"]}
    for path, tree in TREES.items():
        with subtests.test(str(path.relative_to(EMBEDDED))):
            assert put_by_itself(tree) == allowed.get(path.name, [])


@pytest.mark.parametrize(
    "line",
    [
        "Request.json = strict",
        "accounts.first, accounts.second = both",
        "setattr(Request, 'json', strict)",
        "del Request.json",
        "with opened() as Request.json: pass",
        "def change(app: FastAPI): app.user_middleware = []",
    ],
)
def test_another_way_is_found(line: str) -> None:
    imports = "from starlette.requests import Request\nfrom argilla_server import accounts\n"
    assert put_by_itself(ast.parse(f"{imports}from fastapi import FastAPI\n{line}"))


def test_the_versions_that_a_refusal_names_are_those_that_are_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    assert {name: pinned[name.replace("_", "-")] for name in MADE_FOR} == MADE_FOR
