"""The web page is changed in the copy that is served: all of it or the server does not start, and once."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from curation.embedded.errors import ServerError
from curation.embedded.patches.page.copy import prepare_folder
from curation.embedded.patches.page.patches import PATCHES, Patch

pytestmark = pytest.mark.server

SINKS = re.compile(
    r"innerHTML\s*=(?!=)|outerHTML\s*=(?!=)|insertAdjacentHTML|createContextualFragment|srcdoc|DOMParser|document\.write"
    r"|setHTMLUnsafe|parseHTMLUnsafe"
)
KNOWN = {
    "DOMPurify": (r"HTMLFormElement:L,DOMParser:O|documentElement\.innerHTML=Xe\?Q:o", 2),
    "Vue: an SVG in browsers without `innerHTML` of SVG": (r'createElement\("div"\)\)\.innerHTML="<svg>"', 1),
    "vue-meta: tags that the page itself names": (r"i\.innerHTML=(?:JSON\.stringify\(r\.json\)|r\.innerHTML)", 2),
    "highlight.js: its own output": (r"l\.innerHTML=E\.value", 1),
    "a custom field, inside its sandbox": (r"document\.body\.innerHTML = html", 8),
}
"""Where the served scripts put HTML together other than by Vue's `v-html`, which is changed as a whole."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Argilla's page as it is installed."""
    spec = find_spec("argilla_server")
    assert spec is not None
    assert spec.origin is not None
    copied: Path = shutil.copytree(Path(spec.origin).parent / "static", tmp_path / "statics")
    return copied


def scripts(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("_nuxt/*.js")))


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.reason)
@pytest.mark.parametrize("more", [False, True])
def test_another_page_stops_the_start_and_is_left_as_it_was(folder: Path, patch: Patch, more: bool) -> None:
    path = next(path for path in sorted(folder.glob("_nuxt/*.js")) if patch.place.search(path.read_text("utf-8")))
    place = patch.place.search(path.read_text(encoding="utf-8"))
    assert place is not None
    path.write_text(
        path.read_text("utf-8") + place[0] if more else path.read_text("utf-8").replace(place[0], ""), "utf-8"
    )
    before = scripts(folder)
    with pytest.raises(ServerError, match=re.escape(patch.reason)) as refused:
        prepare_folder(folder)
    assert "\n" not in str(refused.value)
    assert scripts(folder) == before


def test_a_second_process_finds_the_page_changed(folder: Path) -> None:
    first = prepare_folder(folder)
    changed = scripts(folder)
    assert prepare_folder(folder) == first
    assert scripts(folder) == changed
    assert first.scripts


def test_html_comes_from_nowhere_else(folder: Path) -> None:
    prepare_folder(folder)
    changed = scripts(folder)
    for where, (place, count) in KNOWN.items():
        found = re.findall(place, changed)
        assert len(found) == count, where
        changed = re.sub(place, "", changed)
    assert [changed[max(0, m.start() - 80) : m.end() + 80] for m in SINKS.finditer(changed)] == []
