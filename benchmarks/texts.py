"""H8: one text from those of several people, beside crowd-kit's ROVER and choosing one of them, in the same run.

    python -m benchmarks.texts [--draws 3] [--records 900] [--json FILE]

Word error of all records together (small letters, without punctuation) on `transcripts` with 2, 3 and 7 readers drawn
of each item, and on a made-up crowd that copies the outputs of `instructions`: each of 120 readers misspells, mishears
(another word of like letters), drops, doubles and swaps words at a rate of their own, and breaks off one text in fifty.
`one reader` is the mean of those drawn, `medoid` the text nearest to the others, `oracle` the best of them by gold.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import result_file
from benchmarks.consensus import in_random_order
from evaluation.edit_distance import edit_distance
from evaluation.intervals import percentile_ends, resampled_sums
from evaluation.words import words

Floats = npt.NDArray[np.float64]
GOALS = {2: 0.095, 3: 0.07, 7: 0.05}
READERS, VOTES = 120, 7
METHODS = ("one reader", "medoid", "ROVER", "ours, one of the votes", "ours", "oracle")


def transcripts() -> tuple[pd.DataFrame, dict[str, str]]:
    folder = Path(os.environ["TWOFOLD_DATA"]) / "transcripts"
    votes = pd.read_csv(folder / "votes.csv", dtype=str)[["item", "rater", "text"]]
    votes.columns = pd.Index(["record_id", "reviewer", "label"])
    gold = pd.read_csv(folder / "gold.csv", dtype=str)
    return votes, dict(zip(gold["item"], gold.text, strict=True))


def made_up(n: int, seed: int = 0) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return copies of texts by readers who err, and the texts."""
    rng = np.random.default_rng(seed)
    path = Path(os.environ["TWOFOLD_DATA"]) / "instructions" / "filtered_0.7.jsonl"
    outputs = [json.loads(line)["output"] for line in path.read_text(encoding="utf-8").splitlines()]
    short = list(dict.fromkeys(" ".join(text.split()) for text in outputs if 5 <= len(words(text)) <= 60))
    gold = {f"t{i}": short[j] for i, j in enumerate(rng.permutation(len(short))[:n])}
    known = sorted({word for text in gold.values() for word in words(text)})
    heard = {word: get_close_matches(word, known, 4, 0.6)[1:] or known[:3] for word in known}
    rates = rng.beta(1.5, 10, READERS)
    rows = [
        (i, f"r{r}", _copied(text, rates[r], heard, rng))
        for i, text in gold.items()
        for r in rng.choice(READERS, VOTES, replace=False)
    ]
    return pd.DataFrame(rows, columns=["record_id", "reviewer", "label"]), gold


def _copied(text: str, rate: float, heard: Mapping[str, Sequence[str]], rng: np.random.Generator) -> str:
    said: list[str] = []
    for word in text.split():
        kind = rng.choice(5, p=[0.3, 0.25, 0.3, 0.05, 0.1]) if rng.random() < rate else -1
        plain = "".join(words(word))
        if kind == 0:
            said.append(_misspelt(word, rng))
        elif kind == 1 and heard.get(plain):
            said.append(str(rng.choice(heard[plain])))
        elif kind == 3:
            said += [word, word]
        elif kind == 4 and said:
            said.insert(len(said) - 1, word)
        elif kind != 2:
            said.append(word)
    if rng.random() < 0.02:
        said = said[: rng.integers(1, len(said) + 1)] if said else said
    return " ".join(said) or text


def _misspelt(word: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(len(word)))
    letter = "etaoinshrdlu"[rng.integers(12)]
    return (word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :])[
        rng.integers(3)
    ] or word


def rover(votes: pd.DataFrame) -> dict[str, str]:
    from crowdkit.aggregation import ROVER

    plain = votes.rename(columns={"record_id": "task", "reviewer": "worker", "label": "text"})
    plain = plain.assign(text=[" ".join(words(text)) for text in plain.text])
    return dict(ROVER(lambda text: text.split(" "), " ".join).fit_predict(plain))


def medoid(votes: pd.DataFrame) -> dict[str, str]:
    found = {}
    for record_id, texts in votes.groupby("record_id").label:
        split = [words(text) for text in texts]
        apart = [sum(edit_distance(one, other) for other in split) for one in split]
        found[str(record_id)] = texts.iloc[int(np.argmin(apart))]
    return found


def wrong_words(votes: pd.DataFrame, gold: Mapping[str, str]) -> tuple[dict[str, Floats], Floats, Floats]:
    """Return the wrong words of every method by record, our confidence, and whether we are right to the word."""
    from curation import consensus

    right = {i: words(text) for i, text in gold.items()}
    apart = votes.assign(wrong=[edit_distance(words(v.label), right[v.record_id]) for v in votes.itertuples()])
    of = apart.groupby("record_id").wrong
    agreed: Any = consensus(votes, kind="text")
    texts: dict[str, Mapping[str, str]] = {
        "medoid": medoid(votes),
        "ROVER": rover(votes),
        "ours, one of the votes": agreed.best,
        "ours": agreed.label,
    }
    found = {
        name: np.array([edit_distance(words(said[i]), right[i]) for i in gold], float) for name, said in texts.items()
    }
    ids = list(gold)
    found |= {"one reader": of.mean().loc[ids].to_numpy(float), "oracle": of.min().loc[ids].to_numpy(float)}
    sure = np.array([agreed.confidence[i] for i in ids])
    return {name: found[name] for name in METHODS}, sure, found["ours"] == 0


def calibration_error(sure: Floats, right: Floats, bands: int = 10) -> float:
    band = np.minimum((sure * bands).astype(int), bands - 1)
    gaps = [abs(sure[band == b].sum() - right[band == b].sum()) for b in range(bands)]
    return float(sum(gaps) / len(sure))


def intervals(wrong: Mapping[str, Floats], n_words: Floats) -> dict[str, tuple[float, list[float], list[float]]]:
    """Return the word error of each method, its interval, and that of what it is below ROVER; records are drawn."""
    table = np.column_stack([*(each.mean(axis=0) for each in wrong.values()), n_words])
    drawn = resampled_sums(table, seed=0, resamples=2000)
    rates = drawn[:, :-1] / drawn[:, -1:]
    peer = list(wrong).index("ROVER")
    whole = table[:, :-1].sum(axis=0) / n_words.sum()
    ends: Callable[[Floats], list[float]] = lambda values: [round(end, 4) for end in percentile_ends(values)]  # noqa: E731
    return {
        name: (round(float(whole[m]), 4), ends(rates[:, m]), ends(rates[:, peer] - rates[:, m]))
        for m, name in enumerate(wrong)
    }


def h8(name: str, votes: pd.DataFrame, gold: Mapping[str, str], k: int, draws: int) -> dict[str, Any]:
    started, n_words = time.perf_counter(), np.array([len(words(text)) for text in gold.values()], float)
    drawn, errors = [], []
    for draw in range(draws if k < VOTES else 1):
        ordered = in_random_order(votes, draw)
        wrong, sure, right = wrong_words(ordered[ordered.turn < k].drop(columns="turn"), gold)
        drawn.append(wrong)
        errors.append(calibration_error(sure, right.astype(float)))
    found = intervals({m: np.array([one[m] for one in drawn]) for m in METHODS}, n_words)
    print(f"H8 {name}, {k} readers: word error [95%], below ROVER [95%]; ECE of our confidence {np.mean(errors):.3f}")
    for method, (rate, interval, below) in found.items():
        print(f"  {method:24} {rate:.4f} {interval}  {below}", flush=True)
    rate, interval, below = found["ours"]
    goal = GOALS[k] if name == "transcripts" else None
    return {
        "value": rate,
        "interval": interval,
        "baseline": found["ROVER"][0],
        "goal": goal,
        "met": bool(rate <= goal) if goal is not None else below[0] > 0,
        "below ROVER": below,
        "calibration error": round(float(np.mean(errors)), 4),
        "all": {method: one[0] for method, one in found.items()},
        "seeds": len(drawn),
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.texts --draws {draws}",
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--records", type=int, default=900, help="of the made-up crowd")
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    sets = {"transcripts": transcripts(), "made-up crowd": made_up(args.records)}
    return result_file.kept(
        {f"H8 {name}, {k}": h8(name, *data, k, args.draws) for name, data in sets.items() for k in GOALS}, args.json
    )


if __name__ == "__main__":
    main()
