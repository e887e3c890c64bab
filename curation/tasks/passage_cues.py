"""What can be read off a passage and the words beside it, in short words that passages have in common."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+|[^\w\s]")
_LONGEST = 200  # characters of a passage, and on either side of it, that are looked at
_WORDS = 12  # of a passage
_FACES = ((re.compile(r"\d+"), "9"), (re.compile(r"[^\W\d_]+"), lambda m: _case(m[0])))


def passage_cues(text: str, start: int, end: int) -> list[str]:
    """Return what can be read off a passage: its words, their outlines, what stands before and behind it.

    The features that taggers of names use (Ratinov and Roth 2009, CoNLL, 147-155), of any script; nothing is known
    of any language.

    Args:
        text: The text.
        start: Place of the passage's first character, in characters.
        end: Place after its last one.

    Example:
        >>> [cue for cue in passage_cues("She met Ann Lee .", 8, 15) if cue.startswith(("whole", "left", "face"))]
        ['whole=ann lee', 'left=met', 'left2=she', 'face=Aa Aa', 'left face=a']
    """
    inside = text[start : min(end, start + _LONGEST)]
    words = _WORD.findall(inside)[:_WORDS]
    left = ["<", "<", *_WORD.findall(text[max(0, start - _LONGEST) : start])][-2:]
    right = [*_WORD.findall(text[end : end + _LONGEST]), ">", ">"][:2]
    cut = _is_inside_a_word(text, start) or _is_inside_a_word(text, end)
    found = [
        f"whole={inside.lower()}",
        f"left={left[1].lower()}",
        f"left2={left[0].lower()}",
        f"right={right[0].lower()}",
        f"right2={right[1].lower()}",
        f"face={' '.join(_face(word) for word in words[:5])}",
        f"left face={_face(left[1])}",
        f"right face={_face(right[0])}",
        f"words={min(len(words), 5)}",
        f"capitals={text.isupper()}",
        f"cut={cut}",
    ]
    if words:
        first, last = words[0].lower(), words[-1].lower()
        found += [f"first={first}", f"last={last}", f"begins={first[:3]}", f"ends={last[-3:]}"]
    return found + [f"word={word.lower()}" for word in dict.fromkeys(words)]


def _is_inside_a_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _face(word: str) -> str:
    """Return the outline of a word: `Aa` for Ann, `AA` for NATO, `a` for met, `9` for numbers, marks as they are."""
    for pattern, outline in _FACES:
        word = pattern.sub(outline, word)
    return word[:8]


def _case(letters: str) -> str:
    if letters.isupper():
        return "A" if len(letters) == 1 else "AA"
    return "Aa" if letters[0].isupper() else "a"
