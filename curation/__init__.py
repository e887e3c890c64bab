"""Curation: records, people, checks and rounds; the tool that calls `training` and `evaluation`.

What the commands do is importable from here, on plain arrays and tables. Names are loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation.quality import diversity as diversity
    from curation.quality import label_quality as label_quality
    from curation.quality import near_duplicates as near_duplicates
    from curation.review import agreement as agreement
    from curation.review import consensus as consensus
    from curation.review import rank_items as rank_items

_HOME = {
    "agreement": "curation.review",
    "consensus": "curation.review",
    "diversity": "curation.quality",
    "label_quality": "curation.quality",
    "near_duplicates": "curation.quality",
    "rank_items": "curation.review",
}

__all__ = ["agreement", "consensus", "diversity", "label_quality", "near_duplicates", "rank_items"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'curation' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
