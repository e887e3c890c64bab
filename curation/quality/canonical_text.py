"""What of a text tells it from another one: its words, numbers and symbols, in every script."""

from __future__ import annotations

import re
import string
import unicodedata

import regex

# Marks of a reader's pause or of speech are no content; these signs are, though Unicode counts them as punctuation.
_SIGNS = r"#%&@*/\\§¶†‡‰‱\u2032\u2033\u2034※⁂\u066a\u0609\u060a"
_WORD = r"[\p{L}\p{M}\p{N}]"
_EMPTY = r"\(\) | \[\] | \{\}"  # brackets around nothing set nothing apart: "main()"
_OPERATOR = rf"(?: [!:?-](?=[=>]) | (?<=<)- | [\p{{Sm}}\p{{Sc}}^`{_SIGNS}] | {_EMPTY} )+"  # "C++", "!=", "->", "100%"
_EMOJI = r"(?: [\U0001F1E6-\U0001F1FF]{2} | [\p{So}\p{Sk}\p{C}] )"  # two letters make a flag
_NUMBER = rf"(?<=\p{{N}}) [.,\u066b\u066c] (?=\p{{N}}) {_WORD}+"
_TOKENS = regex.compile(
    rf"""
      (?<!{_WORD})[:;=][-'^]?(?!{_EMPTY})[()\[\]{{}}]+    # faces: ":)" is not ":("
    | {_OPERATOR}
    | {_EMOJI}                               # one by one: more of the same is emphasis
    | (?:(?<!{_WORD})-(?=\p{{N}}))? {_WORD}+ (?: {_NUMBER} )*    # words, "-5", "1.0"
    """,
    regex.VERBOSE,
)
_SPACE = regex.compile(r"[\s\p{Cc}]+")
# Joiners, fillers, and what asks for an emoji or a glyph to be drawn in another way. Tags stay: they tell the flag of
# Scotland from that of Wales.
_INVISIBLE = regex.compile(r"(?:(?![\U000E0020-\U000E007F])\p{Default_Ignorable_Code_Point})+")
# What old character sets had forms of their own for: full width, half width, joined Arabic. Other compatibility forms
# have a meaning ("x²", "①", a bold letter for a vector), so that those of these blocks alone are read as usual.
_USUAL = {
    code: "".join(chr(int(usual, 16)) for usual in unicodedata.decomposition(chr(code)).split()[1:])
    for code in range(0xFB50, 0xFFF0)
    if unicodedata.decomposition(chr(code))
}
# What most texts of ASCII are without; they take a sixth of the time.
_NOT_PLAIN = re.compile(r"[#%&@*/\\^`=<>+|~$\0-\x08\x0e-\x1f\x7f]|[:;][-'^]?[()\[\]{}]|-\d|\d[.,]\d|\(\)|\[\]|\{\}")
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation, " "))
_SYMBOL = regex.compile(rf"{_OPERATOR}|{_EMOJI}", regex.VERBOSE)
# A letter and what makes another name or term of it: "c ++", "a ≠"; not the article before a price.
_NAME = regex.compile(rf"(?<!\S)\p{{L}}[ ](?!\p{{Sc}}){_OPERATOR}(?!\S)", regex.VERBOSE)
# Between the copies of a symbol, so that each of its n-grams holds it and no text holds them.
_APART = "\ue000\ue001\ue002"


def canonical_text(text: str) -> str:
    """Return the words, numbers and symbols of `text`: case, spacing and ordinary punctuation are dropped.

    Two texts with the same canonical text are copies word for word. Those that differ in a letter (case aside), a mark
    (vowel signs, accents), a digit or a symbol have different ones, whatever their script. Full stops, commas, quotes,
    brackets and dashes are ordinary punctuation; `#%&@*/`, a minus before a number, the point in it, operators such as
    `!=`, brackets around nothing and faces such as `:(` are not. Characters that cannot be seen are
    dropped; full-width, half-width and joined Arabic forms are the letters that they are forms of.

    A text of ordinary punctuation alone ("???") keeps its characters, so that it equals only itself.

    >>> canonical_text("Is  C++ faster?"), canonical_text("is c faster"), canonical_text("¡100 % 😀!")
    ('is c ++ faster', 'is c faster', '100 % 😀')
    """
    if text.isascii() and not _NOT_PLAIN.search(text):
        return " ".join(text.lower().translate(_PUNCTUATION).split()) or " ".join(text.split())
    seen = _SPACE.sub(" ", _INVISIBLE.sub("", text).translate(_USUAL))
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", seen).casefold())
    return " ".join(_TOKENS.findall(folded)) or " ".join(folded.split())


def with_heavy_symbols(canonical: str) -> str:
    """Return a canonical text in which symbols have more than the single 4-gram of a word as short as they are.

    A letter with an operator has as many as a word of seven letters or more, so that "in C" and "in C++" are not nearly
    the same; any other symbol has those of a word of three, so that a longer text with another currency is a near copy.
    """
    if canonical.isascii() and not _NOT_PLAIN.search(canonical):
        return canonical
    named = _NAME.sub(lambda found: _repeated(found[0].replace(" ", ""), _APART), canonical)
    return " ".join(
        _repeated(token, _APART[:1]) + token if _SYMBOL.fullmatch(token) else token for token in named.split(" ")
    )


def _repeated(symbol: str, apart: str) -> str:
    return "".join(symbol + between for between in apart)
