"""Settings of a project that a test edits, as a person would in `twofold.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit


def edit_settings(folder: Path, **tables: Any) -> None:
    """Set keys of the file; where a table is given, those of its keys that are named."""
    path = folder / "twofold.toml"
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    for name, given in tables.items():
        if isinstance(given, Mapping) and name in document:
            document[name].update(given)
        else:
            document[name] = given
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
