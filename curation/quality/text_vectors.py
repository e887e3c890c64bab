"""The embeddings by which labels are judged: those that were given, or else those of the texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from curation.quality.input_checks import FloatArray, as_vectors
from evaluation.columns import Column

Embeddings: TypeAlias = Column | Literal[False] | None
"""An array (n, d); None for those of the texts, where nothing else is given; False for none at all."""

_NO_ENCODER = "the texts were judged by their words alone, which finds far fewer errors: {}"
_UNREAD = (
    "the packaged model cannot read {} of {} texts, such as record {}: "
    "their labels were judged by little more than words; pass embeddings of a model that reads them"
)


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """Embeddings, and what is to be said of them.

    Attributes:
        rows: (n, d), each of unit length; None where there are none.
        note: In words; empty where there is nothing to say.
    """

    rows: FloatArray | None
    note: str = ""


def vectors_for(embeddings: Embeddings, *, texts: Sequence[str] | None, n: int, alone: bool) -> Vectors:
    """Return the given embeddings, or embed the texts where they are `alone`: where nothing else was given.

    Args:
        embeddings: (n, d), any scale; None for none, which has texts embedded; False for none at all.
        texts: n texts.
        n: of records.
        alone: whether the texts are all that labels can be judged by.

    Raises:
        ValueError: as `as_vectors`.
    """
    if embeddings is not None and embeddings is not False:
        return Vectors(rows=as_vectors(embeddings, n=n))
    if embeddings is False or texts is None or not alone:
        return Vectors(rows=None)
    try:
        return _embedded(texts)
    except ImportError as error:
        how = "" if "pip install" in str(error) else ': pip install "twofold[train]"'
        return Vectors(rows=None, note=_NO_ENCODER.format(error) + how)


def _embedded(texts: Sequence[str]) -> Vectors:
    from training import embed, reading
    from training.progress import if_slow
    from training.vectors.vector_cache import folder_of_user

    rows = embed(texts, progress=if_slow("embedding the texts"), cache_dir=folder_of_user())
    unread = np.flatnonzero(reading(texts).illegible)
    return Vectors(rows=rows, note=_UNREAD.format(len(unread), len(texts), unread[0]) if len(unread) else "")
