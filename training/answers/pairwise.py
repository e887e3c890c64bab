"""Which of two texts is better: one score for each, and the chance of either from their difference.

The encoder reads each text by itself, behind the prompt where there is one, and gives it one number (Bradley and Terry
1952; as a reward model, Ouyang et al. 2022, section 3.5). So what stands first plays no part, and the saved model is a
plain sequence classifier with one output, which scores single texts, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from training.data.records import IntArray, Tokenize, TokenizedRecords, side_by_side

if TYPE_CHECKING:
    from datasets import Dataset

    from training.answers.heads import RecordHead

FloatArray = npt.NDArray[np.float32]

FIRST, SECOND, EQUAL = "first", "second", "equal"
CHOSEN, REJECTED = "chosen", "rejected"
_TOLD = (CHOSEN, REJECTED)
NAMES, TIE = "compared_names", "compared_tie"  # in a model's settings: the answers, and how likely equals are a tie


def tells(data: Dataset, text_columns: Sequence[str], label_column: str) -> bool:
    """Whether a data set has no labels, and tells by the names of its columns which text is better."""
    names = data.column_names
    return label_column not in names and {*_TOLD} <= {*text_columns} and {*_TOLD} <= {*names}


def with_told_answers(data: Dataset, label_column: str) -> Dataset:
    """Return such a data set with a column that says so: the chosen text is the better one in every row."""
    import datasets

    return data.add_column(label_column, [0] * len(data), feature=datasets.ClassLabel(names=list(_TOLD)))


def told_last(text_columns: Sequence[str]) -> list[str]:
    """Return the columns in the order in which they are compared: what stands beside them, the chosen, the rejected."""
    return [*(name for name in text_columns if name not in _TOLD), *_TOLD]


def compared(
    data: Dataset, tokenizer: Any, tokenize: Tokenize, *, text_columns: Sequence[str], label_column: str | None
) -> TokenizedRecords:
    """Tokenize both texts of every record, the last two columns, each behind the first column where there are three.

    Where a text is too long its beginning is cut: the texts of a pair often begin alike.

    Raises:
        ValueError: As `tokenized`, or there are not two or three columns.
    """
    if isinstance(text_columns, str) or len(text_columns) not in (2, 3):
        raise ValueError(
            "text_columns: expected the two columns that are compared, behind that of the prompt if there is one, "
            f"got {text_columns!r}"
        )
    tokenizer.truncation_side = "left"
    return side_by_side(data, tokenize, before=text_columns[:-2], columns=text_columns[-2:], label_column=label_column)


def pairwise_head(names: Sequence[str], tie: float) -> RecordHead:
    """Return what the scores of two texts mean; see `RecordHead`.

    Args:
        names: The answers that there are: `first` and `second`, in any order and perhaps with `equal`, or `chosen` and
            `rejected`.
        tie: How likely a tie of equals is, against either winning (Davidson 1970); of no account without `equal`.

    Raises:
        ValueError: Other names.
    """
    from training.answers.heads import RecordHead

    place = _places(names)

    def log_chances(logits: torch.Tensor) -> torch.Tensor:
        ahead = (logits[:, 0] - logits[:, 1]) / 2
        parts = [ahead, -ahead, torch.full_like(ahead, float(np.log(max(tie, 1e-9))))]
        return torch.log_softmax(torch.stack([parts[answer] for answer in place], dim=1), dim=1)

    def loss(
        logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None, smoothing: float
    ) -> torch.Tensor:
        said = log_chances(logits)
        given = torch.nn.functional.one_hot(targets, len(place)).float() * (1 - smoothing) + smoothing / len(place)
        each = -(given * said).sum(dim=1)
        weight = torch.ones_like(each) if weights is None else weights[targets]
        return (each * weight).sum() / weight.sum()

    def likelihood(probs: FloatArray, labels: IntArray) -> FloatArray:
        return np.asarray(probs[np.arange(len(probs)), labels])

    def class_weights(targets: npt.NDArray[Any], k: int) -> FloatArray:
        counts = np.bincount(targets, minlength=k)
        return np.asarray(len(targets) / (np.count_nonzero(counts) * np.maximum(counts, 1)), dtype=np.float32)

    return RecordHead(
        name="pairwise",
        problem="regression",
        outputs=lambda names: ["score"],
        targets=lambda labels, k: labels,
        loss=loss,
        weights=class_weights,
        probabilities=lambda logits: torch.exp(log_chances(logits)),
        threshold=lambda probs, labels: 0.5,
        predicted=lambda probs, threshold: np.asarray(probs.argmax(axis=1), dtype=np.int64),
        confidence=lambda probs, threshold: np.asarray(probs.max(axis=1)),
        likelihood=likelihood,
        epoch_by=lambda epoch: -float(epoch.validation_loss),
        compares=True,
        settings={NAMES: list(names), TIE: tie},
    )


def tie_of(names: Sequence[str], labels: IntArray) -> float:
    """Return how likely a tie of equals is, against either winning, by how many ties there are among labels."""
    if EQUAL not in names:
        return 0.0
    ties = float((labels == list(names).index(EQUAL)).mean())
    return 2 * ties / max(1 - ties, 1 / len(labels))


def _places(names: Sequence[str]) -> list[int]:
    """Return which answer every name is: 0 the first text, 1 the second, 2 neither."""
    known = {FIRST: 0, SECOND: 1, EQUAL: 2}
    if tuple(names) == _TOLD:
        return [0, 1]
    if not {FIRST, SECOND} <= {*names} <= {*known}:
        raise ValueError(
            f"compares: expected labels {FIRST!r} and {SECOND!r}, perhaps {EQUAL!r}, got {', '.join(map(repr, names))}"
        )
    return [known[name] for name in names]
