"""Unicode: broken encodings mended, one form for equal texts, and what no eye can see."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

# What shows nothing and joins nothing: zero-width spaces, marks of direction, soft hyphens. The joiners U+200C and
# U+200D are not among them: they shape Persian, Indic scripts and emoji.
_WITHOUT_EFFECT = "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
_WITHOUT_EFFECT += "\u2066\u2067\u2068\u2069\ufeff"
_DELETE = dict.fromkeys(map(ord, _WITHOUT_EFFECT))
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and marks by category, but blank
_BLANKS = "".join(chr(i) for i in range(0x3001) if chr(i).isspace())
_AT_ENDS = _BLANKS + _WITHOUT_EFFECT


def repaired(text: str) -> str:
    """Return the text in NFC, its encoding mended, without control characters, and without blanks at its ends."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _mended(text).strip(_AT_ENDS)


def _mended(text: str) -> str:
    import ftfy

    config = ftfy.TextFixerConfig(unescape_html=False, uncurl_quotes=False, fix_character_width=False)
    return str(ftfy.fix_text(text, config=config))


def places_in_repaired(text: str, places: Sequence[int]) -> list[int]:
    """Return where places of a text are in the repaired one; one at an end that was cut off is at that end.

    Args:
        text: The text as it was.
        places: Places in characters, in order, none twice.

    Raises:
        ValueError: A place is outside the text, or inside what repair made one character of.

    Example:
        >>> places_in_repaired("  cafe\u0301 ", [2, 7, 8])
        [0, 4, 4]
    """
    if places and places[-1] > len(text):
        raise ValueError(f"a place is {places[-1]}, outside its text, which has {len(text)} characters")
    parts = [_mended(text[start:end]) for start, end in pairwise([0, *places, len(text)])]
    whole = _mended(text)
    if "".join(parts) != whole:
        raise ValueError("a passage ends inside of what repair makes one character; repair the text first")
    cut, length = len(whole) - len(whole.lstrip(_AT_ENDS)), len(repaired(text))
    ends = accumulate(len(part) for part in parts[:-1])
    return [min(max(at - cut, 0), length) for at in ends]


@lru_cache(maxsize=10_000)
def repaired_name(text: str) -> str:
    """Return the name of a label as `repaired`, and without invisible characters inside it."""
    return repaired(text).translate(_DELETE).strip()


def is_visible(text: str) -> bool:
    """Say whether there is anything to read."""
    return any(_shows(character) for character in text)


@lru_cache(maxsize=10_000)
def _shows(character: str) -> bool:
    if character in _FILLERS or "\ufe00" <= character <= "\ufe0f":
        return False
    return unicodedata.category(character) not in {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"}
