"""What a measurement found, by goal: returned to whoever gathers it, and written where `--json` says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def kept(result: Mapping[str, Any], path: Path | None) -> Mapping[str, Any]:
    """Write `result` to `path`, if there is one, and give it back."""
    if path:
        path.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result
