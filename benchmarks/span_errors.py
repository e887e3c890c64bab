"""H12: wrong passages planted in `restaurant_spans` and `crowd_spans`, beside cleanlab's token classification.

    python -m benchmarks.span_errors [--draws 2] [--records 2500] [--json FILE]

A tenth of the records gets one error each, in turn: another label, a border moved by a word or two, a passage taken
away, one put in by chance. cleanlab gets out-of-fold probabilities of words, of the same chain that ours begins with
and of a logistic regression on the same features; of all its methods the best one of each set and measure counts.

`units` are the given passages and the stretches between them: a passage is wrong where it does not stand in the
original, a stretch where a passage is missing in it. cleanlab scores words; a unit has the least score of its words,
once with and once without the words beside a passage.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.label_errors import auprc, goal, paired_interval
from benchmarks.result_file import kept
from curation.quality.cleanlab_baseline import Method, cleanlab_tags_score
from curation.quality.cleanlab_opinions import word_probabilities
from curation.quality.span_errors import Judged, judge, span_quality
from curation.quality.word_tags import as_tags

Spans = list[dict[str, Any]]
Floats = npt.NDArray[np.float64]
SETS = ("restaurant_spans", "crowd_spans")
ERRORS = ("label", "borders", "missing", "added")
OF = ("records", "units")
SHARE, WANTED = 0.1, 0.1
WORD = re.compile(r"\w+|[^\w\s]")


def read(name: str, records: int, seed: int) -> tuple[list[str], list[Spans]]:
    """Return texts and passages of as many records, drawn by chance."""
    folder = Path(os.environ["TWOFOLD_DATA"]) / name
    items = [json.loads(line) for line in (folder / "items.jsonl").read_text("utf-8").splitlines()]
    if name == "crowd_spans":
        lines = (folder / "gold.jsonl").read_text("utf-8").splitlines()
        gold = [json.loads(line)["spans"] for line in lines]  # in the order of the items: an id may stand twice
        named = [[dict(zip(("start", "end", "label"), span, strict=True)) for span in row] for row in gold]
        items = [{**item, "spans": row} for item, row in zip(items, named, strict=True)]
    drawn = np.random.default_rng(seed).permutation(len(items))[:records]
    spans = [sorted(items[i]["spans"], key=lambda span: span["start"]) for i in drawn]
    return [items[i]["text"] for i in drawn], spans


def planted(texts: Sequence[str], gold: Sequence[Spans], seed: int) -> list[Spans]:
    """Return the passages after a tenth of the records got one error each."""
    rng = np.random.default_rng(seed)
    names = sorted({span["label"] for row in gold for span in row})
    given = [list(row) for row in gold]
    for turn, i in enumerate(rng.choice(len(gold), int(SHARE * len(gold)), replace=False)):
        for error in (*ERRORS[turn % 4 :], *ERRORS[: turn % 4]):  # the next one that this record allows
            changed = CHANGES[error](texts[i], gold[i], names, rng)
            if changed is not None:
                given[i] = sorted(changed, key=lambda span: span["start"])
                break
    return given


def _other_label(text: str, row: Spans, names: Sequence[str], rng: np.random.Generator) -> Spans | None:
    if not row:
        return None
    at = int(rng.integers(len(row)))
    other = str(rng.choice([name for name in names if name != row[at]["label"]]))
    return [{**span, "label": other} if i == at else span for i, span in enumerate(row)]


def _other_borders(text: str, row: Spans, names: Sequence[str], rng: np.random.Generator) -> Spans | None:
    words = [(m.start(), m.end()) for m in WORD.finditer(text)]
    found = []
    for at, span in enumerate(row):
        others = [other for i, other in enumerate(row) if i != at]
        inside = [i for i, (start, end) in enumerate(words) if start < span["end"] and end > span["start"]]
        for first, last in ((0, -2), (0, -1), (0, 1), (0, 2), (-2, 0), (-1, 0), (1, 0), (2, 0)):
            if not inside or not 0 <= inside[0] + first <= inside[-1] + last < len(words):
                continue
            new = {**span, "start": words[inside[0] + first][0], "end": words[inside[-1] + last][1]}
            if all(new["end"] <= o["start"] or o["end"] <= new["start"] for o in others):
                found.append([*others, new])
    return found[int(rng.integers(len(found)))] if found else None


def _taken_away(text: str, row: Spans, names: Sequence[str], rng: np.random.Generator) -> Spans | None:
    at = int(rng.integers(len(row))) if row else -1
    return [span for i, span in enumerate(row) if i != at] if row else None


def _put_in(text: str, row: Spans, names: Sequence[str], rng: np.random.Generator) -> Spans | None:
    words = [(m.start(), m.end()) for m in WORD.finditer(text)]
    places = [
        (words[i][0], words[i + n][1])
        for n in range(3)
        for i in range(len(words) - n)
        if _is_free(words[i : i + n + 1], row)
    ]
    if not places:
        return None
    start, end = places[int(rng.integers(len(places)))]
    return [*row, {"start": start, "end": end, "label": str(rng.choice(names))}]


def _is_free(words: Sequence[tuple[int, int]], row: Spans) -> bool:
    return all(words[-1][1] <= span["start"] or span["end"] <= words[0][0] for span in row)


CHANGES: Mapping[str, Callable[..., Spans | None]] = {
    "label": _other_label,
    "borders": _other_borders,
    "missing": _taken_away,
    "added": _put_in,
}


def stretches(row: Spans, length: int) -> list[tuple[int, int]]:
    """Return what lies between the passages of a text."""
    ends = [0, *(span["end"] for span in row)]
    starts = [*(span["start"] for span in row), length]
    return [(end, start) for end, start in zip(ends, starts, strict=True) if end < start]


def wrong_units(texts: Sequence[str], given: Sequence[Spans], gold: Sequence[Spans]) -> list[npt.NDArray[np.bool_]]:
    """Return of each record whether each given passage, and each stretch between, is wrong."""
    found = []
    for text, row, right in zip(texts, given, gold, strict=True):
        lost = [span for span in right if all(span["end"] <= o["start"] or o["end"] <= span["start"] for o in row)]
        between = [any(low <= s["start"] and s["end"] <= high for s in lost) for low, high in stretches(row, len(text))]
        found.append(np.array([*(span not in right for span in row), *between], dtype=bool))
    return found


def ours(texts: Sequence[str], given: Sequence[Spans], seed: int) -> tuple[Floats, list[Floats]]:
    """Return our scores of records and of units."""
    found = span_quality(given, texts=texts, seed=seed)
    units = []
    for text, row, of_record in zip(texts, given, found.units, strict=True):
        missing = [unit for unit in of_record if unit.label is None]
        between = [
            float(np.prod([unit.score for unit in missing if low <= unit.start and unit.end <= high]))
            for low, high in stretches(row, len(text))
        ]
        units.append(np.array([*(unit.score for unit in of_record if unit.label is not None), *between]))
    print(f"  {found.is_issue.sum()} records doubted; rates { ({k: round(v, 4) for k, v in found.rates.items()}) }")
    return found.score, units


def cleanlab(
    texts: Sequence[str], given: Sequence[Spans], judged: Judged, marginals: Floats, model: str
) -> dict[str, tuple[Floats, list[Floats]]]:
    """Return cleanlab's scores of records and units by every method, on these probabilities of words."""
    words, found = judged.words, {}
    at = [int(i) for i in np.flatnonzero(words.lengths > 0)]
    tags = [as_tags(judged.marked[i], int(words.lengths[i])) for i in at]
    probs = [marginals[words.of(i)] for i in at]
    for method in get_args(Method):
        for softmin in (False, True):
            said, of_words = cleanlab_tags_score(tags, probs, method=method, softmin=softmin)
            records = np.ones(len(texts))
            records[at] = said
            for beside in (0, 1):
                units = [
                    np.ones(len(row) + len(stretches(row, len(text)))) for row, text in zip(given, texts, strict=True)
                ]
                for i, scores in zip(at, of_words, strict=True):
                    units[i] = _least(given[i], len(texts[i]), words.places[words.of(i)], scores, beside)
                name = f"{model}: {method}, {'softmin' if softmin else 'min'}{', beside' if beside else ''}"
                found[name] = (records, units)
    return found


def _least(row: Spans, length: int, places: npt.NDArray[np.intp], scores: Floats, beside: int) -> Floats:
    found, taken = [], np.zeros(len(places), dtype=bool)
    for span in row:
        inside = np.flatnonzero((places[:, 0] < span["end"]) & (places[:, 1] > span["start"]))
        if len(inside):
            inside = np.arange(max(inside[0] - beside, 0), min(inside[-1] + beside + 1, len(places)))
        taken[inside] = True
        found.append(float(scores[inside].min(initial=1.0)))
    for low, high in stretches(row, length):
        inside = np.flatnonzero((places[:, 0] >= low) & (places[:, 1] <= high) & ~taken)
        found.append(float(scores[inside].min(initial=1.0)))
    return np.array(found)


def compared(name: str, draws: int, records: int) -> dict[str, Any]:
    """Score every draw by all methods, print the table, and return the goals."""
    started, rows, cases = time.perf_counter(), [], []
    for draw in range(draws):
        texts, gold = read(name, records, draw)
        given = planted(texts, gold, draw)
        before = time.perf_counter()
        scores = {"twofold": ours(texts, given, draw)}
        seconds = time.perf_counter() - before
        names = sorted({span["label"] for row in given for span in row})
        judged = judge(given, texts, names, draw, turns=0)
        tags = np.concatenate([as_tags(r, int(n)) for r, n in zip(judged.marked, judged.words.lengths, strict=True)])
        scores |= cleanlab(texts, given, judged, judged.marginals, "cleanlab, chain")
        scores |= cleanlab(texts, given, judged, word_probabilities(judged.words, tags, draw), "cleanlab, words")
        units = wrong_units(texts, given, gold)
        wrong = np.array([row != right for row, right in zip(given, gold, strict=True)])
        flat = np.concatenate(units)
        for method, (of_records, of_units) in scores.items():
            by = {"records": auprc(wrong, of_records), "units": auprc(flat, np.concatenate(of_units))}
            rows.append({"draw": draw, "method": method, **by, "seconds": seconds if method == "twofold" else np.nan})
        cases.append((wrong, units, scores))
    table = pd.DataFrame(rows).groupby("method", sort=False)[[*OF, "seconds"]].mean()
    print(f"{name}, {len(texts)} records, {wrong.mean():.1%} wrong, {flat.mean():.1%} of units, {draws} draws")
    print(table.round(3).to_string(), flush=True)
    return {
        f"H12 {name}, {of}, {model}": _goal(of, model, table, cases, draws, records, started)
        for of in OF
        for model in ("chain", "words")
    }


def _goal(
    of: str, model: str, table: pd.DataFrame, cases: Sequence[Any], draws: int, records: int, started: float
) -> dict[str, Any]:
    theirs = table[of][table.index.str.startswith(f"cleanlab, {model}")]
    peer, at = str(theirs.idxmax()), OF.index(of)
    triples = [
        (_object(units) if at else wrong, _object(scores["twofold"][at]), _object(scores[peer][at]))
        for wrong, units, scores in cases
    ]
    interval = paired_interval(_over_records, triples, draws=100)
    return goal(
        table[of]["twofold"],
        theirs.max(),
        interval,
        round(float(theirs.max()) + WANTED, 4),
        against=peer,
        seeds=draws,
        seconds=round(time.perf_counter() - started, 1),
        command=f"python -m benchmarks.span_errors --draws {draws} --records {records}",
    )


def _object(rows: Any) -> npt.NDArray[Any]:
    found = np.empty(len(rows), dtype=object)
    found[:] = [np.atleast_1d(row) for row in rows]
    return found


def _over_records(wrong: npt.NDArray[Any], score: npt.NDArray[Any]) -> float:
    return auprc(np.concatenate([np.atleast_1d(w) for w in wrong]), np.concatenate(list(score)))


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--records", type=int, default=2500)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--json", type=Path, help="write the goals here")
    options = parser.parse_args(arguments)
    results = {}
    for name in options.sets:
        results |= compared(name, options.draws, options.records)
    print(pd.DataFrame(results).T.drop(columns="command").to_string())
    return kept(results, options.json)


if __name__ == "__main__":
    main()
