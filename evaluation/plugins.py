"""What installed distributions add to Twofold: functions and classes, found by the group of their entry points.

A distribution names them in its `pyproject.toml`, a line for each:

    [project.entry-points."twofold.metrics"]
    money_lost = "shop_metrics:money_lost"
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

Plugin: TypeAlias = Callable[..., Any]


class PluginError(ValueError):
    """Something that came from outside does not do what is expected of it: one line that names it."""


def plugins(group: str) -> dict[str, Plugin]:
    """Return what installed distributions add under `group`, by name, the names in order.

    A name that is one of ours already is for the caller to refuse.

    Raises:
        PluginError: One of them cannot be loaded, is neither a function nor a class, or two have one name; the
            message names the group, the name, and the distribution that it comes from.

    Example:
        >>> plugins("twofold.nothing_is_called_so")
        {}
    """
    return dict(_plugins(group, tuple(sys.path)))


def installed(group: str) -> list[str]:
    """Return what there is under `group`, and of which version, without loading it: what a result depends on."""
    return list(_installed(group, tuple(sys.path)))


def cannot(where: str, what: str, error: Exception) -> PluginError:
    """Return the error to raise, in one line, for one raised by somebody else's code."""
    return PluginError(f"{where} cannot be {what}: {type(error).__name__}: {' '.join(str(error).split())}")


@cache
def _plugins(group: str, path: tuple[str, ...]) -> dict[str, Plugin]:
    """Read the entry points once for each search path: that takes longer than many a metric."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        if entry.name in found:
            both = f"{_origin(found[entry.name])} and {_origin(entry)}"
            raise PluginError(f"{group}: expected one {entry.name!r}, found two, from {both}; uninstall one of them")
        found[entry.name] = entry
    return {name: _loaded(found[name]) for name in sorted(found)}


@cache
def _installed(group: str, path: tuple[str, ...]) -> tuple[str, ...]:
    found = entry_points(group=group)
    return tuple(sorted(f"{e.name} = {e.value} of {e.dist.name} {e.dist.version}" for e in found if e.dist))


def _loaded(entry: EntryPoint) -> Plugin:
    where = f"{entry.group}: {entry.name!r} of {_origin(entry)}"
    try:
        plugin: Plugin = entry.load()
    except Exception as error:  # whatever a module of somebody else's raises while it is imported
        raise cannot(where, "loaded", error) from error
    if not callable(plugin):
        raise PluginError(f"{where}: expected a function or a class, got {type(plugin).__name__}")
    return plugin


def _origin(entry: EntryPoint) -> str:
    return f"{entry.dist.name} ({entry.value})" if entry.dist else entry.value
