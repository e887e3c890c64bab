"""Copies: the known ones of `banking77`, and planted ones of every kind among news texts.

python -m benchmarks.duplicates [--planted 300] [--seeds 5]
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.encoders import vectors_of
from curation.augmentation.operations import operation
from curation.quality import conflicting_copies, leaked, near_duplicates

Change = Callable[[str, np.random.Generator], str]


def banking(data: Path) -> dict[str, list[int]]:
    """Print how many of the copies that the data card names are found; by kind, found and known."""
    train, test = (pd.read_csv(data / "banking77" / f"{part}.csv") for part in ("train", "test"))
    texts = [*train.text, *test.text]
    held_out = np.arange(len(texts)) >= len(train)
    words = pd.Series(texts).map(lambda text: re.sub(r"\W+", " ", text.casefold()).strip())
    inside, across = words[~held_out].duplicated(), words[held_out].isin(set(words[~held_out]))
    started = time.perf_counter()
    found = near_duplicates(texts=texts)
    seconds = time.perf_counter() - started
    first = dict(reversed(list(zip(words, found.groups, strict=True))))
    together = np.array([first[word] for word in words]) == found.groups
    print(f"banking77, {len(texts)} texts in {seconds:.1f} s:")
    leaks = leaked(found.groups, held_out)[held_out]
    known = {
        "copies inside train": [int(together[~held_out][inside].sum()), int(inside.sum())],
        "test texts that stand in train": [int(leaks[across].sum()), int(across.sum())],
    }
    for what, (found_ones, all_of_them) in known.items():
        print(f"  {what}: {found_ones} of {all_of_them} known ones")
    print(f"  near copies beside those: {(~found.kept).sum()} records in all, {leaks.sum()} test texts")
    conflict = conflicting_copies(found.groups[~held_out], train.label)
    print(f"  copies in train with another label: {conflict.sum()} records")
    return known


def typos(text: str, rng: np.random.Generator) -> str:
    """Swap two neighbouring letters in three places."""
    letters = list(text)
    for i in rng.integers(0, max(1, len(letters) - 1), 3):
        letters[i : i + 2] = letters[i : i + 2][::-1]
    return "".join(letters)


def other_order(text: str, rng: np.random.Generator) -> str:
    return " ".join(rng.permutation(text.split()))


def other_case_and_punctuation(text: str, rng: np.random.Generator) -> str:
    return re.sub(r"[,.;:'\"-]", " ", text.upper())


def words_dropped(text: str, rng: np.random.Generator) -> str:
    """Leave out one word in twelve."""
    return " ".join(word for word in text.split() if rng.random() > 1 / 12)


def synonyms(text: str, rng: np.random.Generator) -> str:
    """Put synonyms for up to three words."""
    return operation("synonym")(text, int(rng.integers(2**31)))


KINDS: tuple[Change, ...] = (other_case_and_punctuation, typos, other_order, words_dropped, synonyms)


def planted(data: Path, n: int, seed: int) -> pd.DataFrame:
    """Return recall per kind, and the precision of the pairs, by texts alone and with embeddings."""
    texts = pd.read_csv(data / "news_noisy" / "items.csv").text.tolist()
    rng = np.random.default_rng(seed)
    sources = np.concatenate([rng.choice(len(texts), n, replace=False) for _ in KINDS])
    kinds = np.repeat([change.__name__ for change in KINDS], n)
    changes = {change.__name__: change for change in KINDS}
    copies = [changes[kind](texts[i], rng) for kind, i in zip(kinds, sources, strict=True)]
    old = vectors_of("news_noisy_items", texts)
    vectors = np.vstack([old, vectors_of(f"planted_copies_{n}_{seed}", copies)])
    rows = []
    for by in (("texts",), ("embeddings",), ("texts", "embeddings")):
        before = near_duplicates(**{what: {"texts": texts, "embeddings": old}[what] for what in by})
        everything = {"texts": [*texts, *copies], "embeddings": vectors}
        found = near_duplicates(**{what: everything[what] for what in by})
        # News has near copies of its own, so a pair is right if its originals were copies before anything was planted.
        origin = before.groups[np.concatenate([np.arange(len(texts)), sources])]
        pairs = found.pairs[(found.pairs >= len(texts)).any(axis=1)]
        right = origin[pairs[:, 0]] == origin[pairs[:, 1]]
        recalled = found.groups[len(texts) :] == found.groups[sources]
        for kind in changes:
            of_kind = (pairs >= len(texts)) & (kinds[np.maximum(pairs - len(texts), 0)] == kind)
            rows.append(
                {
                    "by": " and ".join(by),
                    "kind": kind,
                    "recall": recalled[kinds == kind].mean(),
                    "precision": right[of_kind.any(axis=1)].mean() if of_kind.any() else np.nan,
                }
            )
    return pd.DataFrame(rows)


def conflicts(data: Path, n: int, seed: int) -> dict[str, float]:
    """Return recall and precision of `conflicting_copies` for planted copies that carry another label."""
    items = pd.read_csv(data / "news_noisy" / "items.csv")
    texts, labels = items.text.tolist(), items.label.tolist()
    rng = np.random.default_rng(seed)
    sources = rng.choice(len(texts), n, replace=False)
    change = [other_case_and_punctuation, typos]
    copies = [change[place % 2](texts[i], rng) for place, i in enumerate(sources)]
    kinds = sorted(set(labels))
    wrong = [kinds[(kinds.index(labels[i]) + int(rng.integers(1, len(kinds)))) % len(kinds)] for i in sources]
    before = conflicting_copies(near_duplicates(texts=texts).groups, labels)
    groups = near_duplicates(texts=[*texts, *copies]).groups
    flagged = conflicting_copies(groups, [*labels, *wrong])
    new = flagged & ~np.concatenate([before, np.zeros(n, dtype=bool)])
    touched = np.isin(groups, groups[sources])  # a copy that conflicts puts its whole group in doubt
    return {"recall": float(flagged[len(texts) :].mean()), "precision": float(touched[new].mean())}


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planted", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args(arguments)
    data, started = Path(os.environ["TWOFOLD_DATA"]), time.perf_counter()
    known = banking(data)
    found = pd.concat(planted(data, options.planted, seed) for seed in range(options.seeds))
    print(f"\n{options.planted} planted copies of each kind among 5,000 news texts, mean of {options.seeds} seeds")
    shown = found.pivot_table(index="kind", columns="by", values=["recall", "precision"])
    print(shown.round(3).to_string())
    of_labels = pd.DataFrame([conflicts(data, options.planted, seed) for seed in range(options.seeds)]).mean()
    print(f"copies with another label, by texts: recall {of_labels.recall:.3f}, precision {of_labels.precision:.3f}")
    share = sum(found_ones for found_ones, _ in known.values()) / sum(all_of_them for _, all_of_them in known.values())
    both = found[found.by == "texts and embeddings"].groupby("kind")[["recall", "precision"]].mean()
    return {
        "copies": {
            "value": share,
            "interval": None,
            "baseline": None,
            "goal": 1.0,
            "met": share == 1.0,
            "known": known,
            "planted": both.round(3).to_dict("index"),
            "conflicting": of_labels.round(3).to_dict(),
            "seeds": options.seeds,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.duplicates --planted {options.planted} --seeds {options.seeds}",
        }
    }


if __name__ == "__main__":
    main()
