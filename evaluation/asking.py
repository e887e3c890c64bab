"""A model that is asked about many texts, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from evaluation.columns import kept, read_texts

FloatArray = npt.NDArray[np.float64]
Record: TypeAlias = tuple[str, ...]
"""The texts of a record, one for each of its fields."""

Ask: TypeAlias = Callable[[list[Any]], Any]
"""Returns (n, k) probabilities of n records: texts, or tuples of texts where a record has several fields."""


class Asked:
    """A model that is asked about no record twice.

    Args:
        ask: The model.
        k: How many labels it tells apart.
        of_texts: Whether it takes texts, and not tuples of one text.
    """

    def __init__(self, ask: Ask, k: int, *, of_texts: bool) -> None:
        self._ask, self._k, self._of_texts = ask, k, of_texts
        self._known: dict[Record, FloatArray] = {}

    def __len__(self) -> int:
        """How many different records it was asked about."""
        return len(self._known)

    def learn(self, records: Iterable[Record]) -> None:
        """Ask about those of the records that are not known yet, all at once."""
        new = [one for one in dict.fromkeys(records) if one not in self._known]
        if not new:
            return
        given = self._ask([one[0] for one in new] if self._of_texts else new)
        found = np.asarray(given, dtype=np.float64)
        if found.shape != (len(new), self._k):
            raise ValueError(f"ask: expected probabilities of shape {(len(new), self._k)}, got {found.shape}")
        if not ((found >= 0) & (found <= 1 + 1e-3)).all():
            raise ValueError("ask: expected probabilities in [0, 1], got another number")
        self._known.update(zip(new, found.clip(0, 1), strict=True))

    def probs(self, records: Sequence[Record]) -> FloatArray:
        """Return (n, k) the probabilities of n records."""
        self.learn(records)
        return np.array([self._known[one] for one in records]).reshape(len(records), self._k)


def read_records(texts: Any) -> tuple[list[Record], bool]:
    """Return n records, and whether they came as texts and not as tuples of texts.

    Raises:
        ValueError: Neither texts nor tuples of texts, all of one length.
    """
    given = kept(texts)
    if isinstance(given, list | tuple) and given and isinstance(given[0], tuple):
        for row, one in enumerate(given):
            if not isinstance(one, tuple) or len(one) != len(given[0]) or not all(isinstance(t, str) for t in one):
                raise ValueError(f"texts: expected tuples of {len(given[0])} texts, got {one!r:.80} at record {row}")
        return list(given), False
    return [(text,) for text in read_texts(given)], True
