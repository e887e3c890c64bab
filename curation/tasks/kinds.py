"""Every kind of answer by its name: ours, and those that installed packages add."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from curation.errors import suggest
from curation.tasks import multi_label, preference, ranking, rating, single_label, span, text
from curation.tasks.kind import Kind

if TYPE_CHECKING:
    from evaluation.plugins import Plugin

GROUP = "twofold.kinds"
OURS = {
    kind.name: kind
    for kind in (
        single_label.KIND,
        multi_label.KIND,
        rating.KIND,
        span.KIND,
        text.KIND,
        preference.KIND,
        ranking.KIND,
    )
}


def kind_named(name: str) -> Kind:
    """Return the kind of that name. Other packages are looked through only where it is none of ours.

    Raises:
        ValueError: There is no such kind, or what a package names is none.
    """
    if name in OURS:
        return OURS[name]
    from evaluation.plugins import plugins

    found = plugins(GROUP)
    if name not in found:
        raise ValueError(f"unknown kind {name!r}{suggest(name, [*OURS, *found])}")
    return _made(name, found[name])


@cache
def _made(name: str, plugin: Plugin) -> Kind:
    kind = plugin()
    if not isinstance(kind, Kind) or kind.name != name:
        raise ValueError(
            f"{GROUP}: {name!r}: expected a function that returns the Kind of that name, came {kind!r:.80}"
        )
    return kind
