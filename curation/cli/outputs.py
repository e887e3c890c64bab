"""`twofold init --outputs`: which systems, and what is asked of their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError
from curation.tasks import limits
from curation.tasks.kind import Kind
from curation.tasks.names import all_different

KINDS = ("preference", "rating")


def systems_of(
    given: Sequence[str], kind_name: str | None, texts: Sequence[str], *, beside: Mapping[str, Any]
) -> dict[str, Path]:
    """Return the file of every system by its name; none where none was named.

    Args:
        given: What `--outputs` says.
        kind_name: What `--kind` says.
        texts: The columns of texts.
        beside: Options that do not go with outputs, and what they say.

    Raises:
        TwofoldError: One is not named, two have one name, or what else was said does not go with outputs.
    """
    if given and (also := next((name for name, value in beside.items() if value), None)):
        raise TwofoldError(f"{also}: does not go with --outputs, whose files hold prompts and outputs alone")
    found: dict[str, Path] = {}
    for each in given:
        name, _, file = each.partition("=")
        name = name.strip()
        if not (name and file) or len(name) > limits.NAME or not name.isprintable():
            raise TwofoldError(f"--outputs {each}: expected NAME=FILE, such as base=base.jsonl")
        if name in found:
            raise TwofoldError(f"--outputs {each}: two systems are called {name!r}")
        found[name] = Path(file)
    if found and kind_name not in (None, *KINDS):
        raise TwofoldError(f"--kind {kind_name}: outputs are compared (preference) or rated one by one (rating)")
    if found and len(texts) < 2:
        raise TwofoldError("--text: name the columns of the prompt, and last that of the output")
    return found


def first_read(data: Path | None, kind_name: str | None, systems: Mapping[str, Path]) -> tuple[Path, str | None]:
    """Return the file that is read first, and the kind, as far as it is known without reading.

    Raises:
        TwofoldError: There is no file.
    """
    if systems:
        return next(iter(systems.values())), kind_name or KINDS[0]
    if data is None:
        raise TwofoldError("name a file with --data, or those of several systems with --outputs NAME=FILE")
    return data, kind_name


def of_outputs(systems: Mapping[str, Path], kind: Kind) -> dict[str, Any]:
    """Return settings of a question about outputs, where nothing else is said: neither of two may be better."""
    return {"ties": True} if systems and kind.compares else {}


def criteria_of(given: str | None) -> tuple[str, ...]:
    """Return the names of further questions; raises a TwofoldError where two are alike."""
    names = tuple(name.strip() for name in (given or "").split(",") if name.strip())
    try:
        return all_different("--criteria: the names", names)
    except ValueError as error:
        raise TwofoldError(str(error)) from None
