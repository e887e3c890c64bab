"""What readers say of systems, as tables, every two of them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from curation.errors import TwofoldError
from curation.project.folder import Project, Round
from curation.project.judged_systems import compared_systems, compares_systems, judges_systems, rated_systems
from curation.project.records import table

SHARES = ("counted", "win_rate", "same_length")
DIFFERENCE = "difference"
_COMPARED = pa.schema(
    {
        "question": pa.string(),
        "system": pa.string(),
        "other": pa.string(),
        "prompts": pa.int64(),
        "won": pa.int64(),
        "tied": pa.int64(),
        "lost": pa.int64(),
        **{f"{share}{end}": pa.float64() for share in SHARES for end in ("", "_low", "_high")},
        "better": pa.string(),
    }
)
_RATED = pa.schema(
    {
        **dict.fromkeys(("question", "system", "other"), pa.string()),
        **{f"{DIFFERENCE}{end}": pa.float64() for end in ("", "_low", "_high")},
        "better": pa.string(),
    }
)


def systems_table(project: Project, round_: Round) -> pa.Table:
    """Return every two systems by a question, as of a round.

    Raises:
        TwofoldError: Nobody has decided for one yet.
    """
    compares = compares_systems(project)
    found = compared_systems(project, round_) if compares else rated_systems(project, round_)
    if isinstance(found, str):
        raise TwofoldError(f"{project.folder}: {found}")
    question = project.config.task.question
    rows = ({"question": question, **_flat(pair.to_dict())} for pair in found.pairs)
    return table(rows, _COMPARED if compares else _RATED)


def _flat(pair: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pair.items():
        ends = {"": "value", "_low": "low", "_high": "high"} if name in (*SHARES, DIFFERENCE) else {}
        found |= {f"{name}{end}": (value or {}).get(key) for end, key in ends.items()} if ends else {name: value}
    return found


def refuse_others(project: Project) -> None:
    """Raise a TwofoldError where nobody compares systems by this question."""
    if not judges_systems(project):
        what = f"{project.folder}: people judge no systems by the question {project.config.task.question!r}"
        raise TwofoldError(f"{what}; `twofold init --outputs` makes a project in which they do")
