"""What a text says that its source does not: numbers and names, which can be looked up without knowing the world."""

from __future__ import annotations

from collections.abc import Iterable

import regex

_NUMBER = regex.compile(r"\p{N}+(?:[.,:]\p{N}+)*")
_GROUPED = regex.compile(r"(?<=\p{N}),(?=\p{N}{3}(?!\p{N}))")
_NAME = regex.compile(r"(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{M}\p{N}'\u2019-]+")
_BEGINS = regex.compile(r"(?:^|[.!?:;]|\n)[\s\"'\p{Pi}\p{Pf}()\[\]*#>-]*$")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")


def numbers_in(text: str) -> list[str]:
    """Return the numbers of a text, without what divides thousands and zeros that say nothing.

    Example:
        >>> numbers_in("1,250 people paid 12.50 at 9:30, some 3.")
        ['1250', '12.5', '9:30', '3']
    """
    return [_plain(found) for found in _NUMBER.findall(_GROUPED.sub("", text))]


def names_in(text: str) -> list[str]:
    """Return words with a capital letter that do not begin a sentence: names, in languages that write only these so.

    Example:
        >>> names_in("Yesterday Anna met IBM's people. They went to New York.")
        ['Anna', "IBM's", 'New', 'York']
    """
    return [found.group() for found in _NAME.finditer(text) if not _BEGINS.search(text, 0, found.start())]


def unsupported_numbers(text: str, source: str) -> list[int]:
    """Return how many numbers of a text stand nowhere in its source, and how many there are.

    Example:
        >>> unsupported_numbers("It has 3 floors and 1,250 seats.", "1250 seats on four floors")
        [1, 2]
    """
    return _missing(numbers_in(text), set(numbers_in(source)))


def unsupported_names(text: str, source: str) -> list[int]:
    """Return how many names of a text have a part that stands nowhere in its source, and how many there are.

    Example:
        >>> unsupported_names("He met Anna and Ben Carter.", "anna met mr. carter")
        [1, 3]
    """
    known = {word.casefold() for word in _WORD.findall(source)}
    found = [[word.casefold() for word in _WORD.findall(name) if len(word) > 1] for name in names_in(text)]
    return [sum(not known.issuperset(parts) for parts in found), len(found)]


def _missing(found: list[str], known: Iterable[str]) -> list[int]:
    return [sum(each not in known for each in found), len(found)]


def _plain(number: str) -> str:
    """Return a number as it is compared: without zeros at the end that say nothing."""
    whole, _, rest = number.partition(".")
    kept = rest.rstrip("0")
    return f"{whole}.{kept}" if kept else whole
