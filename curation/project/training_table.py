"""Settings written into the `[training]` table of `twofold.toml`; what else stands there, comments too, stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.errors import TwofoldError
from curation.project import ledger
from curation.project.artifacts import write_text
from curation.project.config import Config
from curation.project.folder import Project


def as_toml(settings: Mapping[str, Any]) -> str:
    """Return a `[training]` table that can be pasted."""
    import tomlkit  # for writing alone

    return tomlkit.dumps({"training": dict(settings)})


def write_training(project: Project, settings: Mapping[str, Any]) -> None:
    """Set keys of the table, and note it in the ledger.

    Raises:
        TwofoldError: The file would not be valid with them; nothing is written then.
    """
    import tomlkit  # for writing alone

    path = project.folder / "twofold.toml"
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    if "training" not in document:
        document["training"] = tomlkit.table()
    for name, value in settings.items():
        document["training"][name] = value
    try:
        Config.model_validate(document.unwrap())
    except ValueError as error:
        raise TwofoldError(f"{path}: cannot hold these settings ({error})") from None
    write_text(path, tomlkit.dumps(document))
    ledger.append(project.folder, "settings", training=dict(settings))
