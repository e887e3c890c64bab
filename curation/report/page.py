"""Fill the page: one HTML file that asks nothing of any network and runs no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from curation.report import wording
from curation.report.headline import headline
from curation.report.interval_plot import beside, scale
from curation.report.pictures import pictures
from curation.report.schema import Report, check_report

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_BYTES = 2_000_000
_TEXT_LENGTHS = (4000, 1000, 400)  # characters of a long text that a page keeps; fewer when it gets too heavy


def render(report: Mapping[str, Any]) -> str:
    """Draw the quality report of a round as one self-contained HTML page under 2 MB.

    The page loads nothing and runs no script, and its Content-Security-Policy forbids both, so it can be
    opened from a mail or a file share. Texts, labels and names are taken as hostile and escaped wherever they
    stand. What is null or empty in the report is said in words.

    Args:
        report: The content of report.json, schema version 3 (`curation.report.schema`).

    Raises:
        ValueError: A key is missing or holds something else than it should; the line names it.
        ImportError: jinja2 is not installed.
    """
    checked = check_report(wording.printable(report))
    _require_jinja2()
    context = _context(checked)
    for length in _TEXT_LENGTHS:
        page = _environment().get_template("page.html").render(context, text_length=length)
        if len(page.encode()) < MOST_BYTES:
            break
    return page


def fill(template: str, told: Mapping[str, Any], **pictures: Any) -> str:
    """Fill a template of one page: our style sheet, what is told, and pictures in pixels.

    Raises:
        ImportError: jinja2 is not installed.
    """
    _require_jinja2()
    return _environment().get_template(template).render({**_styled(), **told, **pictures})


def _require_jinja2() -> None:
    try:
        import jinja2  # noqa: F401
    except ImportError as error:
        raise ImportError('The HTML report needs jinja2: pip install "twofold[report]"') from error


@cache
def _environment() -> Environment:
    """Return the templates; compiled once, because that takes longer than filling them."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("curation", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for written in (
        "number",
        "interval",
        "bounds",
        "significance",
        "count",
        "moment",
        "clip",
        "clip_pieces",
        "metric",
        "pieces",
    ):
        environment.filters[written] = getattr(wording, written)
    return environment


def _context(report: Report) -> dict[str, Any]:
    """Return what the templates draw: the report, and its charts in pixels."""
    return {
        "report": report,
        "headline": headline(report),
        **_styled(),
        "preview": wording.PREVIEW,
        "beside": beside,
        "scale": scale,
        **pictures(report),
    }


def _styled() -> dict[str, Any]:
    style = resources.files("curation.report").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {"style": _trusted(style), "style_hash": digest}


def _trusted(style: str) -> Any:
    """Our own style sheet is the one text that goes in unescaped; its hash would not hold otherwise."""
    from markupsafe import Markup

    return Markup(style)  # noqa: S704
