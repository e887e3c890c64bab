"""Putting something of ours in the place of what a library holds, while the process runs: the one way to do so.

A new version of a library may have moved a name, or call it with other arguments: then a replacement is overlooked or
fails in the middle of somebody's work. So each says what it expects, and a server that finds something else does not
start. What is replaced, why, and which test holds it, is in `docs/patches.md`, which a test compares with the calls.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from curation.embedded.errors import ServerError

MADE_FOR = {"argilla_server": "2.8.0", "fastapi": "0.115.14", "starlette": "0.46.2"}
"""The versions of libraries that the replacements were made for, as `constraints.txt` pins them."""

_VALUES = (str, bytes, int, float, tuple, type(None))
"""Types of which one object may stand for several things that have nothing to do with each other."""


def replaced(
    owner: Any,
    name: str,
    new: Any,
    *,
    parameters: Sequence[str] | None = None,
    reason: str,
    test: str,
) -> Callable[[], None]:
    """Replace `owner.name`, and the same object wherever else a module of Argilla holds it.

    A module that has imported a function by its name keeps the old one when the function's own module gets a new one.

    Args:
        owner: A module, a class or an object of a library.
        name: Of its attribute.
        new: What is to be there.
        parameters: The names of the parameters, in order, that what is there has to have; a last `...` stands for any
            others. None for what is neither a function nor a class.
        reason: Why, in one sentence.
        test: The name of the test that fails without it.

    Returns:
        A function that puts back what was there.

    Raises:
        ServerError: The name is not there, or has other parameters.
    """
    if not hasattr(owner, name):
        raise misfit(owner, f"has no `{_full_name(owner, name)}`", reason)
    old = getattr(owner, name)
    if parameters is not None:
        _check(owner, name, old, parameters, reason)
    places = [(owner, name), *_holders(old)]
    _put(new, places)
    return lambda: _put(old, places)


def misfit(owner: Any, what: str, reason: str) -> ServerError:
    """The error that says that a library is not the one that we know.

    Args:
        owner: The part of it that differs.
        what: What is found there, and expected; goes on after the library's name.
        reason: What it is needed for.
    """
    library = _module(owner).partition(".")[0]
    known, distribution = MADE_FOR.get(library, "another version"), library.replace("_", "-")
    try:
        found = version(distribution)
    except PackageNotFoundError:
        found = "unknown"
    return ServerError(
        f"{distribution}: expected version {known}, found {found}, which {what} (needed so that {reason}); install"
        f" {distribution}=={known}"
    )


def _check(owner: Any, name: str, old: Any, parameters: Sequence[str], reason: str) -> None:
    expected, came = list(parameters), list(inspect.signature(old).parameters) if callable(old) else None
    open_ended = expected[-1:] == ["..."]
    if came is None or (came[: len(expected) - 1] != expected[:-1] if open_ended else came != expected):
        takes = f"takes ({', '.join(came)})" if came is not None else "cannot be called"
        what = f"has another `{_full_name(owner, name)}`: it {takes}, expected ({', '.join(expected)})"
        raise misfit(owner, what, reason)


def _holders(old: object) -> Iterator[tuple[Any, str]]:
    if isinstance(old, _VALUES):
        return
    for module_name, module in list(sys.modules.items()):
        if module_name.partition(".")[0] == "argilla_server":
            yield from ((module, held) for held, value in list(vars(module).items()) if value is old)


def _put(thing: object, places: Sequence[tuple[Any, str]]) -> None:
    for owner, name in places:
        setattr(owner, name, thing)


def _full_name(owner: Any, name: str) -> str:
    parts = [_module(owner)]
    if not inspect.ismodule(owner):
        parts.append((owner if inspect.isclass(owner) else type(owner)).__qualname__)
    return ".".join([*parts, name])


def _module(owner: Any) -> str:
    return str(owner.__name__ if inspect.ismodule(owner) else owner.__module__)
