"""A file of behavioural tests to begin with, made of a task's labels and a few texts of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evaluation.asking import Record
from evaluation.behaviour_file import as_scalar

_LABELS, _TEXTS = 6, 3

_HEAD = """\
# What the model has to do, whatever its accuracy is. `twofold evaluate` tries it; docs/robustness.md has the rules.
# This is a start: change what does not fit your task, and add what must never go wrong.

# Words for the slots of templates, such as "{name} wants to know where the {thing} is".
lexicon:
  name: [Anna, Mohammed, Yuki, Chidi, Guadalupe]

tests:
"""
_KNOWS = """\
  # What it has to know. These texts are from the training part, so even that is little to ask: put plain sentences of
  # your own in their place, or beside them. `at_most: 0.1` would let a tenth of many cases fail; without it, none may.
"""
_IGNORES = """\
  # What it has to ignore: the answer to a text of the test part stays the same. At most this share may change, and that
  # has to be shown: the whole 95% interval of the share has to lie below.
  - name: a slip of the keyboard in every tenth word
    of: test
    change: typos
    strength: 0.1
    expect: same
    at_most: 0.1
  - name: capital letters, small letters, no punctuation
    of: test
    change: [upper_case, lower_case, punctuation_dropped]
    expect: same
    at_most: 0.1
  - name: an address at the end
    of: test
    change: appended_address
    expect: same
    at_most: 0.1
"""
_MOVES = """\
  # What has to move it, or must not: more of what says {label} makes {label} no less likely.
"""


def starter(
    label_names: Sequence[str],
    examples: Mapping[str, Sequence[Record]],
    *,
    fields: Sequence[str] = ("text",),
) -> str:
    """Return the text of a file that `behaviour` reads, with comments that say what to change.

    Args:
        label_names: The k labels.
        examples: Short records of them that a model may have learnt from; of six labels at most, three are taken.
        fields: Names of the fields of a record.

    Example:
        >>> print(starter(["late", "refund"], {"late": [("where is it?",)]}).splitlines()[10])
          - name: knows late
    """
    given = [(name, list(examples.get(name, ()))[:_TEXTS]) for name in label_names]
    known = [(name, records) for name, records in given if records][:_LABELS]
    if not known:
        return _HEAD + _IGNORES
    knows = [part for each in known for part in _knows(*each, fields)]
    return "".join([_HEAD, _KNOWS, *knows, *_whoever_writes(*known[0]), _IGNORES, *_moves(*known[-1], fields)])


def _knows(label: str, records: Sequence[Record], fields: Sequence[str]) -> Iterator[str]:
    yield f"  - name: {as_scalar(f'knows {label}')}\n    texts:\n"
    for record in records:
        if len(fields) == 1:
            yield f"      - {as_scalar(record[0])}\n"
        else:
            said = (f"{as_scalar(name)}: {as_scalar(text)}" for name, text in zip(fields, record, strict=True))
            yield f"      - {{{', '.join(said)}}}\n"
    yield f"    expect: {as_scalar(label)}\n"


def _whoever_writes(label: str, records: Sequence[Record]) -> Iterator[str]:
    """Yield a template with a slot, from a text that has no braces of its own."""
    text = next((record[0] for record in records if len(record) == 1 and "{" not in record[0]), None)
    if text is not None:
        yield f"  - name: {as_scalar(f'{label}, whoever writes')}\n"
        yield f"    template: {as_scalar(f'{{name}} writes: {text}')}\n"
        yield f"    expect: {as_scalar(label)}\n"


def _moves(label: str, records: Sequence[Record], fields: Sequence[str]) -> Iterator[str]:
    said = as_scalar(label)
    yield _MOVES.format(label=said)
    yield f"  - name: {as_scalar(f'more that says {label}')}\n    of: test\n    append: {as_scalar(records[0][-1])}\n"
    yield f"    field: {as_scalar(fields[-1])}\n" if len(fields) > 1 else ""
    yield f"    expect: {{label: {said}, change: not down}}\n    tolerance: 0.05\n    at_most: 0.1\n"
