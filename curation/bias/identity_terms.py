"""Texts that name a group of people: a short list of words for each language, which anybody can replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import regex

from curation.errors import TwofoldError, suggest
from curation.quality.input_checks import BoolArray, as_texts
from evaluation.columns import Column

Terms = Mapping[str, Sequence[str]]
PREFIX = "mentions "
TERMS = "identity-terms.txt"
"""Words by group in a project's folder, in place of ours."""


def languages() -> list[str]:
    """Return the languages that have a list, as two letters each."""
    files = resources.files("curation.bias").joinpath("terms").iterdir()
    return sorted(file.name.removesuffix(".txt") for file in files if file.name.endswith(".txt"))


def identity_mentions(texts: Column, *, language: str = "en", terms: Terms | None = None) -> dict[str, BoolArray]:
    """Say which texts name which group of people, as columns for `label_balance` and `noise_by_group`.

    Only whole words count, in any case. A text may name several groups. Words have several meanings ("black coffee"):
    this finds where to look, not what is meant.

    Args:
        texts: n texts.
        language: Of the list that comes along; see `languages()`.
        terms: Words by group, in place of that list; `read_terms` reads them from a file.

    Returns:
        (n,) truth values for every group, by "mentions GROUP".

    Raises:
        ValueError: No list for the language, or a group without words.

    Example:
        >>> found = identity_mentions(["She is a Muslim woman.", "Black coffee, please."])
        >>> [name for name, column in found.items() if column[0]]
        ['mentions women', 'mentions muslim']
    """
    strings = as_texts(texts)
    lists = _of_language(language) if terms is None else terms
    found = {group: np.zeros(len(strings), dtype=bool) for group in lists}
    groups_of_word = _by_word(lists)
    pattern = _pattern(groups_of_word)
    for i, text in enumerate(strings):
        for word in set(pattern.findall(_folded(text))) if groups_of_word else ():
            for group in groups_of_word[word]:
                found[group][i] = True
    return {PREFIX + group: column for group, column in found.items()}


def mentions(texts: Column, *, own: Path | None, language: str) -> dict[str, list[bool]]:
    """Say which texts of a project name which group of people, by its own words where it has some.

    Raises:
        TwofoldError: These cannot be read, or there are none for its language.
    """
    try:
        found = identity_mentions(texts, language=language, terms=None if own is None else read_terms(own))
    except ValueError as error:
        raise TwofoldError(f"check.{error}" if str(error).startswith("language") else str(error)) from None
    return {name: mentioned.tolist() for name, mentioned in found.items()}


def read_terms(path: Path) -> dict[str, list[str]]:
    """Read words by group from a file of lines "group: word, word, ..."; lines that begin with # are remarks.

    Raises:
        ValueError: The file cannot be read as UTF-8 text, or a line is no group with words.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    return _parsed(text, str(path))


def _of_language(language: str) -> dict[str, list[str]]:
    known = languages()
    if language not in known:
        raise ValueError(
            f"language: expected one of {', '.join(known)}, got {language!r}{suggest(str(language), known)}"
        )
    file = resources.files("curation.bias").joinpath("terms", f"{language}.txt")
    return _parsed(file.read_text(encoding="utf-8"), file.name)


def _parsed(text: str, where: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        group, colon, words = line.partition(":")
        listed = [word.strip() for word in words.split(",") if word.strip()]
        if not (colon and group.strip() and listed):
            raise ValueError(f"{where}, row {number}: expected 'group: word, word, ...', got {line[:60]!r}")
        found.setdefault(group.strip(), []).extend(listed)
    return found


def _by_word(terms: Terms) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group, words in terms.items():
        if isinstance(words, str) or not list(words):
            raise ValueError(f"terms[{group!r}]: expected a list of words, got {words!r}")
        for word in words:
            found.setdefault(_folded(word), []).append(group)
    return found


def _pattern(words: Mapping[str, object]) -> regex.Pattern[str]:
    """Return what finds every word, even inside a longer one of several words."""
    longest_first = sorted(map(regex.escape, words), key=len, reverse=True)
    return regex.compile(rf"(?<![\w-])(?:{'|'.join(longest_first)})(?![\w-])")


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
