"""How alike texts are by the angle between their vectors: what an encoder learns of it, and what it says.

Either people said how alike two texts are, and the cosine is to be that (Reimers and Gurevych 2019, section 3), or it
is known which text belongs to which, and the cosine to it is to stand above those to the other texts of the batch
(Henderson et al. 2017, section 4, as multiple negatives ranking; van den Oord et al. 2018, as InfoNCE).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse

from evaluation.number_evaluation import mean_absolute_error, root_mean_squared_error, spearman
from evaluation.retrieval import first_right, hit_rate, mean_reciprocal_rank
from training.answers.validation import Validated
from training.data.records import TokenizedRecords, texts_of
from training.models._torch import choose_device, choose_precision
from training.progress import Tick
from training.results import NumberPredictions, values_as_predictions
from training.vectors._sentence_transformers import load_encoder

if TYPE_CHECKING:
    from datasets import Dataset

Vectors = Sequence[torch.Tensor]
"""(n, d) rows of unit length, for each column of texts."""
IntArray = npt.NDArray[np.int64]

_SHARP = 20.0  # by which cosines are multiplied before they are compared, as sentence-transformers does
_MOST = 5_000  # records of the validation part among which texts are looked for


def scored_loss(vectors: Vectors, scores: torch.Tensor) -> torch.Tensor:
    """Return the mean squared difference of cosines and scores."""
    return torch.nn.functional.mse_loss((vectors[0] * vectors[1]).sum(dim=1), scores)


def ranking_loss(vectors: Vectors, texts: torch.Tensor) -> torch.Tensor:
    """Return how little the second text of a record is the likeliest of the batch, given the first one, in nats.

    A text that is the same as the first one, or belongs to the same first text in another record, is not held against
    it.

    Args:
        vectors: Of two columns of b texts, or of three, the last one of texts that do not belong to the first.
        texts: (b, columns) numbers of the texts, the same for texts that are the same.
    """
    scores = _SHARP * vectors[0] @ torch.cat(list(vectors[1:])).T
    first, others = texts[:, 0], texts[:, 1:].T.flatten()
    belongs = first[:, None] == first
    right = (belongs[:, :, None] & (texts[:, 1][None, :, None] == others)).any(dim=1)
    own = torch.arange(len(scores), device=scores.device)
    left_out = right | (first[:, None] == others)
    left_out[own, own] = False
    return torch.nn.functional.cross_entropy(scores.masked_fill(left_out, -torch.inf), own)


def numbered_texts(records: TokenizedRecords) -> IntArray:
    """Return (n, columns) numbers of texts, the same for those with the same tokens."""
    known: dict[tuple[int, ...], int] = {}
    columns = [each.inputs["input_ids"] for each in (records, *records.others)]
    return np.array([[known.setdefault(tuple(ids), len(known)) for ids in column] for column in columns]).T


def of_scores(vectors: Vectors, scores: npt.NDArray[np.float64]) -> Validated:
    """Score cosines against what people said."""
    said = (vectors[0] * vectors[1]).sum(dim=1).double().numpy()
    return Validated(
        validation_loss=root_mean_squared_error(scores, said) ** 2,
        macro_f1=None,
        accuracy=None,
        scores={
            "mae": mean_absolute_error(scores, said),
            "spearman": float(np.nan_to_num(spearman(scores, said))),
        },
    )


def of_rankings(vectors: Vectors, texts: IntArray, batch_size: int) -> Validated:
    """Score how well second texts are found by first ones, among all of the first 5,000 records."""
    starts = range(0, len(texts), batch_size)
    parts = [slice(start, start + batch_size) for start in starts]
    losses = [ranking_loss([each[part] for each in vectors], torch.from_numpy(texts[part])) for part in parts]
    sizes = [len(texts[part]) for part in parts]
    places = _places([each[:_MOST].numpy() for each in vectors], texts[:_MOST])
    return Validated(
        validation_loss=float(np.average([float(loss) for loss in losses], weights=sizes)),
        macro_f1=None,
        accuracy=None,
        scores={"mrr": mean_reciprocal_rank(places), **{f"hit_at_{k}": hit_rate(places, k) for k in (1, 10)}},
    )


def _places(vectors: Sequence[npt.NDArray[Any]], texts: IntArray) -> IntArray:
    asked, at, query = np.unique(texts[:, 0], return_index=True, return_inverse=True)
    there, first, candidate = np.unique(texts[:, 1:].T.ravel(), return_index=True, return_inverse=True)
    right = _ones(query, candidate[: len(texts)], (len(asked), len(there)))
    _, itself, same = np.intersect1d(asked, there, assume_unique=True, return_indices=True)
    hidden = _ones(itself, same, right.shape)
    hidden = hidden - hidden.multiply(right)
    return first_right(vectors[0][at], np.concatenate(vectors[1:])[first], right, hidden=hidden)


def _ones(rows: IntArray, columns: IntArray, shape: tuple[int, ...]) -> sparse.csr_matrix:
    return (sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape) > 0).astype(np.float64)


def encodes(folder: Path) -> bool:
    """Whether a folder holds a model of sentence-transformers, which gives texts vectors."""
    return (folder / "modules.json").is_file()


def similarity(
    model_dir: Path, *, text_columns: Sequence[str], batch_size: int | None, precision: str, device: str
) -> Callable[[Dataset, Tick], NumberPredictions]:
    """Load an encoder that says of every record of a part of a table how alike its two texts are; see `predictor`."""
    place = choose_device(device)
    chosen = choose_precision(precision, place, begun="fp32")
    encode = load_encoder(str(model_dir), batch_tokens=batch_size, precision=chosen, device=place)
    if isinstance(text_columns, str) or len(text_columns) != 2:
        raise ValueError(f"text_columns: expected the two columns that an encoder compares, got {text_columns!r}")

    def said(data: Dataset, tick: Tick) -> NumberPredictions:
        n = len(data)
        one, other = (
            encode(texts_of(data, name), lambda done, before=at * n: tick((before + done) // 2, n))  # type: ignore[misc]
            for at, name in enumerate(text_columns)
        )
        return values_as_predictions((one * other).sum(axis=1).clip(-1, 1), device=place, precision=chosen)

    return said
