"""Texts as words: what is compared where texts are, in any script."""

from __future__ import annotations

import unicodedata

import regex

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that put no blanks between words: a word of theirs is a character with its marks."""

_PIECE = regex.compile(rf"\s+|[{UNSPACED}]\p{{M}}*|[^\s{UNSPACED}]+")
_PUNCTUATION = regex.compile(r"\p{P}+")


def pieces(text: str) -> list[str]:
    """Return words as they are written and the white space between them, which together are the text.

    >>> pieces("So be it.")
    ['So', ' ', 'be', ' ', 'it.']
    """
    found: list[str] = _PIECE.findall(text)
    return found


def bare(word: str) -> str:
    """Return a word in NFC, in small letters and without punctuation; "" where it is nothing else.

    >>> bare("Don't,")
    'dont'
    """
    if word.isascii() and word.isalnum():
        return word.lower()
    whole = unicodedata.normalize("NFC", unicodedata.normalize("NFC", word).casefold())
    return str(_PUNCTUATION.sub("", whole))


def words(text: str) -> list[str]:
    """Return the words of a text by which it is held against others: `bare`, those of punctuation alone left out.

    >>> words("So be it - or NOT.")
    ['so', 'be', 'it', 'or', 'not']
    """
    return [word for word in map(bare, pieces(text)) if word.strip()]
