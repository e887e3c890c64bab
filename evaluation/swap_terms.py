"""Which words stand for which in the swap of two groups: read from a list that a team can write for its language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import regex

_ALONE = "alone before"
_ENTRY = regex.compile(r"([^=<>]+)([=<>])([^=<>]+)")
_EXPECTED = "expected 'group / group: word = word; word > word', or 'alone before: word, word'"


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word of one of two groups.

    Attributes:
        word: As the list writes it; one with a capital letter is found only where the text has one.
        side: 0 where it is of the first group, 1 where it is of the second.
        becomes: What stands in its place: one word; the form before a noun and the one that stands alone; or any of
            several words.
        by_place: Whether `becomes` are the two forms.
    """

    word: str
    side: int
    becomes: tuple[str, ...]
    by_place: bool


@dataclass(frozen=True, kw_only=True)
class SwapPair:
    """Two groups, and the words of both.

    Attributes:
        first: The one group.
        second: The other.
        terms: Words by how they are looked up: in small letters, one blank between words.
        alone_before: Words before which a pronoun has no noun, in small letters.
    """

    first: str
    second: str
    terms: dict[str, Term] = field(default_factory=dict)
    alone_before: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What the pair is called."""
        return f"{self.first} / {self.second}"


def swap_languages() -> list[str]:
    """Return the languages that have a list of swaps, as two letters each.

    Example:
        >>> swap_languages()
        ['en']
    """
    files = resources.files("evaluation").joinpath("swap_lists").iterdir()
    return sorted(file.name.removesuffix(".txt") for file in files if file.name.endswith(".txt"))


def swaps_of(language: str = "en") -> list[SwapPair]:
    """Return the swaps of a language that come along.

    Raises:
        ValueError: There are none for it.
    """
    if language not in swap_languages():
        known = ", ".join(swap_languages())
        raise ValueError(f"language: expected one of {known}, or a list of swaps of your own, got {language!r}")
    file = resources.files("evaluation").joinpath("swap_lists", f"{language}.txt")
    return parse_swaps(file.read_text(encoding="utf-8"), file.name)


def read_swaps(path: str | Path) -> list[SwapPair]:
    """Read swaps from a file; see `parse_swaps`.

    Raises:
        ValueError: The file cannot be read as UTF-8 text, or a line says no swap.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    return parse_swaps(text, str(path))


def parse_swaps(text: str, where: str = "swaps") -> list[SwapPair]:
    """Read swaps from lines `group / group: word = word; word > word; word < word`.

    The word on the left is of the first group. `=` holds both ways, `>` from left to right, `<` from right to left.
    Where several words stand on both sides, any of the one becomes any of the other. `a | b` is the form before a noun
    and the one that stands alone, which is before a mark, the end or a word named by `alone before: word, word`. Lines
    that begin with # are remarks.

    Args:
        text: Of the list.
        where: What messages call it.

    Raises:
        ValueError: A line that says no swap, or a word that one pair names twice; with the row.

    Example:
        >>> pair = parse_swaps("man / frau: der mann = die frau; er = sie")[0]
        >>> pair.name, pair.terms["er"].becomes
        ('man / frau', ('sie',))
    """
    found: dict[str, SwapPair] = {}
    alone: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place, (head, colon, body) = f"{where}, row {number}", line.partition(":")
        if colon and head.strip() == _ALONE:
            alone.update(word.casefold() for word in _words(body))
            continue
        first, slash, second = (part.strip() for part in head.partition("/"))
        if not (colon and slash and first and second and body.strip()):
            raise ValueError(f"{place}: {_EXPECTED}, got {line[:60]!r}")
        pair = found.setdefault(f"{first} / {second}", SwapPair(first=first, second=second))
        for term in _terms(body, place):
            if folded(term.word) in pair.terms:
                raise ValueError(f"{place}: expected each word of {pair.name!r} once, got {term.word!r} again")
            pair.terms[folded(term.word)] = term
    if not found:
        raise ValueError(f"{where}: {_EXPECTED}, got no line that does")
    return [
        SwapPair(first=pair.first, second=pair.second, terms=pair.terms, alone_before=frozenset(alone))
        for pair in found.values()
    ]


def folded(word: str) -> str:
    """Return how a word is looked up.

    Example:
        >>> folded("African  American")
        'african american'
    """
    return " ".join(word.casefold().split())


def _terms(body: str, place: str) -> Iterator[Term]:
    for entry in filter(None, (part.strip() for part in body.split(";"))):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"{place}: {_EXPECTED}, got {entry[:60]!r}")
        left, way, right = match.groups()
        if way in "=>":
            yield from _of_side(left, right, 0, place)
        if way in "=<":
            yield from _of_side(right, left, 1, place)


def _of_side(words: str, other: str, side: int, place: str) -> Iterator[Term]:
    forms = [form.strip() for form in other.split("|")]
    becomes = forms if len(forms) > 1 else _words(other)
    several = len(becomes) > 1 and len(forms) == 1
    sources = _words(words)
    right = "|" not in words and all(forms) and len(forms) <= 2 and not (len(forms) == 2 and "," in other)
    if not (right and sources and becomes) or (several and len(sources) == 1) or (len(sources) > 1 and not several):
        raise ValueError(
            f"{place}: expected a word and what it becomes, or several on both sides, got {words.strip()!r}"
        )
    for word in sources:
        yield Term(word=word, side=side, becomes=tuple(becomes), by_place=len(forms) == 2)


def _words(listed: str) -> Sequence[str]:
    return [word.strip() for word in listed.split(",") if word.strip()]
