"""How faithful explanations are to the models that they explain, beside words drawn by chance.

    python -m benchmarks.explanations [--train 600] [--texts 30] [--method head] [--json FILE]

On trec and sst2 the packaged encoder learns from a sample of the training part, and the same texts of the
test part are explained by occlusion, by integrated gradients, and by weights drawn by chance. Gains are shares of what
the words of a text bring its label (`evaluation.explaining.faithfulness`), beyond what as many words drawn by chance
take away or leave, with 95% intervals over texts. Occlusion and comprehensiveness both leave out words, so the one that
is measured in the way it works is favoured; sufficiency is the fairer one to compare them by.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.result_file import kept
from evaluation import Explanation, Faithfulness, faithfulness
from training import FitConfig, fit
from training.explaining.explain import explained_by
from training.explaining.opened_classifier import OpenedClassifier, open_classifier

SETS = ("trec", "sst2")


def sampled(data: Path, n_train: int, n_texts: int) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Training and validation records, and texts of the test part."""
    train = pd.read_csv(data / "train.csv").sample(frac=1, random_state=0)
    texts = pd.read_csv(data / "test.csv").sample(n=n_texts, random_state=0).text
    return train[:n_train], train[n_train : n_train + n_train // 4], list(texts)


def by_chance(found: Sequence[Explanation]) -> list[Explanation]:
    """The same explanations with weights drawn by chance."""
    random = np.random.default_rng(1)
    return [replace(each, weights=random.normal(size=each.weights.shape)) for each in found]


def measured(model: OpenedClassifier, texts: list[str]) -> dict[str, tuple[Faithfulness, float]]:
    """Faithfulness and milliseconds a text, by method."""
    found: dict[str, tuple[Faithfulness, float]] = {}
    explained: Sequence[Explanation] = ()
    for method in ("occlusion", "gradients"):
        began = time.perf_counter()
        explained = explained_by(model, texts, method=method)  # type: ignore[arg-type]
        spent = 1000 * (time.perf_counter() - began) / len(texts)
        found[method] = (faithful(model, explained), spent)
    return {**found, "by chance": (faithful(model, by_chance(explained)), 0.0)}


def faithful(model: OpenedClassifier, explained: Sequence[Explanation]) -> Faithfulness:
    return faithfulness(explained, model.probabilities, label_names=model.label_names)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=int, default=600)
    parser.add_argument("--texts", type=int, default=30)
    parser.add_argument("--method", default="head")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    result: dict[str, Any] = {}
    print(
        f"{'data':<11}{'method':<11}{'n':>4}  {'comprehensiveness gain':<25}{'sufficiency gain':<25}{'ms a text':>10}"
    )
    for data in SETS:
        train, validation, texts = sampled(Path(os.environ["TWOFOLD_DATA"]) / data, asked.train, asked.texts)
        with tempfile.TemporaryDirectory() as folder:
            config = FitConfig(method=asked.method)
            fit(train, validation, text_columns=["text"], config=config, output_dir=Path(folder))
            for method, (found, spent) in measured(open_classifier(Path(folder)), texts).items():
                gains = [found.comprehensiveness_gain, found.sufficiency_gain]
                told = ["{:+.2f} [{:+.2f}, {:+.2f}]".format(*gain.numbers) for gain in gains]
                print(f"{data:<11}{method:<11}{found.records:>4}  {told[0]:<25}{told[1]:<25}{spent:>10.0f}", flush=True)
                for name, gain in (("comprehensiveness", gains[0]), ("sufficiency", gains[1])):
                    result[f"explanations: {data}, {method}, {name}"] = {
                        "value": round(gain.numbers[0], 4),
                        "interval": [round(end, 4) for end in gain.numbers[1:]],
                        "baseline": None,
                        "goal": None,
                        "met": None,
                        "seeds": 1,
                        "milliseconds": round(spent, 1),
                        "command": f"python -m benchmarks.explanations --train {asked.train} --texts {asked.texts}",
                    }
    return kept(result, asked.json)


if __name__ == "__main__":
    main()
