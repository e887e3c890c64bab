"""The project's own embeddings: one pass over the texts, kept on disk, used by every check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.project.folder import Project
from curation.project.records import column, joined_texts


class EmbeddingStore:
    """Embeddings by record id."""

    def __init__(self, project: Project, *, tick: Callable[[int, int], None] | None = None) -> None:
        """Show by `tick` how far the embedding is: texts done, texts in all."""
        self._project = project
        self._tick = tick

    @property
    def width(self) -> int:
        """Numbers per embedding."""
        return int(self.matrix.shape[1])

    @cached_property
    def matrix(self) -> npt.NDArray[np.float32]:
        """Embeddings of all records, shape (n, d), each of length 1, in the order of the record table."""
        return self.of_texts(joined_texts(self._project.records, self._project.config.task.fields))

    @cached_property
    def _row(self) -> dict[str, int]:
        return {record_id: i for i, record_id in enumerate(column(self._project.records, "record_id"))}

    def of(self, record_ids: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the embeddings of these records, shape (len(record_ids), d)."""
        return self.matrix[[self._row[record_id] for record_id in record_ids]]

    def of_texts(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed other texts with the same model and cache, shape (len(texts), d)."""
        from training import embed

        return embed(texts, **self._how, progress=self._tick or False)

    @cached_property
    def precision(self) -> str:
        """`"fp32"` or `"bf16"`, in which the embeddings of this project are computed."""
        from training.vectors.embedding import embedding_precision

        return embedding_precision(**self._how)

    @property
    def _how(self) -> dict[str, Any]:
        asked = self._project.config.training.precision
        return {"model": "packaged", "precision": asked, "cache_dir": self._project.cache / "embeddings"}
