"""Texts with one group in the place of another: how often pronouns get their form, and how often a bias is found.

    python -m benchmarks.swaps [--draws 400] [--json FILE]

Forms: in the texts of the data sets under `TWOFOLD_DATA`, every `him`, `his` and `hers` is what its place asks for. All
three may be swapped as `her` or `his`; from what follows, the way back is told, and compared with what stood there.
Leaning: labels of 400 and of 150 records, of which a group has one 20 points more often in both.
Bias: 240 made-up messages about men or women, Muslims or Christians, gay or straight people, in unequal numbers, and a
model with noise of its own on every text that leans by nothing, or by a known part of a logit, where Muslims are named.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import regex

from benchmarks.drawing import drawing
from benchmarks.result_file import kept
from curation.bias import amplification
from evaluation.counterfactual import Swaps, counterfactual_swaps
from evaluation.intervals import wilson_interval
from evaluation.swap_terms import parse_swaps, swaps_of
from evaluation.swapping import swapped

WHO = (("She", "He"), ("A Muslim", "A Christian"), ("A gay man", "A straight man"))
LEANS = (0.0, 0.25, 0.5, 1.0)
TEXTS, LABELS = 240, ["a", "b", "c", "d"]
_FORMS = regex.compile(r"(?<![\w-])(?:him|his|hers)(?![\w-])", regex.IGNORECASE)


def texts_of(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", errors="replace") as file:
            found |= {cell for row in csv.reader(file) for cell in row if _FORMS.search(cell)}
    return found


def forms(texts: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield each pronoun, and whether it is told from its place that it stands before a noun, or alone."""
    alone = ", ".join(sorted(swaps_of()[0].alone_before))
    (pair,) = parse_swaps(f"alone before: {alone}\none / other: zzz > noun | alone")
    for text in texts:
        for match in _FORMS.finditer(text):
            found = swapped((f"{text[: match.start()]}zzz{text[match.end() :]}",), pair)
            told = "" if found is None else found.records[0][0][match.start() :]
            yield match[0].lower(), told.startswith("noun" if match[0].lower() == "his" else "alone")


def messages(rng: np.random.Generator) -> list[str]:
    pairs = rng.integers(len(WHO), size=TEXTS)
    firsts = (rng.random(TEXTS) < 0.6).astype(int)
    return [f"{WHO[p][i]} wrote message {rng.integers(10**6)}" for p, i in zip(pairs, firsts, strict=True)]


def asked(texts: Sequence[str], lean: float, seed: int) -> npt.NDArray[np.float64]:
    """Return probabilities with noise on three texts in ten, the same for the same text."""
    logits = np.zeros((len(texts), len(LABELS)))
    for row, text in enumerate(texts):
        rng = np.random.default_rng([seed, crc32(text.encode())])
        logits[row] = 2 * rng.normal(size=len(LABELS)) * (rng.random() < 0.3)
        logits[row, 1] += lean * ("Muslim" in text)
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def drawn(lean: float, seed: int) -> Swaps:
    texts = messages(np.random.default_rng(seed))
    return counterfactual_swaps(texts, lambda each: asked(each, lean, seed), label_names=LABELS, resamples=99)


def amplifies_by_chance(seed: int) -> bool:
    rng = np.random.default_rng(seed)
    groups = [rng.random(n) < 0.4 for n in (400, 150)]
    labels = [
        np.where(rng.random(len(group)) < 0.3 + 0.2 * group, "refund", rng.choice(["late", "card"], len(group)))
        for group in groups
    ]
    days = [rng.choice(["monday", "friday"], len(group)) for group in groups]
    by, predicted_by = ({"women": group, "day": day} for group, day in zip(groups, days, strict=True))
    return bool(amplification(labels[0].tolist(), labels[1].tolist(), by=by, predicted_by=predicted_by).found)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    args = drawing(__doc__, arguments, draws=400)
    results: dict[str, Any] = {}
    told = Counter(forms(texts_of(Path(os.environ["TWOFOLD_DATA"]))))
    for word in ("his", "him", "hers"):
        right, n = told[word, True], told[word, True] + told[word, False]
        print(f"  {word:5} {n:6,} times, its form told right {wilson_interval(right, n).in_words()}", flush=True)
        results[f"swaps: the form of {word}"] = {"n": n, "share": right / n}
    false = sum(amplifies_by_chance(seed) for seed in range(args.draws))
    print(f"  labels that lean alike: told otherwise {wilson_interval(false, args.draws).in_words()}", flush=True)
    results["amplification: false alarms"] = {"found": false, "draws": args.draws}
    for lean in LEANS:
        named = [[pair.pair for pair in drawn(lean, seed).found] for seed in range(args.draws)]
        right = sum("christian / muslim" in pairs for pairs in named)
        wrong = sum(any(pair != "christian / muslim" or not lean for pair in pairs) for pairs in named)
        said = [wilson_interval(hits, args.draws).in_words() for hits in (right, wrong)]
        print(f"  leaning by {lean:4} logits: named {said[0]}; a pair that does not lean, {said[1]}", flush=True)
        results[f"swaps: leaning by {lean}"] = {"found": right, "wrong": wrong, "draws": args.draws}
    return kept(results, args.json)


if __name__ == "__main__":
    main()
