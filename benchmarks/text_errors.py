"""Wrong answers planted in `instructions`: how many are found, and how many of those flagged are wrong.

    python -m benchmarks.text_errors [--draws 3] [--json FILE]

A tenth of the outputs becomes, in turn, a copy of its prompt, three dots, its first half, the output of another record,
letters at random, a sentence in Russian or one in German. Nothing that can be installed beside Twofold looks for these;
the baseline doubts the shortest and longest first. What is wrong in the data set itself counts against all.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import result_file
from benchmarks.label_errors import auprc
from curation.quality.text_errors import text_quality

RUSSIAN = "Это совсем другой язык, и никто его здесь не поймёт никогда"  # noqa: RUF001
GERMAN = "Das ist eine ganz andere Sprache und niemand wird sie hier verstehen können, auch nicht morgen"
KINDS = ("copy", "empty", "cut", "swapped", "letters", "Russian", "German")
SHARE = 0.1


def planted(prompts: Sequence[str], outputs: Sequence[str], seed: int) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return outputs of which a tenth is wrong, and the kind of each, -1 where it is as it was."""
    rng, given = np.random.default_rng(seed), list(outputs)
    kind = np.full(len(given), -1)
    for turn, i in enumerate(rng.choice(len(given), int(SHARE * len(given)), replace=False)):
        kind[i] = turn % len(KINDS)
        given[i] = (
            prompts[i],
            "...",
            outputs[i][: max(5, len(outputs[i]) // 2)],
            outputs[rng.integers(len(outputs))],
            "".join(rng.choice(list("asdfjklqwe  "), 60)),
            RUSSIAN,
            GERMAN,
        )[kind[i]]
    return given, kind


def measured(prompts: Sequence[str], outputs: Sequence[str], seed: int) -> dict[str, float]:
    given, kind = planted(prompts, outputs, seed)
    found, wrong = text_quality(given, texts=prompts), kind >= 0
    size = np.log1p([len(text) for text in given])
    return {
        "AUPRC": auprc(wrong, found.score),
        "AUPRC by length": auprc(wrong, -np.abs(size - np.median(size))),
        "precision": float(wrong[found.is_issue].mean()),
        "recall": float(found.is_issue[wrong].mean()),
        **{f"recall, {name}": float(found.is_issue[kind == k].mean()) for k, name in enumerate(KINDS)},
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    started = time.perf_counter()
    path = Path(os.environ["TWOFOLD_DATA"]) / "instructions" / "filtered_0.7.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    prompts, outputs = [f"{row['instruction']}\n{row['input']}" for row in rows], [row["output"] for row in rows]
    drawn = [measured(prompts, outputs, seed) for seed in range(args.draws)]
    print(f"wrong answers among {len(rows)}, {args.draws} draws: mean, lowest and highest")
    for name in drawn[0]:
        of = [one[name] for one in drawn]
        print(f"  {name:18} {np.mean(of):.3f} [{min(of):.3f}, {max(of):.3f}]")
    values = [one["AUPRC"] for one in drawn]
    result = {
        "value": round(float(np.mean(values)), 4),
        "interval": [round(min(values), 4), round(max(values), 4)],
        "baseline": round(float(np.mean([one["AUPRC by length"] for one in drawn])), 4),
        "goal": None,
        "met": None,
        "seeds": args.draws,
        "seconds": round(time.perf_counter() - started, 1),
        "command": f"python -m benchmarks.text_errors --draws {args.draws}",
    }
    return result_file.kept({"text errors": result}, args.json)


if __name__ == "__main__":
    main()
