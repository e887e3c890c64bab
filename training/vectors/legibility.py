"""What a model could not read of a text: its vector says nothing of that."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.models.packaged import PACKAGED, locate

# Punctuation that the packaged model knows, and every text out of a word processor holds.
_TYPOGRAPHIC = str.maketrans("", "", "\u201c\u201d\u2018\u2019\u2013\u2014\u2026")
# Longer words are unknown to a WordPiece tokenizer, whatever they are made of.
_LONGEST_WORD = 100
# Texts tokenized at once, for memory.
_CHUNK = 4096


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """How far a model can read n texts.

    Attributes:
        unread: (n,) the words that it cannot read, sorted and joined; "" where it reads all.
        share: (n,) of the words that it cannot read, in [0, 1].
    """

    unread: list[str]
    share: npt.NDArray[np.float64]

    @property
    def illegible(self) -> npt.NDArray[np.bool_]:
        """(n,) true where it cannot read more than half of the words: the vector says next to nothing."""
        return self.share > 0.5


def reading(texts: Sequence[str], *, model: str = PACKAGED) -> Reading:
    """Say what the tokenizer of a model takes in of each text.

    A word is read if it becomes pieces that the model knows and that spell it as it is written, case aside. It is not
    where a piece is unknown (emoji, most scripts to an English model), where marks are dropped on the way in (vowel
    signs, accents), and where a word outside ASCII falls into single letters: then the model knows the alphabet and no
    word of the language. Words of ASCII are read; punctuation is no word.

    Args:
        texts: n texts.
        model: `"packaged"` or a local folder, with a `tokenizer.json`.

    Raises:
        ImportError: the `train` extra is not installed.
    """
    unread, share = [""] * len(texts), np.zeros(len(texts))
    doubtful = [row for row, text in enumerate(texts) if not _surely_read(text)]
    for start in range(0, len(doubtful), _CHUNK):
        rows = doubtful[start : start + _CHUNK]
        shown = [printable(texts[row]) for row in rows]
        for row, text, tokens in zip(rows, shown, _tokenizer(model).encode_batch(shown), strict=True):
            words = list(_words(text, tokens))
            missed = sorted(word for word, is_read in words if not is_read)
            unread[row], share[row] = " ".join(missed), len(missed) / max(len(words), 1)
    return Reading(unread=unread, share=share)


def _surely_read(text: str) -> bool:
    return text.translate(_TYPOGRAPHIC).isascii() and max(map(len, text.split()), default=0) <= _LONGEST_WORD


@cache
def _tokenizer(model: str) -> Any:
    """Load the tokenizer alone, which takes no torch."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ImportError('reading texts needs tokenizers: pip install "twofold[train]"') from error
    found = Tokenizer.from_file(str(Path(locate(model)) / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def _words(text: str, tokens: Any) -> Iterator[tuple[str, bool]]:
    """Yield every word of a text as it is written, case aside, and whether it is read."""
    pieces: dict[int, list[str]] = {}
    starts: dict[int, int] = {}
    for piece, word, (start, _) in zip(tokens.tokens, tokens.word_ids, tokens.offsets, strict=True):
        if word is not None:  # none: the marks of the text's beginning and end
            pieces.setdefault(word, []).append(piece.removeprefix("##"))
            starts.setdefault(word, start)
    edges = [0, *list(starts.values())[1:], len(text)]  # what stands before the first word was dropped as well
    for taken, begin, end in zip(pieces.values() or [[]], edges[:-1], edges[1:], strict=True):
        seen = (c for c in text[begin:end].lower() if not c.isspace() and unicodedata.category(c) != "Cf")
        written = unicodedata.normalize("NFC", "".join(seen))
        if any(unicodedata.category(c)[0] in "LMNS" for c in written):
            yield written, _is_read(written, taken)


def _is_read(written: str, pieces: Sequence[str]) -> bool:
    if unicodedata.normalize("NFC", "".join(pieces)) != written:
        return False
    return written.isascii() or len(pieces) == 1 or max(map(len, pieces)) > 1


def printable(text: str) -> str:
    """Spell out half characters (a lone surrogate), which no tokenizer takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
