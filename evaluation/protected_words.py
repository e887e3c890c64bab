"""Taking a text apart into words and what stands between them, so that only the words can be changed.

Words that must stay as they are (`PROTECTED`: placeholders, addresses, numbers, handles, negations) make one token
each. Punctuation and spacing are put back where they were; tokenizers of others would write "don 't" for "don't".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_APOSTROPHE = r"['\u2019]"
PROTECTED = (
    r"(?:\{[^{}\s]+\}|\[[^\[\]\s]+\]|<[^<>\s]+>"  # placeholders: {name}, [MASK], <br/>
    r"|(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)]"
    r"|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
    r"|[@#]\w+"
    r"|\w*\d(?:[\w.,:/%-]*\w)?"  # numbers, dates, codes
    r"|(?i:not|no|nor|never|none|nobody|nothing|neither|without|cannot)(?![\w-])"
    rf"|(?i:\w*n{_APOSTROPHE}t)(?!\w))"
    rf"(?:{_APOSTROPHE}s\b)?"
)
_TOKEN = re.compile(rf"{PROTECTED}|\w+(?:(?:{_APOSTROPHE}|-)\w+)*")
_IS_PROTECTED = re.compile(rf"{PROTECTED}\Z")


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """A text as words, and the gaps around them: one more gap than words."""

    words: tuple[str, ...]
    gaps: tuple[str, ...]

    def with_words(self, words: Sequence[str]) -> str:
        """Return the text with other words in the same places; fewer words are taken as some left out.

        The text stays as it is where they are not some of its words, in order, case aside.
        """
        if len(words) == len(self.words):
            return _interleave(words, self.gaps)
        return self._with_only(words)

    def _with_only(self, words: Sequence[str]) -> str:
        kept, gaps = list(words), [self.gaps[0]]
        for word, gap in zip(self.words, self.gaps[1:], strict=True):
            if kept and kept[0].lower() == word.lower():
                kept.pop(0)
                gaps.append(gap)
            else:
                gaps[-1] = _closed(gaps[-1], gap)
        if kept or not words:
            return _interleave(self.words, self.gaps)
        return _interleave(words, gaps).strip()


def pieces(text: str) -> Pieces:
    """Take a text apart; `pieces(text).with_words(pieces(text).words)` is the text again."""
    words, gaps, end = [], [], 0
    for match in _TOKEN.finditer(text):
        gaps.append(text[end : match.start()])
        words.append(match.group())
        end = match.end()
    return Pieces(words=tuple(words), gaps=(*gaps, text[end:]))


def is_protected(word: str) -> bool:
    """Return whether a word must stay as it is: a placeholder, address, number, handle or negation."""
    return _IS_PROTECTED.match(word) is not None


def protected_words(text: str) -> Counter[str]:
    """Return the protected words of a text with their counts."""
    return Counter(word for word in pieces(text).words if is_protected(word))


def _interleave(words: Sequence[str], gaps: Sequence[str]) -> str:
    return gaps[0] + "".join(word + gap for word, gap in zip(words, gaps[1:], strict=True))


def _closed(before: str, after: str) -> str:
    """Return the gap that remains where a word between two gaps is left out."""
    if before.rstrip().endswith(("(", "[", "{", '"')):
        return before + after.lstrip()
    return before.rstrip() + after
