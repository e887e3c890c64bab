"""A text, or the texts of a pair, as words that can be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.columns import kept, read_texts, rows_of_lists
from evaluation.words import pieces

Text: TypeAlias = str | Sequence[str]
"""A text, or the texts that a model reads together."""
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class WordedText:
    """What a model reads of one record, as words.

    Attributes:
        pieces: Of each of its texts the words and the white space between them, which together are the text.
        is_one: Whether it is a text by itself, rather than a list of texts.
    """

    pieces: tuple[tuple[str, ...], ...]
    is_one: bool

    @property
    def words(self) -> list[str]:
        """Its w words, through all of its texts."""
        return [piece for text in self.pieces for piece in text if not piece.isspace()]

    def kept(self, keep: BoolArray) -> Text:
        """Return it with some words alone, between any two of them the first white space that stood there.

        Args:
            keep: (w,) whether a word stays.
        """
        stays = iter(keep.tolist())
        found = tuple(_kept(text, [not piece.isspace() and next(stays) for piece in text]) for text in self.pieces)
        return found[0] if self.is_one else found

    @property
    def whole(self) -> Text:
        """It as it came."""
        found = tuple("".join(text) for text in self.pieces)
        return found[0] if self.is_one else found


def worded(texts: Any, where: str = "texts") -> list[WordedText]:
    """Return n texts, or n lists of texts, as words.

    Args:
        texts: Any kind of column.
        where: What messages call it.

    Raises:
        ValueError: There is none, or one of them is no text.
    """
    given = kept(texts)
    rows = rows_of_lists(given)
    if rows is None:
        found = [_worded((text,), is_one=True) for text in read_texts(given, where)]
    else:
        found = [_worded(read_texts(row, f"{where}, record {at}"), is_one=False) for at, row in enumerate(rows)]
    if not found or not all(one.pieces for one in found):
        raise ValueError(f"{where}: expected at least one text{' for each record' if found else ''}, got none")
    return found


def _worded(texts: Sequence[str], *, is_one: bool) -> WordedText:
    return WordedText(pieces=tuple(tuple(pieces(one)) for one in texts), is_one=is_one)


def _kept(text: tuple[str, ...], stays: Sequence[bool]) -> str:
    said: list[str] = []
    between = ""
    for piece, stay in zip(text, stays, strict=True):
        if stay:
            said += [between, piece] if said else [piece]
            between = ""
        elif piece.isspace() and not between:
            between = piece
    return "".join(said)
