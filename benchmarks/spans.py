"""H7: passages from a few readers of `crowd_spans`, and of a simulated crowd, beside token votes in the same run.

    python -m benchmarks.spans [--draws 5] [--json FILE]

Two readers of every sentence are drawn, then all three to five are taken: exact passages with their label, micro F1
against gold. The peers are one reader, tokens by majority and by Dawid and Skene (crowd-kit), passages that two in five
readers mark, and our consensus on the votes alone. `simulated` has the gold passages of `restaurant_spans`, and readers
who miss some, move borders, mix up labels and mark other words; nothing was chosen on that set, and the width of the
prior on cues was looked at on `crowd_spans`. The last column is the calibration error of the choices: every place that
somebody marked is of some label, or of none. Sentences of `crowd_spans` that bear the id of another are told apart by
the order of the file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import result_file
from evaluation.intervals import percentile_ends

Passage = tuple[int, int, str]
Answers = Mapping[str, Mapping[str, list[Passage]]]  # by record and reader
Chosen = Mapping[str, Iterable[Passage]]
GOALS = {"2": 0.72, "all": 0.78}
SIMULATED = 1200  # sentences
NOTHING = "none"


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Texts, what readers marked, and what is right."""

    texts: Mapping[str, str]
    answers: Answers
    gold: Mapping[str, set[Passage]]


def load() -> Crowd:
    """Return `crowd_spans`. An id that comes up again is of another sentence; votes come in the same order."""
    items, gold = (_numbered(_lines(name), "id") for name in ("items", "gold"))
    answers: dict[str, dict[str, list[Passage]]] = defaultdict(dict)
    for record, row in _numbered(_lines("votes"), "item", in_runs=True):
        answers[record][row["rater"]] = [tuple(span) for span in row["spans"]]  # type: ignore[misc]
    return Crowd(
        texts={i: row["text"] for i, row in items if i in answers},
        answers=answers,
        gold={i: {tuple(span) for span in row["spans"]} for i, row in gold if i in answers},  # type: ignore[misc]
    )


def _lines(name: str, folder: str = "crowd_spans") -> list[dict[str, Any]]:
    path = Path(os.environ["TWOFOLD_DATA"]) / folder / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _numbered(rows: list[dict[str, Any]], key: str, *, in_runs: bool = False) -> list[tuple[str, dict[str, Any]]]:
    seen: Counter[str] = Counter()
    last, found = None, []
    for row in rows:
        if not (in_runs and row[key] == last):
            seen[row[key]] += 1
        last = row[key]
        found.append((f"{last}/{seen[last]}", row))
    return found


def simulated(seed: int, sentences: int = SIMULATED) -> Crowd:
    """Return sentences of `restaurant_spans`, and what 12 readers of their own habits mark in them, 3 to 5 on each."""
    rng = np.random.default_rng([seed, 77])
    rows = [row for row in _lines("items", "restaurant_spans") if " " in row["text"].strip()]
    rows = [rows[j] for j in sorted(rng.choice(len(rows), sentences, replace=False))]
    texts = {row["id"]: row["text"] for row in rows}
    gold = {row["id"]: {(span["start"], span["end"], span["label"]) for span in row["spans"]} for row in rows}
    labels = sorted({label for spans in gold.values() for *_, label in spans})
    ranges = {"missed": (0.1, 0.5), "moved": (0.02, 0.2), "mixed": (0.02, 0.2), "false": (0.05, 0.4)}
    habits = [{name: rng.uniform(*ends) for name, ends in ranges.items()} for _ in range(12)]
    answers = {}
    for i, text in texts.items():
        readers = rng.choice(12, rng.integers(3, 6), replace=False)
        answers[i] = {f"w{r}": _read(text, sorted(gold[i]), habits[r], labels, rng) for r in readers}
    return Crowd(texts=texts, answers=answers, gold=gold)


def _read(
    text: str, gold: list[Passage], habit: Mapping[str, float], labels: list[str], rng: np.random.Generator
) -> list[Passage]:
    words, found = [m.span() for m in re.finditer(r"\S+", text)], []
    for start, end, label in gold:
        if rng.random() < habit["missed"]:
            continue
        if rng.random() < habit["moved"]:
            start, end = _moved(start, end, words, rng)
        found.append((start, end, str(rng.choice(labels)) if rng.random() < habit["mixed"] else label))
    if rng.random() < habit["false"]:
        first = int(rng.integers(len(words)))
        last = min(first + int(rng.integers(1, 3)), len(words)) - 1
        found.append((words[first][0], words[last][1], str(rng.choice(labels))))
    kept: list[Passage] = []
    for one in found:
        if all(one[1] <= other[0] or other[1] <= one[0] for other in kept):
            kept.append(one)
    return sorted(kept)


def _moved(start: int, end: int, words: list[tuple[int, int]], rng: np.random.Generator) -> tuple[int, int]:
    """Take a word more on one side of a passage, or one less, where there is one."""
    before = [first for first, last in words if last <= start]
    behind = [last for first, last in words if first >= end]
    inner = [last for first, last in words if start <= first and last < end]
    ways = [(at, end) for at in before[-1:]] + [(start, at) for at in (*behind[:1], *inner[-1:])]
    return ways[int(rng.integers(len(ways)))] if ways else (start, end)


def drawn(crowd: Crowd, k: int, seed: int) -> Answers:
    """Return the answers of k readers of every sentence, drawn at random."""
    rng, found = np.random.default_rng(seed), {}
    for i in sorted(crowd.answers):
        names = sorted(crowd.answers[i])
        found[i] = {names[j]: crowd.answers[i][names[j]] for j in sorted(rng.permutation(len(names))[:k])}
    return found


def one_reader(answers: Answers, crowd: Crowd, seed: int) -> Chosen:
    rng = np.random.default_rng([seed, 1])
    return {i: said[sorted(said)[int(rng.integers(len(said)))]] for i, said in answers.items()}


def two_in_five(answers: Answers, crowd: Crowd, seed: int) -> Chosen:
    counts = {i: Counter(span for spans in said.values() for span in set(spans)) for i, said in answers.items()}
    return {i: [span for span, n in counted.items() if n >= 0.4 * len(answers[i])] for i, counted in counts.items()}


def token_majority(answers: Answers, crowd: Crowd, seed: int) -> Chosen:
    return _of_tokens("majority", answers, crowd, seed)


def token_dawid_skene(answers: Answers, crowd: Crowd, seed: int) -> Chosen:
    return _of_tokens("Dawid-Skene", answers, crowd, seed)


def _of_tokens(method: str, answers: Answers, crowd: Crowd, seed: int) -> Chosen:
    """Return runs of words of one label: each word begins a passage, goes on with one, or is in none."""
    from benchmarks.consensus import by_coin, crowdkit

    words = {i: [m.span() for m in re.finditer(r"\w+|[^\w\s]", crowd.texts[i])] for i in answers}
    rows = [
        (f"{i}\x1f{n}", who, _tag(word, spans))
        for i, said in answers.items()
        for who, spans in said.items()
        for n, word in enumerate(words[i])
    ]
    votes = pd.DataFrame(rows, columns=["record_id", "reviewer", "label"])
    found = crowdkit(method, votes, seed)
    tags = dict(zip(found.index, by_coin(found, found.index, seed), strict=True))
    return {i: _runs([(*word, tags[f"{i}\x1f{n}"]) for n, word in enumerate(words[i])]) for i in answers}


def _tag(word: tuple[int, int], spans: Sequence[Passage]) -> str:
    for start, end, label in spans:
        if start < word[1] and word[0] < end:
            return f"{'B' if word[0] <= start else 'I'} {label}"
    return NOTHING


def _runs(tagged: list[tuple[int, int, str]]) -> list[Passage]:
    found: list[Passage] = []
    open_ = False
    for start, end, tag in tagged:
        place, _, label = tag.partition(" ")
        if place == "I" and open_ and found[-1][2] == label:
            found[-1] = (found[-1][0], end, label)
        elif place != NOTHING:
            found.append((start, end, label))
        open_ = place != NOTHING
    return found


def ours(answers: Answers, crowd: Crowd, seed: int, *, read: bool) -> tuple[Chosen, list[tuple[float, bool]]]:
    """Return the passages by consensus, and for every place how sure the choice was and whether it was right."""
    from curation.review.passage_consensus import passage_consensus

    votes = [(i, who, spans) for i, said in answers.items() for who, spans in said.items()]
    found = passage_consensus(votes, texts=crowd.texts if read else None, seed=seed)
    sure = []
    for i, units in found.whole.units.items():
        right = {f"{start}-{end}": label for start, end, label in crowd.gold[i]}
        for unit, unit_id in units.items():
            label = found.whole.found.label[unit_id]
            is_right = right.get(unit, "(not marked)") == label
            sure.append((found.whole.found.confidence[unit_id], is_right))
    return {i: [(s["start"], s["end"], s["label"]) for s in spans] for i, spans in found.value.items()}, sure


PEERS = {
    "one reader": one_reader,
    "tokens, majority": token_majority,
    "tokens, Dawid-Skene": token_dawid_skene,
    "marked by two in five": two_in_five,
}
OURS = {"consensus, votes alone": False, "consensus with texts": True}
BEST = "consensus with texts"


def hits(chosen: Chosen, gold: Mapping[str, set[Passage]]) -> npt.NDArray[np.float64]:
    """Return what is right, what was chosen and what is in gold, by sentence, shape (N, 3)."""
    rows = [(len(set(chosen.get(i, ())) & right), len(set(chosen.get(i, ()))), len(right)) for i, right in gold.items()]
    return np.array(rows, dtype=float)


def f1(sums: npt.NDArray[np.float64]) -> Any:
    return 2 * sums[..., 0] / (sums[..., 1] + sums[..., 2])


def ece(sure: list[tuple[float, bool]]) -> float:
    said, right = (np.array(each, dtype=float) for each in zip(*sure, strict=True))
    gaps = np.bincount(np.minimum((said * 10).astype(int), 9), weights=right - said, minlength=10)
    return float(np.abs(gaps).sum() / len(said))


def measured(name: str, crowds: Sequence[Crowd], readers: str, draws: int) -> dict[str, Any]:
    """Print a row for every method, and return what ours reaches."""
    started, k = time.perf_counter(), 2 if readers == "2" else 99
    rows: dict[str, list[npt.NDArray[np.float64]]] = defaultdict(list)
    sure: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for draw in range(draws):
        crowd = crowds[draw % len(crowds)]
        answers = drawn(crowd, k, draw)
        for method, choose in PEERS.items():
            rows[method].append(hits(choose(answers, crowd, draw), crowd.gold))
        for method, read in OURS.items():
            chosen, more = ours(answers, crowd, draw, read=read)
            rows[method].append(hits(chosen, crowd.gold))
            sure[method] += more
    mean = {method: np.mean(each, axis=0) for method, each in rows.items()}
    drawn_again = _resamples(len(mean[BEST]))
    print(f"{name}, readers: {readers}, draws: {draws}")
    for method, each in mean.items():
        total, ends = each.sum(axis=0), percentile_ends(f1(drawn_again @ each))
        error = f"  ECE {ece(sure[method]):.3f}" if method in sure else ""
        shares = f"precision {total[0] / total[1]:.3f}  recall {total[0] / total[2]:.3f}"
        print(f"  {method:24} F1 {f1(total):.4f} [{ends[0]:.4f}, {ends[1]:.4f}]  {shares}{error}", flush=True)
    others = [method for method in mean if method != BEST]
    peer = max(others, key=lambda method: float(f1(mean[method].sum(axis=0))))
    gain = f1(drawn_again @ mean[BEST]) - f1(drawn_again @ mean[peer])
    value, goal = float(f1(mean[BEST].sum(axis=0))), GOALS[readers] if name == "crowd_spans" else None
    low, high = percentile_ends(gain)
    print(f"  ahead of {peer} by {value - f1(mean[peer].sum(axis=0)):+.4f} [{low:+.4f}, {high:+.4f}]")
    return {
        "value": round(value, 4),
        "interval": [round(end, 4) for end in percentile_ends(f1(drawn_again @ mean[BEST]))],
        "baseline": round(float(f1(mean[peer].sum(axis=0))), 4),
        "peer": peer,
        "goal": goal,
        "met": None if goal is None else bool(value >= goal),
        "ECE": round(ece(sure[BEST]), 4),
        "seeds": draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": "python -m benchmarks.spans",
    }


def _resamples(n: int, times: int = 1000) -> npt.NDArray[np.float64]:
    """Return how often each sentence comes up in each of the resamples, shape (times, n)."""
    return np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=times).astype(float)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    crowd, made = load(), [simulated(seed) for seed in range(2)]
    results = {}
    for readers, draws in (("2", args.draws), ("all", 1)):
        results[f"H7 crowd_spans, {readers} readers"] = measured("crowd_spans", [crowd], readers, draws)
    for readers in ("2", "all"):
        results[f"H7 simulated, {readers} readers"] = measured("simulated", made, readers, 2)
    return result_file.kept(results, args.json)


if __name__ == "__main__":
    main()
