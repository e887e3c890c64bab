"""A YAML file as texts, lists and mappings that know their line: nothing is made of a tag, a number or a "no"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

_MOST = 2**20  # bytes of a file that people write
_DEEPEST = 20
_OPENS = (
    *(yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken),
    *(yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken),
)
_CLOSES = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_ ]*[A-Za-z0-9_])?")
_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})  # other readers take them for others


class Lined(dict[str, Any]):
    """A mapping that knows in which line of a file it begins, and each of its keys, counted from 1."""

    line: int
    lines: dict[str, int]


def read_yaml(path: Path) -> Any:
    """Return what a file holds: mappings (`Lined`), lists and texts; every single value is a text, as it is written.

    Anchors are refused, and with them files that are small and unpack to much.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no YAML in UTF-8, a key stands twice in a mapping, or it is larger than a mebibyte.
    """
    raw = path.read_bytes()
    if len(raw) > _MOST:
        raise ValueError(f"{path}: expected at most {_MOST:,} bytes, got {len(raw):,}")
    try:
        text = raw.decode("utf-8-sig")
        _refuse_what_grows(text, path)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise ValueError(f"{path}: expected text in UTF-8, got other bytes") from None
    except yaml.MarkedYAMLError as error:
        raise ValueError(f"{_at(path, error)}: expected YAML, got {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: expected YAML ({str(error).splitlines()[0]})") from None
    return None if node is None else _plain(node, path)


def _refuse_what_grows(text: str, path: Path) -> None:
    """Raise a ValueError for anchors and for deep nesting, which takes a reader of YAML long, before it is built."""
    depth = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            raise ValueError(f"{_at(path, token)}: anchors (& and *) are not read; put values in quotes")
        depth += isinstance(token, _OPENS) - isinstance(token, _CLOSES)
        if depth > _DEEPEST:
            raise ValueError(f"{_at(path, token)}: expected lists and mappings at most {_DEEPEST} deep, got more")


def _at(path: Path, found: Any) -> str:
    mark = getattr(found, "problem_mark", None) or getattr(found, "start_mark", None)
    return f"{path}: line {mark.line + 1}" if mark else str(path)


def _plain(node: Any, path: Path) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, path) for one in node.value]
    found = Lined()
    found.line, found.lines = node.start_mark.line + 1, {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ValueError(f"{_at(path, key)}: expected a word as a key, got a list or a mapping")
        if key.value in found:
            raise ValueError(f"{_at(path, key)}: the key {key.value!r} stands there twice")
        found[key.value], found.lines[key.value] = _plain(value, path), key.start_mark.line + 1
    return found


def as_scalar(text: str) -> str:
    """Return a text as one value of YAML on one line, in quotes where it needs them.

    Example:
        >>> print(as_scalar("plain"), as_scalar("a: b"), as_scalar("no"))
        plain "a: b" "no"
    """
    plain = (
        text.isascii()
        and text.replace(" ", "").replace("_", "").isalnum()
        and text == text.strip()
        and text.lower() not in _WORDS
    )
    if plain and not text[0].isdigit():
        return text
    return str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))).strip()
