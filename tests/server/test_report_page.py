"""The quality report in a real browser: it loads nothing, complains of nothing, and fits the window."""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation.report import render

pytestmark = pytest.mark.browser

SAMPLES = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "report" / "sample_reports.py"))
REPORTS: dict[str, Callable[[], dict[str, Any]]] = {
    "full": SAMPLES["full_report"],
    "empty": SAMPLES["empty_report"],
    "hostile": SAMPLES["hostile_report"],
    "77 labels": lambda: SAMPLES["full_report"](labels=SAMPLES["banking77_labels"](), points=1500),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [800, 1400])
@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_quiet_and_as_wide_as_the_window(
    browser: Any, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(REPORTS[name]()), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "960px"
    assert said == []
    assert [url for url in requests if url not in {path.as_uri(), "data:,"}] == []
    page.close()


def test_the_contents_stand_left_of_the_page_where_there_is_room_and_above_it_elsewhere(
    browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(REPORTS["full"]()), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{path.as_uri()}#queue")
    contents, main = page.locator("nav.toc").bounding_box(), page.locator("main").bounding_box()
    assert contents["x"] + contents["width"] < main["x"]
    assert 0 <= contents["y"] < 100  # still in sight far down the page
    page.set_viewport_size({"width": 800, "height": 900})
    contents, main = page.locator("nav.toc").bounding_box(), page.locator("main").bounding_box()
    assert contents["y"] + contents["height"] <= main["y"]
    page.close()


def test_a_long_text_opens_from_the_keyboard(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(REPORTS["full"]()), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(path.as_uri())
    folded = page.locator("#worst ~ .scroll th details.long").first
    assert not folded.locator("div.text").is_visible()
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.locator("div.text").is_visible()
    assert not folded.locator(".preview").is_visible()
    page.close()
