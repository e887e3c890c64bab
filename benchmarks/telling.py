"""How often answers are judged that nothing tells, and answers that are told a little, by kind of answer.

    python -m benchmarks.telling [--draws 60] [--records 200] [--strength 0] [--json FILE]

Simulated answers to records of 16 numbers, or of words by chance, on which they depend with a strength; at 0 they do
not at all, and what is judged then is judged by chance. Passages take a quarter of the draws.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.result_file import kept
from curation.quality import label_quality
from curation.quality.telling import NEEDED

WORDS = [f"{first}{second}rt" for first in "bcdfghklmn" for second in "aeiou"]
Known = dict[str, Any]
Draw = Callable[[np.random.Generator, int, float], Known]


def _numbers(rng: np.random.Generator, n: int) -> npt.NDArray[np.float64]:
    return rng.normal(size=(n, 16))


def one_label(rng: np.random.Generator, n: int, strength: float) -> Known:
    """Two labels, of which one is rare."""
    vectors = _numbers(rng, n)
    likely = 1 / (1 + np.exp(-strength * vectors[:, 0] - 2))
    return {"labels": [*range(2), *(rng.random(n) < likely).astype(int)[2:]], "embeddings": vectors}


def several_labels(rng: np.random.Generator, n: int, strength: float) -> Known:
    vectors = _numbers(rng, n)
    ones = vectors[:, :5] * strength - 1.5 + rng.logistic(size=(n, 5)) > 0
    return {"kind": "multi_label", "labels": ones.astype(int), "embeddings": vectors}


def ratings(rng: np.random.Generator, n: int, strength: float) -> Known:
    vectors = _numbers(rng, n)
    given = np.clip(np.rint(3 + strength * 0.6 * vectors[:, 0] + rng.normal(size=n)), 1, 5).astype(int)
    return {"kind": "rating", "labels": given, "embeddings": vectors, "label_names": range(1, 6)}


def orders(rng: np.random.Generator, n: int, strength: float) -> Known:
    vectors, usual = _numbers(rng, n), np.array([0.8, 0.4, 0, 0])
    scores = strength * 0.7 * vectors[:, :4] + usual + rng.gumbel(size=(n, 4))
    given = [[["abcd"[k]] for k in np.argsort(-row)] for row in scores]
    return {"kind": "ranking", "labels": given, "embeddings": vectors, "label_names": [*"abcd"]}


def preferences(rng: np.random.Generator, n: int, strength: float) -> Known:
    """The first text is preferred more often, whatever it says."""
    worth = dict(zip(WORDS, rng.normal(size=len(WORDS)), strict=True))
    pairs = [tuple(map(str, rng.choice(WORDS, 4))) + tuple(map(str, rng.choice(WORDS, 4))) for _ in range(n)]
    ahead = np.array([sum(worth[w] for w in pair[:4]) - sum(worth[w] for w in pair[4:]) for pair in pairs])
    first = rng.logistic(size=n) < strength * 0.5 * ahead + 0.6
    texts = [(" ".join(pair[:4]), " ".join(pair[4:])) for pair in pairs]
    return {"kind": "preference", "labels": np.where(first, "first", "second").tolist(), "texts": texts}


def passages(rng: np.random.Generator, n: int, strength: float) -> Known:
    """In seven of ten texts one passage of one to three words; it begins at some words sooner than at others."""
    texts, given, likely = [], [], {*WORDS[::3]}
    for _ in range(n):
        words = list(map(str, rng.choice(WORDS, rng.integers(3, 15))))
        weight = np.array([1 + strength * (word in likely) for word in words])
        first = int(rng.choice(len(words), p=weight / weight.sum()))
        end = min(len(words), first + int(rng.integers(1, 4)))
        starts = np.cumsum([0, *(len(word) + 1 for word in words)])
        one = {"start": int(starts[first]), "end": int(starts[end]) - 1, "label": str(rng.choice(["a", "b"]))}
        texts.append(" ".join(words))
        given.append([one] if rng.random() < 0.7 else [])
    return {"kind": "span", "labels": given, "texts": texts}


KINDS: Mapping[str, Draw] = {
    "one label": one_label,
    "several labels": several_labels,
    "ratings": ratings,
    "orders": orders,
    "preferences": preferences,
    "passages": passages,
}


def measured(draw: Draw, draws: int, n: int, strength: float) -> dict[str, Any]:
    found = [label_quality(**draw(np.random.default_rng(seed), n, strength)) for seed in range(draws)]
    told = [float(one.telling or 0.0) for one in found]
    flagged = [np.asarray(one.is_issue).reshape(n, -1).any(axis=1).sum() for one in found]
    return {
        "judged": sum(z > NEEDED for z in told),
        "draws": draws,
        "telling": round(float(np.mean(told)), 2),
        "flagged a draw": round(float(np.mean(flagged)), 2),
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=60)
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--strength", type=float, default=0.0)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    results = {}
    for name, draw in KINDS.items():
        draws = args.draws if draw is not passages else max(1, args.draws // 4)
        found = measured(draw, draws, args.records, args.strength)
        print(f"  {name:16} " + "  ".join(f"{what} {value}" for what, value in found.items()), flush=True)
        again = f"python -m benchmarks.telling --draws {args.draws} --records {args.records} --strength {args.strength}"
        results[f"told: {name}"] = {**found, "command": again}
    return kept(results, args.json)


if __name__ == "__main__":
    main()
