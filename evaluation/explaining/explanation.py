"""How much each word of a text speaks for a label, and how that shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.explaining.coloured_html import coloured_page
from evaluation.explaining.worded_text import WordedText
from evaluation.shown import Listed, Shown

FloatArray = npt.NDArray[np.float64]

_FAINT = 0.1  # nats, some 2.5 points of a probability of one half: a text without a word as strong has pale colours


@dataclass(frozen=True, kw_only=True, repr=False)
class Explanation(Shown):
    """How much each of the w words of a text speaks for some labels; as a data frame, a row for each word.

    Attributes:
        text: The text as words; of a pair, of both texts.
        weights: (w, m) how much a word speaks for each of m labels: by so much, in nats, the log odds of the label are
            higher with it than without it. Above 0 it speaks for the label, below 0 against it.
        label_names: The m labels.
        probabilities: (m,) how likely the model finds them, in [0, 1].
        label: The one of them that is explained where none is named: what the model says.
    """

    text: WordedText
    weights: FloatArray
    label_names: tuple[str, ...]
    probabilities: FloatArray
    label: str

    @property
    def words(self) -> list[str]:
        """The w words, as they are written."""
        return self.text.words

    @property
    def probability(self) -> float:
        """How likely the model finds the label that is explained, in [0, 1]."""
        return float(self.probabilities[self.label_names.index(self.label)])

    def weights_for(self, label: str | None = None) -> FloatArray:
        """Return (w,) the weights for one label, that which is explained unless another is named.

        Raises:
            ValueError: It is none of the m labels.
        """
        name = self.label if label is None else label
        if name not in self.label_names:
            raise ValueError(f"label: expected one of {', '.join(self.label_names)}, got {name!r}")
        return self.weights[:, self.label_names.index(name)]

    def strongest(self, label: str | None = None, *, most: int = 5) -> list[tuple[str, float]]:
        """Return the words that speak most for a label with their weights, the strongest first."""
        return self._first(self.weights_for(label), most, 1)

    def strongest_against(self, label: str | None = None, *, most: int = 5) -> list[tuple[str, float]]:
        """Return the words that speak most against it likewise."""
        return self._first(self.weights_for(label), most, -1)

    def levels(self, label: str | None = None) -> list[int]:
        """Return for each word from -3, which speaks most against a label, to 3, by thirds of the strongest weight."""
        weights = self.weights_for(label)
        top = max(float(np.abs(weights).max(initial=0.0)), _FAINT)
        return [int(level) for level in np.trunc(np.clip(3 * weights / top + 0.5 * np.sign(weights), -3, 3))]

    def marked(self, label: str | None = None) -> list[list[tuple[str, int]]]:
        """Return each of its texts in pieces with their levels; white space and words of level 0 are put together."""
        levels = iter(self.levels(label))
        found = []
        for text in self.text.pieces:
            pairs = [(piece, 0 if piece.isspace() else next(levels)) for piece in text]
            groups = [list(group) for _, group in groupby(enumerate(pairs), key=lambda one: one[1][1] and one[0] + 1)]
            found.append([("".join(piece for _, (piece, _) in group), group[0][1][1]) for group in groups])
        return found

    def to_dict(self, *, most: int | None = None) -> dict[str, Any]:
        """Return it for JSON, with the weights for the label that is explained.

        Args:
            most: So many words for and against it; None for every word in its order.
        """
        rows = list(zip(self.words, self.weights_for().tolist(), strict=True))
        chosen = rows if most is None else [*self.strongest(most=most), *self.strongest_against(most=most)]
        return {
            "label": self.label,
            "probability": self.probability,
            "words": [{"word": word, "weight": round(weight, 4)} for word, weight in chosen],
        }

    def _first(self, weights: FloatArray, most: int, sign: int) -> list[tuple[str, float]]:
        order = np.argsort(-sign * weights, kind="stable")[:most]
        words = self.words
        return [(words[at], float(weights[at])) for at in order if sign * weights[at] > 0]

    def _facts(self) -> Mapping[str, Any]:
        words = ", ".join(word for word, _ in self.strongest(most=3))
        return {"label": self.label, "probability": self.probability, "words for it": words}

    def _columns(self) -> Mapping[str, Any]:
        return {"word": self.words, **{f"for {name}": self.weights[:, at] for at, name in enumerate(self.label_names)}}

    def _repr_html_(self) -> str:
        return coloured_page([self], type(self).__name__)


class Explanations(Listed[Explanation]):
    """A list of explanations, in a notebook as coloured texts with a legend; as a data frame, a row for each word."""

    def _columns(self) -> Mapping[str, Any]:
        rows = [(at, each) for at, each in enumerate(self)]
        return {
            "text": [at for at, each in rows for _ in each.words],
            "word": [word for _, each in rows for word in each.words],
            "label": [each.label for _, each in rows for _ in each.words],
            "weight": [weight for _, each in rows for weight in each.weights_for().tolist()],
        }

    def _repr_html_(self) -> str:
        return coloured_page(self, type(self).__name__)
