"""The copy of the web page that a server serves, changed once, before its processes are forked."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from curation.embedded.errors import ServerError
from curation.embedded.patches.page.patches import PATCHES
from curation.embedded.patches.page.stylesheets import without_outside

SANDBOX = "sandbox.html"
_INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ServedPage:
    """What is known of the page.

    Attributes:
        scripts: Hashes of the scripts that its HTML holds, as a policy names them.
    """

    scripts: list[str]


def prepare_page(argilla: FastAPI) -> ServedPage:
    """Change the page that Argilla serves.

    Args:
        argilla: Argilla's application, which has copied its page into the temporary folder.

    Raises:
        ServerError: The page is not the one that the changes were made for.
    """
    mounts = [route.app for route in argilla.routes if isinstance(route, Mount)]
    folders = [Path(app.directory) for app in mounts if isinstance(app, StaticFiles) and app.directory]
    if len(folders) != 1:
        raise ServerError(f"Argilla's web page: expected one folder that is served, found {len(folders)}")
    return prepare_folder(folders[0])


def prepare_folder(folder: Path) -> ServedPage:
    """Change the page in a folder, unless that has been done.

    Raises:
        ServerError: The page is not the one that the changes were made for.
    """
    done = folder.with_name(f"{folder.name}.changed.json")
    if not done.exists():
        _change(folder)
        done.write_text(json.dumps(_inline_scripts(folder)), encoding="utf-8")
    return ServedPage(scripts=json.loads(done.read_text(encoding="utf-8")))


def _change(folder: Path) -> None:
    for path in folder.glob("_nuxt/*.css"):
        _rewrite(path, without_outside(path.read_text(encoding="utf-8")))
    changed = {path: path.read_text(encoding="utf-8") for path in sorted(folder.glob("_nuxt/*.js"))}
    found: Counter[str] = Counter()
    for path, script in changed.items():
        for patch in PATCHES:
            script, count = patch.place.subn(patch.instead, script)
            found[patch.reason] += count
        changed[path] = script
    if wrong := [patch for patch in PATCHES if found[patch.reason] != patch.count]:
        first = wrong[0]
        raise ServerError(
            f"Argilla's web page is not the one that this version of Twofold knows ({first.reason}: expected"
            f" {first.count} places, found {found[first.reason]}); install the argilla-server that it asks for"
        )
    for path, script in changed.items():
        _rewrite(path, script)
    shutil.copyfile(Path(__file__).with_name(SANDBOX), folder / SANDBOX)


def _rewrite(path: Path, text: str) -> None:
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8")


def _inline_scripts(folder: Path) -> list[str]:
    pages = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html")) if path.name != SANDBOX)
    scripts = {script for page in pages for script in _INLINE.findall(page) if script.strip()}
    return sorted(f"sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}" for each in scripts)
