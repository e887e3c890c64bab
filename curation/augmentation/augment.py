"""More training texts from those there are, every one of them checked, every refusal with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from curation.augmentation.gate import Gate
from curation.augmentation.operations import OPERATIONS, operation
from evaluation.columns import Column, in_any_order, names, read_texts
from evaluation.protected_words import protected_words
from evaluation.settings import check_whole
from evaluation.shown import Shown


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Augmented(Shown):
    """What `augment` made; as a data frame, every copy that was tried, with the reason where it was rejected.

    Attributes:
        kept: Table parent (position in the given texts), text, label, operation.
        rejected: The same columns, and `reason` in words.
    """

    kept: pa.Table
    rejected: pa.Table

    def _facts(self) -> Mapping[str, Any]:
        return {"kept": self.kept.num_rows, "rejected": self.rejected.num_rows}

    def _columns(self) -> Mapping[str, Any]:
        kept = self.kept.append_column("reason", pa.nulls(self.kept.num_rows, pa.string()))
        both = pa.concat_tables([kept, self.rejected])
        return {name: both[name] for name in both.column_names}

    @property
    def reasons(self) -> dict[str, int]:
        """How many texts were rejected for which kind of reason, the most frequent first."""
        kinds = (reason.split(":")[0] for reason in self.rejected["reason"].to_pylist())
        return dict(Counter(kinds).most_common())


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    parent: int
    text: str
    operation: str


def augment(
    texts: Column,
    labels: Column,
    *,
    gate: Gate,
    operations: Sequence[str],
    per_record: int = 1,
    seed: int = 0,
    held_out: Iterable[str] = (),
    whole: Callable[[int, str], str] | None = None,
) -> Augmented:
    """Make changed copies of the texts of the train part, and keep those that the gate lets through.

    Placeholders, addresses, numbers, handles and negations stay as they are. The copies of a text depend on
    the text and the seed alone, not on what stands around it.

    There is no default operation. Measure before use, with `evaluation.compare`: for a logistic regression on
    frozen sentence embeddings, every one of them cost accuracy; nothing was lost only where a record and its
    copies weighed one together.

    Args:
        texts: (n,) texts of the train part, and of no other.
        labels: (n,) their labels; a copy inherits its parent's.
        gate: Says what speaks against a copy; see `label_gate`.
        operations: Some of "synonym", "typo", "swap", "delete"; a record takes them in turn.
        per_record: Copies tried per record, at least 1; fewer may be kept.
        seed: Same seed, same copies.
        held_out: Texts of validation and test (whole records); no copy may equal one.
        whole: For records of several fields, of which `texts` is one: from the position of a record and its
            changed text to the whole record as one text. That is what the gate sees and what must be new.

    Raises:
        ValueError: Different lengths, an unknown operation or none, or `per_record` below 1.
        ImportError: The extra `augment` is not installed.

    Example:
        >>> def let_all_through(texts, parents):
        ...     return [None] * len(texts)
        >>> texts = ["please send my refund today", "the parcel is still late"]
        >>> found = augment(texts, ["refund", "late"], gate=let_all_through, operations=["swap"])
        >>> found.kept.select(["parent", "label", "operation"]).to_pylist()
        [{'parent': 0, 'label': 'refund', 'operation': 'swap'}, {'parent': 1, 'label': 'late', 'operation': 'swap'}]
    """
    texts, labels = read_texts(texts), names(labels, "labels")
    operations = read_texts(operations, "operations")
    _check(texts, labels, operations, per_record)
    check_whole(seed, "seed")
    shown = whole or (lambda _, text: text)
    seen = {_folded(text): "a held-out text" for text in read_texts(in_any_order(held_out), "held_out")}
    seen |= {_folded(shown(i, text)): "a training text" for i, text in enumerate(texts)}
    candidates = list(_candidates(texts, operations, per_record, seed))
    reasons = [_first_look(candidate, texts, shown, seen) for candidate in candidates]
    passed = [i for i, reason in enumerate(reasons) if reason is None]
    asked = [shown(candidates[i].parent, candidates[i].text) for i in passed]
    parents = np.asarray([candidates[i].parent for i in passed], dtype=np.int64)
    objections = list(gate(asked, parents))
    if len(objections) != len(asked):
        raise ValueError(f"gate: expected one answer per text ({len(asked)}), got {len(objections)}")
    for i, objection in zip(passed, objections, strict=True):
        reasons[i] = objection
    rows = list(zip(candidates, reasons, strict=True))
    return Augmented(
        kept=_table([(candidate, None) for candidate, reason in rows if reason is None], labels),
        rejected=_table([(candidate, reason) for candidate, reason in rows if reason is not None], labels, True),
    )


def _check(texts: Sequence[str], labels: Sequence[str], operations: Sequence[str], per_record: int) -> None:
    if len(texts) != len(labels):
        raise ValueError(f"labels: expected one per text ({len(texts)}), got {len(labels)}")
    unknown = [name for name in operations if name not in OPERATIONS]
    if unknown or not operations:
        raise ValueError(f"operations: expected some of {', '.join(OPERATIONS)}, got {list(operations)}")
    check_whole(per_record, "per_record", least=1)


def _candidates(texts: Sequence[str], operations: Sequence[str], per_record: int, seed: int) -> Iterator[_Candidate]:
    for parent, text in enumerate(texts):
        start = _hash(f"{seed}\n{text}")
        for copy in range(per_record):
            name = operations[(start + copy) % len(operations)]
            changed = operation(name)(text, _hash(f"{seed}\n{copy}\n{name}\n{text}"))
            yield _Candidate(parent=parent, text=changed, operation=name)


def _first_look(
    candidate: _Candidate, texts: Sequence[str], shown: Callable[[int, str], str], seen: dict[str, str]
) -> str | None:
    """Return what speaks against a copy before any model is asked, and remember the copy."""
    parent = texts[candidate.parent]
    if _folded(candidate.text) == _folded(parent):
        return f"same text as its parent: {candidate.operation} found nothing to change"
    if protected_words(candidate.text) != protected_words(parent):
        return "a protected word changed: placeholders, addresses, numbers and negations must stay"
    folded = _folded(shown(candidate.parent, candidate.text))
    if folded in seen:
        return f"exact duplicate: equals {seen[folded]}"
    seen[folded] = "another copy"
    return None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest())


def _table(rows: Sequence[tuple[_Candidate, str | None]], labels: Sequence[str], with_reason: bool = False) -> pa.Table:
    columns = {
        "parent": pa.array([candidate.parent for candidate, _ in rows], pa.int64()),
        "text": pa.array([candidate.text for candidate, _ in rows], pa.string()),
        "label": pa.array([labels[candidate.parent] for candidate, _ in rows], pa.string()),
        "operation": pa.array([candidate.operation for candidate, _ in rows], pa.string()),
    }
    if with_reason:
        columns["reason"] = pa.array([reason for _, reason in rows], pa.string())
    return pa.table(columns)
