"""Single changes of words and phrases: slips of the keyboard, look-alike letters, dates, contractions, names."""

from __future__ import annotations

import unicodedata
from datetime import date
from itertools import pairwise

import regex

from evaluation.places import one_of

_ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.25), ("zxcvbnm", 0.75))
_AT = {letter: (y, x + shift) for y, (row, shift) in enumerate(_ROWS) for x, letter in enumerate(row)}
_NEIGHBOURS = {
    letter: tuple(other for other, (v, u) in _AT.items() if other != letter and abs(v - y) <= 1 and abs(u - x) <= 1)
    for letter, (y, x) in _AT.items()
}

LOOK_ALIKES = str.maketrans(
    "aceiopsxyjABCEHIKMOPTXJ",
    "\u0430\u0441\u0435\u0456\u043e\u0440\u0455\u0445\u0443\u0458"
    "\u0410\u0412\u0421\u0415\u041d\u0406\u041a\u041c\u041e\u0420\u0422\u0425\u0408",
)
"""Latin letters, and those of the Cyrillic alphabet that look the same."""

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
"""Characters of ASCII, and their wide forms of East Asian texts."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DIGITS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_ISO = regex.compile(r"(\d{4})-(\d\d)-(\d\d)")
_WRITTEN = regex.compile(rf"(\d\d?) ({'|'.join(_MONTHS)}) (\d{{4}})")
NUMBER = regex.compile(
    rf"(?<![\w.,:/-])(?:\d{{4}}-\d\d-\d\d|\d\d? (?:{'|'.join(_MONTHS)}) \d{{4}}"
    rf"|\d{{5,9}}|\d{{1,3}}(?:,\d{{3}})+|{'|'.join(_DIGITS)})(?![\w/-]|[.,:]\d)"
)
"""A date of ISO 8601 or written in English, a number of five digits or more, or one in words up to twelve."""

_VERBS = ("is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "would", "could", "should")
_PAIRS = [
    *((f"{verb} not", f"{verb}n't") for verb in _VERBS),
    ("cannot", "can't"),
    ("will not", "won't"),
    ("i am", "i'm"),
    *((f"{who} are", f"{who}'re") for who in ("you", "we", "they")),
    *((f"{who} have", f"{who}'ve") for who in ("i", "you", "we", "they")),
    *((f"{who} will", f"{who}'ll") for who in ("i", "you", "he", "she", "we", "they")),
]
_OTHER = {**dict(_PAIRS), **{short: long for long, short in _PAIRS}}
CONTRACTION = regex.compile(rf"(?i)\b(?:{'|'.join(_OTHER)})\b".replace("'", "['\u2019]"))
"""A contraction of English that can be told for sure, or what it stands for."""

_NAMES = (
    *("Anna", "Ben", "Emily", "James", "John", "Mary", "Michael", "Sarah", "Thomas", "Laura"),
    *("Ahmed", "Aisha", "Fatima", "Hassan", "Ibrahim", "Layla", "Mohammed", "Omar", "Yusuf", "Zainab"),
    *("Arjun", "Deepika", "Priya", "Rahul", "Sanjay", "Chen", "Hiroshi", "Mei", "Wei", "Yuki"),
    *("Alejandro", "Carlos", "Guadalupe", "Jose", "Maria", "Chidi", "Kwame", "Ngozi", "Oluwaseun", "Thandiwe"),
    *("Agnieszka", "Dmitri", "Ivan", "Olga", "Piotr", "Darnell", "Jamal", "Keisha", "Lakisha", "Tyrone"),
)
NAME = regex.compile(rf"\b(?:{'|'.join(_NAMES)})\b")
"""One of fifty first names."""


def slip(word: str, how: float, where: float) -> str:
    """Return a word with one slip: a neighbouring key, two letters in the wrong order, or one left out.

    Args:
        word: Of one letter it stays as it is.
        how: Which slip, in [0, 1).
        where: At which letter, in [0, 1).

    Example:
        >>> slip("parcel", 0.0, 0.5), slip("parcel", 0.5, 0.5), slip("parcel", 0.9, 0.4)
        ('pardel', 'pacrel', 'pacel')
    """
    if len(word) < 2:
        return word
    at = int(where * len(word))
    keys = _NEIGHBOURS.get(word[at].lower())
    if how < 1 / 3 and keys:
        key = one_of(keys, 3 * how)
        return word[:at] + (key.upper() if word[at].isupper() else key) + word[at + 1 :]
    unlike = [i for i, (one, other) in enumerate(pairwise(word)) if one != other]
    if how < 2 / 3 and unlike:
        at = unlike[int(where * len(unlike))]
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]


def without_accents(word: str) -> str:
    """Return a word without the marks of its Latin letters; those of other scripts are no ornament.

    Example:
        >>> without_accents("Crème"), without_accents("हिंदी")
        ('Creme', 'हिंदी')
    """
    found = [unicodedata.normalize("NFD", one) for one in unicodedata.normalize("NFC", word)]
    return "".join(one[0] if unicodedata.name(one[0], "").startswith("LATIN") else one for one in found)


def other_number(found: str, _: float = 0.0) -> str:
    """Return a match of `NUMBER` as it is also written; a day that there is not stays as it is.

    Example:
        >>> [other_number(one) for one in ("2024-05-04", "4 May 2024", "12000", "12,000", "three")]
        ['4 May 2024', '2024-05-04', '12,000', '12000', '3']
    """
    if found in _DIGITS:
        return str(_DIGITS.index(found))
    if iso := _ISO.fullmatch(found):
        year, month, day = map(int, iso.groups())
        return f"{day} {_MONTHS[month - 1]} {year}" if _is_day(year, month, day) else found
    if written := _WRITTEN.fullmatch(found):
        day, month, year = int(written[1]), _MONTHS.index(written[2]) + 1, int(written[3])
        return f"{year:04d}-{month:02d}-{day:02d}" if _is_day(year, month, day) else found
    return found.replace(",", "") if "," in found or found.startswith("0") else f"{int(found):,}"


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def other_contraction(found: str, _: float = 0.0) -> str:
    """Return a match of `CONTRACTION` in its other form, with its first letter as large.

    Example:
        >>> [other_contraction(one) for one in ("Don't", "will not", "I'm")]
        ['Do not', "won't", 'I am']
    """
    other = _OTHER[found.lower().replace("\u2019", "'")]
    return other[0].upper() + other[1:] if found[0].isupper() else other


def other_name(found: str, draw: float) -> str:
    """Return another name than the one found, by a draw from [0, 1).

    Example:
        >>> other_name("Anna", 0.0)
        'Ben'
    """
    return one_of(tuple(name for name in _NAMES if name != found), draw)
