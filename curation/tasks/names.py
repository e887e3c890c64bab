"""Names that people give: of fields, questions and labels."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, TypeVar

from pydantic import StringConstraints

from curation.tasks import limits

Name = Annotated[str, StringConstraints(min_length=1, max_length=limits.NAME, strip_whitespace=True)]
T = TypeVar("T", bound=Hashable)


def titled(name: str) -> str:
    """Return a name as people read it.

    Example:
        >>> titled("reply_of_GPT")
        'Reply of GPT'
    """
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def all_different(what: str, names: tuple[T, ...]) -> tuple[T, ...]:
    """Return the names.

    Raises:
        ValueError: Two are alike.
    """
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise ValueError(f"{what} must differ, {twice!r} stands there twice")
    return names
