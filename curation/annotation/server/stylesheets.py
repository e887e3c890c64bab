"""Stylesheets of the web UI without the ones that they would fetch from the internet."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

_OUTSIDE = re.compile(r"@import url\(https?://[^)]*\);?")


def keep_stylesheets_local(argilla: FastAPI) -> None:
    """Take imports of outside stylesheets out of the copy of the web UI that this process serves.

    The fonts that they name fall back to the system's. Browsers would not load them anyway (see
    :mod:`curation.annotation.server.headers`), but report each as an error, among which a real one is overlooked.

    Args:
        argilla: Argilla's application, which has copied its web UI into the temporary folder.
    """
    for route in argilla.routes:
        if isinstance(route, Mount) and isinstance(route.app, StaticFiles) and route.app.directory:
            for path in Path(route.app.directory).glob("_nuxt/*.css"):
                _rewrite(path)


def _rewrite(path: Path) -> None:
    style = path.read_text(encoding="utf-8")
    if (local := _OUTSIDE.sub("", style)) != style:
        temporary = path.with_name(f".{path.name}.{uuid4().hex}.tmp")  # a cluster's processes share one copy
        temporary.write_text(local, encoding="utf-8")
        temporary.replace(path)
