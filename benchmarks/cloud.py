"""As many points as one likes, that lie as the embeddings of real texts do: made from those of `news_noisy`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.label_errors import news
from curation.quality import nearest_neighbours

Vectors = npt.NDArray[np.float32]
_JITTER = 0.02


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Points of unit length with labels, wrong ones among them; a share are near copies, a few belong nowhere."""

    vectors: Vectors
    labels: npt.NDArray[np.intp]


def cloud(data: Path, n: int, *, seed: int, copies: float = 0.05, strangers: float = 0.005) -> Cloud:
    """Make n points: between a record and one of its five nearest, at a distance from both.

    Args:
        data: Folder with `news_noisy`.
        n: points.
        seed: of everything.
        copies: share of points that are near another one, at a cosine of .9 to 1.
        strangers: share of points in a random direction.
    """
    rng, items = np.random.default_rng(seed), news(data)
    near = nearest_neighbours(items.vectors, k=5).index
    first = rng.integers(0, len(items.vectors), n)
    second = near[first, rng.integers(0, 5, n)]
    share = rng.beta(1, 3, (n, 1)).astype(np.float32)
    points = (1 - share) * items.vectors[first] + share * items.vectors[second]
    points = _unit(points + _JITTER * rng.standard_normal(points.shape, dtype=np.float32))
    who = rng.permutation(n)
    copied, strange = who[: int(copies * n)], who[int(copies * n) : int((copies + strangers) * n)]
    of = rng.choice(who[len(copied) :], len(copied))
    points[copied], first[copied] = _near(points[of], rng), first[of]
    points[strange] = _unit(rng.standard_normal((len(strange), points.shape[1]), dtype=np.float32))
    return Cloud(vectors=points, labels=items.given[first])


def _near(points: Vectors, rng: np.random.Generator) -> Vectors:
    cosine = rng.uniform(0.9, 1.0, (len(points), 1)).astype(np.float32)
    return _unit(cosine * points + np.sqrt(1 - cosine**2) * _unit(rng.standard_normal(points.shape, dtype=np.float32)))


def _unit(points: Vectors) -> Vectors:
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points
