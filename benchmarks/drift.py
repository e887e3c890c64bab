"""False alarms and power of `drift` on real texts: streams as they were, and changes planted in them.

    python -m benchmarks.drift [--draws 15] [--clean 50] [--sets trec ...] [--cache DIR] [--json FILE]

A data set gives 5,000 texts at most, and a draw makes a project of 1,200 of them: exact copies left out, near copies
kept together, split by Twofold's own `split`, once with a test part of a quarter (about 300 records) and once of half.
Logistic regression on the packaged vectors is the model. The log is as large as the test part, of records that
are not in the project. All columns that `twofold monitor` has are compared, at a level of 5% for all tests together.

Planted: one label in twenty, at least one, is kept out of the project, and 10% or 30% of the log are texts of it; the
share of the label that is the most frequent below a quarter is doubled; half of the texts have another one behind them;
one letter in 20 is exchanged for another, in every text; the model is less sure, each log odds 0.7 of what it was, with
the texts as they were. `clean` is the log as it is, beside the test part and beside an earlier log of the same size:
whatever is found there is a false alarm, in `--clean` draws.

Every cell is printed: how often anything is found, and how often by the measure that was changed, with Wilson
intervals.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from benchmarks import result_file
from curation.monitoring.measures import CALLED, DISTANCES, Measure, distances, measure_of, text_measures
from curation.quality import near_duplicates
from curation.sources.splits import split
from evaluation import drift
from evaluation.expected_shares import stream_weights
from evaluation.intervals import wilson_interval
from evaluation.words import words

SETS = ("banking77", "clinc150", "news_noisy", "trec")
PROJECT, POOL, TEST = 1_200, 5_000, {300: 0.25, 600: 0.5}
VARIED = 1_500  # texts of the pool that are there longer and with typos as well
LEVEL = 0.05
Ints = npt.NDArray[np.int64]
LETTERS = "etaoinshrdlu"
CLEAN, BY_LOG = "clean", "clean, by log"
"""A log without a change beside the test part, and beside an earlier log."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Texts of a data set, as they are and changed, with their vectors."""

    labels: npt.NDArray[Any]
    texts: Mapping[str, list[str]]
    vectors: Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Project:
    """What is known where the model was made: rows of the pool."""

    taught: Ints
    tested: Ints
    free: Ints
    unknown: Ints
    model: Any
    words: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Log:
    """Rows of the pool, how their texts are, and what becomes of the model's confidence."""

    rows: Ints
    form: str = "plain"
    surer: float = 1.0


def pool(name: str, cache: Path | None) -> Pool:
    from training import embed

    folder = Path(os.environ["TWOFOLD_DATA"]) / name
    table = pd.read_csv(folder / ("items.csv" if name == "news_noisy" else "train.csv"))
    if name == "news_noisy":
        table["label"] = table.id.map(pd.read_csv(folder / "gold.csv").set_index("id").label)
    table = table.drop_duplicates("text").sample(frac=1, random_state=0)[:POOL]
    rng = np.random.default_rng(0)
    plain = table.text.tolist()
    other = rng.permutation(len(plain))
    some = list(zip(plain[:VARIED], other[:VARIED], strict=True))
    longer = [f"{text} {plain[at]}" if rng.random() < 0.5 else text for text, at in some]
    forms = {"plain": plain, "longer": longer, "typos": [_with_typos(text, rng) for text, _ in some]}
    vectors = {form: embed(texts, cache_dir=cache, precision="fp32") for form, texts in forms.items()}
    return Pool(labels=table.label.to_numpy(), texts=forms, vectors=vectors)


def _with_typos(text: str, rng: np.random.Generator) -> str:
    hit = rng.random(len(text)) < 0.05
    return "".join(rng.choice(list(LETTERS)) if bad and c.isalpha() else c for c, bad in zip(text, hit, strict=True))


def project(of: Pool, test: float, rng: np.random.Generator) -> Project:
    """Draw a project and split it as Twofold does; some labels are kept out of it."""
    names = rng.permutation(np.unique(of.labels))
    kept_out = names[: max(1, len(names) // 20)]
    is_out = np.isin(of.labels, kept_out)
    order = rng.permutation(np.flatnonzero(~is_out))
    ours, free = order[:PROJECT], order[PROJECT:]
    copies = near_duplicates(
        texts=[of.texts["plain"][i] for i in ours], embeddings=of.vectors["plain"][ours], threshold=0.95
    )
    ids = [f"{i}" for i in ours]
    parts = split(
        ids, of.labels[ours], copies.groups, fractions=(0.85 - test, 0.15, test), seed=int(rng.integers(1 << 31))
    )
    taught, tested = (np.array([int(i) for i in parts.ids(part)]) for part in ("train", "test"))
    model = LogisticRegression(C=10, max_iter=300).fit(of.vectors["plain"][taught], of.labels[taught])
    known = frozenset(word for i in taught for word in words(of.texts["plain"][i]))
    return Project(
        taught=taught,
        tested=tested,
        free=free,
        unknown=rng.permutation(np.flatnonzero(is_out)),
        model=model,
        words=known,
    )


def columns(of: Pool, made: Project, log: Log) -> dict[str, Any]:
    """Return the columns that `twofold monitor` compares."""
    vectors = of.vectors[log.form][log.rows]
    probs = made.model.predict_proba(vectors)
    sure = expit(log.surer * logit(np.clip(probs.max(axis=1), 1e-6, 1 - 1e-6)))
    return {
        CALLED[Measure.TEXTS]: vectors,
        **text_measures([of.texts[log.form][i] for i in log.rows], made.words),
        CALLED[Measure.OUT_OF_SCOPE]: distances(vectors, of.vectors["plain"][made.taught]),
        CALLED[Measure.PREDICTIONS]: made.model.classes_[probs.argmax(axis=1)].tolist(),
        CALLED[Measure.CONFIDENCE]: sure,
    }


def _clean(of: Pool, made: Project, n: int) -> Log:
    return Log(rows=made.free[:n])


def _varied(made: Project) -> Ints:
    return made.free[made.free < VARIED]


def _topic(share: float) -> Callable[[Pool, Project, int], Log]:
    def planted(of: Pool, made: Project, n: int) -> Log:
        new = min(round(share * n), len(made.unknown))
        n = min(n, round(new / share))  # where a label has too few texts, the log is smaller
        return Log(rows=np.concatenate([made.free[: n - new], made.unknown[:new]]))

    return planted


def _doubled(of: Pool, made: Project, n: int) -> Log:
    names, counts = np.unique(of.labels[made.free], return_counts=True)
    shares = counts / counts.sum()
    at = int(np.argmax(np.where(shares < 0.25, shares, 0)))
    of_label, others = (
        made.free[mask] for mask in (of.labels[made.free] == names[at], of.labels[made.free] != names[at])
    )
    wanted = min(round(2 * shares[at] * n), len(of_label))
    return Log(rows=np.concatenate([of_label[:wanted], others[: n - wanted]]))


PLANTED: Mapping[str, tuple[Callable[[Pool, Project, int], Log], set[Measure]]] = {
    CLEAN: (_clean, set()),
    BY_LOG: (_clean, set()),
    "new topic 10%": (_topic(0.1), {Measure.TEXTS, Measure.OUT_OF_SCOPE}),
    "new topic 30%": (_topic(0.3), {Measure.TEXTS, Measure.OUT_OF_SCOPE}),
    "label doubled": (_doubled, {Measure.PREDICTIONS}),
    "longer texts": (lambda of, made, n: Log(rows=_varied(made)[:n], form="longer"), {Measure.LENGTH}),
    "typos": (lambda of, made, n: Log(rows=_varied(made)[:n], form="typos"), {Measure.UNKNOWN_WORDS}),
    "less sure": (lambda of, made, n: Log(rows=made.free[:n], surer=0.7), {Measure.CONFIDENCE}),
}


def measured(of: Pool, n: int, draw: int, kinds: Sequence[str]) -> dict[str, set[Measure]]:
    """Return what is found in one draw, by what was planted; the project is the same for all."""
    made = project(of, TEST[n], np.random.default_rng([draw, n]))
    tested, earlier = (columns(of, made, Log(rows=rows)) for rows in (made.tested, made.free[n : 2 * n]))
    logs = {kind: columns(of, made, PLANTED[kind][0](of, made, n)) for kind in kinds}
    weights = stream_weights(of.labels[made.tested].tolist(), of.labels[np.r_[made.taught, made.tested]].tolist())
    told = {
        kind: drift(
            earlier if kind == BY_LOG else tested,
            log,
            distances=DISTANCES,
            weights=None if kind == BY_LOG else weights,
            level=LEVEL,
            seed=draw,
        )
        for kind, log in logs.items()
    }
    return {kind: {measure_of(row.column) for row in each.found} for kind, each in told.items()}


def cells(of: Pool, n: int, draws: int, clean: int) -> dict[str, list[set[Measure]]]:
    """Return what is found in every draw, by what was planted."""
    gathered: dict[str, list[set[Measure]]] = {kind: [] for kind in PLANTED}
    for draw in range(max(draws, clean)):
        kinds = [kind for kind in PLANTED if draw < (clean if kind in (CLEAN, BY_LOG) else draws)]
        for kind, each in measured(of, n, draw, kinds).items():
            gathered[kind].append(each)
    return gathered


def row(data: str, n: int, kind: str, measures: Sequence[set[Measure]]) -> str:
    wanted = PLANTED[kind][1]
    named = _share([bool(each & wanted) for each in measures]) if wanted else ""
    which = {str(m): sum(m in each for each in measures) for m in Measure if any(m in each for each in measures)}
    said = ", ".join(f"{name} {count}" for name, count in which.items())
    shares = f"{_share([bool(each) for each in measures])}  {named:17}"
    return f"{data:11} {n:5} {kind:14} {len(measures):4}  {shares}  {said}"


def _share(yes: Sequence[bool]) -> str:
    return "{:.2f} [{:.2f}, {:.2f}]".format(*wilson_interval(sum(yes), len(yes)).numbers)


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=15, help="of every planted change")
    parser.add_argument("--clean", type=int, default=50, help="of logs without a change")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--cache", type=Path, help="where embeddings are kept")
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    warnings.filterwarnings("ignore")
    started, every = time.perf_counter(), {}
    print("data         test change         draws  anything found     by what changed    measures")
    for data in args.sets:
        of = pool(data, args.cache)
        for n in TEST:
            for kind, measures in cells(of, n, args.draws, args.clean).items():
                every[data, n, kind] = measures
                print(row(data, n, kind, measures), flush=True)
    for kind in PLANTED:
        rows = [each for (_, _, planted), measures in every.items() if planted == kind for each in measures]
        print(f"{'all':17} {kind:14} {len(rows):4}  {_share([bool(each) for each in rows])}")
    alarms = [bool(each) for (_, _, kind), measures in every.items() if kind == CLEAN for each in measures]
    value, low, high = wilson_interval(sum(alarms), len(alarms)).numbers
    return result_file.kept(
        {
            "drift: false alarms": {
                "value": value,
                "interval": [round(low, 3), round(high, 3)],
                "baseline": None,
                "goal": LEVEL,
                "met": low <= LEVEL,
                "seeds": args.clean,
                "seconds": round(time.perf_counter() - started, 1),
                "command": "python -m benchmarks.drift",
            }
        },
        args.json,
    )


if __name__ == "__main__":
    main()
