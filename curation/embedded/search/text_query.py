r"""The search box's language, read into an expression; there is no input that it refuses.

It is Elasticsearch's ``simple_query_string`` with AND as the default operator, as the Argilla UI promises:
``a b`` both, ``a | b`` either, ``-a`` without, ``"a b"`` a phrase, ``a*`` a prefix, ``( )`` a group, ``\`` takes the
next character literally. Operators bind from left to right, none before another: ``a | b c`` is ``(a | b) c``.
A quote or parenthesis that is never closed is skipped, and so are operators without something to work on.
``~N`` (fuzzy, slop) is read and has no effect: terms match exactly.
"""

import re
import unicodedata
from dataclasses import dataclass

MAX_CHARACTERS = 10_000
"""Characters of one query that count."""

MAX_TERMS = 256
"""Words and phrases of one query that count; Elasticsearch has such a limit too, and answers with an error."""

MAX_DEPTH = 24
"""Groups within groups, and changes between AND and OR, that count; full-text parsers have fixed stacks."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """Words that stand next to each other; with ``is_prefix`` the last may go on."""

    text: str
    is_prefix: bool = False


@dataclass(frozen=True, kw_only=True)
class Not:
    """Records that do not match."""

    operand: "Expression"


@dataclass(frozen=True, kw_only=True)
class All:
    """Records that match every operand."""

    operands: "tuple[Expression, ...]"


@dataclass(frozen=True, kw_only=True)
class Either:
    """Records that match at least one operand."""

    operands: "tuple[Expression, ...]"


Expression = Words | Not | All | Either

_TOKEN = re.compile(
    r"""
      \s+
    | "(?P<phrase>(?:\\.|[^"\\])*)"(?:~\d*)?
    | (?P<operator>[()|+"-])
    | (?P<word>(?:\\.|\\$|[^\s"|+()\\])+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FUZZY = re.compile(r"(?<!\\)~\d*$")
_PREFIX = re.compile(r"(?<!\\)\*+$")
_UNSEARCHABLE = dict.fromkeys([*range(32), 0xE000], " ")


def parse_text_query(query: str) -> Expression | None:
    """Read what somebody typed into the search box.

    Args:
        query: any text.

    Returns:
        The expression, or None where the text has nothing to search for (then every record matches).
    """
    tokens = list(_TOKEN.finditer(_searchable(query)))
    return _Reader(tokens=tokens, closers=_closers(tokens)).read(0, len(tokens), depth=0)


def excludes(expression: Expression) -> bool:
    """Whether a record without any text would match, as for a query that only says what not to find."""
    if isinstance(expression, Words):
        return False
    if isinstance(expression, Not):
        return not excludes(expression.operand)
    combine = all if isinstance(expression, All) else any
    return combine(excludes(operand) for operand in expression.operands)


def _searchable(query: str) -> str:
    """The text without what no database takes as a parameter: lone surrogates and control characters."""
    return query[:MAX_CHARACTERS].encode("utf-8", "ignore").decode().translate(_UNSEARCHABLE)


def _has_words(text: str) -> bool:
    """Whether full-text search sees a token in it, that is a letter or a number."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def _closers(tokens: list[re.Match[str]]) -> dict[int, int]:
    """The position of the closing parenthesis for each opening one that has one."""
    opened: list[int] = []
    closers = {}
    for position, token in enumerate(tokens):
        if token["operator"] == "(":
            opened.append(position)
        elif token["operator"] == ")" and opened:
            closers[opened.pop()] = position
    return closers


@dataclass(kw_only=True)
class _Reader:
    tokens: list[re.Match[str]]
    closers: dict[int, int]
    terms: int = 0
    changes: int = 0

    def read(self, position: int, stop: int, depth: int) -> Expression | None:
        result: Expression | None = None
        operator: str | None = None
        negations = 0
        while position < stop:
            symbol = self.tokens[position]["operator"]
            if symbol == "-":
                position, negations = position + 1, negations + 1
                continue
            if symbol in ("|", "+") and result is not None:
                operator = operator or symbol
            operand, position = self._operand(position, depth)
            if operand is not None:
                operand = Not(operand=operand) if negations % 2 else operand
                result, operator = self._join(result, operand, operator == "|"), None
            negations = 0
        return result

    def _operand(self, position: int, depth: int) -> tuple[Expression | None, int]:
        """The operand that starts here, if one does, and where to read on."""
        closer = self.closers.get(position)
        if closer is not None:
            group = self.read(position + 1, closer, depth + 1) if depth < MAX_DEPTH else None
            return group, closer + 1
        return self._words(self.tokens[position]), position + 1

    def _words(self, token: re.Match[str]) -> Words | None:
        phrase = token["phrase"]
        word = _FUZZY.sub("", token["word"] or "")
        text = _ESCAPED.sub(r"\1", phrase if phrase is not None else _PREFIX.sub("", word))
        if self.terms == MAX_TERMS or not _has_words(text):
            return None
        self.terms += 1
        return Words(text=text, is_prefix=phrase is None and bool(_PREFIX.search(word)))

    def _join(self, left: Expression | None, right: Expression, either: bool) -> Expression:
        if left is None:
            return right
        kind: type[All] | type[Either] = Either if either else All
        if isinstance(left, All | Either) and self.changes >= MAX_DEPTH:
            kind = type(left)
        if isinstance(left, kind):
            return kind(operands=(*left.operands, right))
        self.changes += 1
        return kind(operands=(left, right))
