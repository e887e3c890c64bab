"""S5: embedding news texts, beside sentence-transformers' own `encode` at its defaults, on the same model.

python -m benchmarks.embedding [--texts 10000] [--repeats 3] [--tried] [--json FILE]

News has 8,000 texts with those set aside for testing; beyond that they come again with a number, so that none is spared
as a repeat. With `--tried`, other ways as well, which differ from the reference by more than is allowed or win nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sentence_transformers import SentenceTransformer

from benchmarks.result_file import kept
from training import embed
from training.models.packaged import PACKAGED, locate

GOAL, COSINE = 2.5, 0.999
FloatArray = npt.NDArray[np.float32]
Way = Callable[[Sequence[str]], FloatArray]


def news(data: Path, n: int) -> list[str]:
    """Return n different texts."""
    files = [data / "news_noisy" / f"{part}.csv" for part in ("items", "test")]
    texts = pd.concat([pd.read_csv(file).text for file in files]).drop_duplicates().tolist()
    return [texts[i % len(texts)] + (f" {i // len(texts)}" if i >= len(texts) else "") for i in range(n)]


def by_encode(texts: Sequence[str], model: SentenceTransformer, **options: Any) -> FloatArray:
    """Embed with `encode`."""
    rows: FloatArray = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False, **options)
    return rows


def others(model: Callable[[], SentenceTransformer]) -> dict[str, Way]:
    """What was tried beside."""
    quantized = torch.ao.quantization.quantize_dynamic(model(), {torch.nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]
    return {
        "ours, bfloat16": partial(embed, precision="bf16"),
        "ours, 4,096 tokens a batch": partial(embed, batch_size=4096),
        "ours, 512 tokens a batch": partial(embed, batch_size=512),
        "encode, linear layers in int8": partial(by_encode, model=quantized),
        "encode, batches of 8": partial(by_encode, model=model(), batch_size=8),
    }


def timed(ways: Mapping[str, Way], texts: Sequence[str], repeats: int) -> dict[str, tuple[list[float], FloatArray]]:
    """Run each way once to warm up and then `repeats` times, in turn; seconds and rows."""
    found: dict[str, tuple[list[float], FloatArray]] = {name: ([], way(texts[:64])) for name, way in ways.items()}
    for _ in range(repeats):
        for name, way in ways.items():
            started = time.perf_counter()
            rows = way(texts)
            found[name] = ([*found[name][0], time.perf_counter() - started], rows)
    return found


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tried", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    texts = news(Path(os.environ["TWOFOLD_DATA"]), options.texts)
    load_model = partial(SentenceTransformer, locate(PACKAGED), device="cpu")
    ways: dict[str, Way] = {"encode, defaults": partial(by_encode, model=load_model()), "ours": embed}
    found = timed(ways | (others(load_model) if options.tried else {}), texts, options.repeats)
    base, reference = found["encode, defaults"]
    print(f"{len(texts)} news texts, {options.repeats} repeats, median; the lowest cosine to encode's rows")
    for name, (seconds, rows) in found.items():
        faster, cosine = statistics.median(base) / statistics.median(seconds), (rows * reference).sum(axis=1).min()
        print(f"{name:>30}  {statistics.median(seconds):7.1f} s  {faster:5.2f} x  cosine {cosine:.5f}")
    seconds, rows = found["ours"]
    ratios = sorted(theirs / ours for theirs, ours in zip(base, seconds, strict=True))
    value, cosine = statistics.median(base) / statistics.median(seconds), float((rows * reference).sum(axis=1).min())
    result = {
        "S5": {
            "value": round(value, 2),
            "interval": [round(ratios[0], 2), round(ratios[-1], 2)],
            "baseline": round(statistics.median(base), 1),
            "goal": GOAL,
            "met": value >= GOAL and cosine >= COSINE,
            "cosine": round(cosine, 6),
            "seeds": options.repeats,
            "seconds": round(time.perf_counter() - started, 1),
            "command": f"python -m benchmarks.embedding --texts {options.texts} --repeats {options.repeats}",
        }
    }
    return kept(result, options.json)


if __name__ == "__main__":
    main()
