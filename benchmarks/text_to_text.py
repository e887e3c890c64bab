"""Does a small T5, drawn by chance, learn to write dates as numbers? Whole answers right on dates that it never saw.

`python -m benchmarks.text_to_text`: a T5 of two layers on each side and single characters as tokens learns from dates
of 1900 to 2099 in four ways to write them, such as `7 March 1984` and `7/3/1984`, and is asked for others as
`1984-03-07`.
"""

from __future__ import annotations

import argparse
import string
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset

from benchmarks import result_file
from evaluation import evaluate_texts
from training import FitConfig, TextPredictions, fit, predict

FIRST, DAYS = date(1900, 1, 1), 73_049
WAYS: tuple[Callable[[date], str], ...] = (
    lambda day: f"{day.day} {day:%B} {day.year}",
    lambda day: f"{day:%B} {day.day}, {day.year}",
    lambda day: f"{day.day}/{day.month}/{day.year}",
    lambda day: f"{day.day:02d}-{day:%b}-{day.year}".upper(),
)
SPECIAL = ("<pad>", "</s>", "<unk>")


def small_t5(folder: Path, seed: int) -> str:
    """Folder of a T5 with random weights that reads and writes characters."""
    import torch
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    signs = (*SPECIAL, *string.ascii_letters, *string.digits, *" -/,")
    tokenizer = Tokenizer(models.WordLevel({sign: at for at, sign in enumerate(signs)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.decoder = decoders.Fuse()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>", pad_token="<pad>")
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    shape = T5Config(
        vocab_size=len(signs), d_model=96, d_kv=24, d_ff=256, num_layers=2, num_heads=4, dropout_rate=0.0,
        decoder_start_token_id=0,
    )  # fmt: skip
    T5ForConditionalGeneration(shape).save_pretrained(folder)
    return str(folder)


def dates(days: Sequence[int], rng: np.random.Generator) -> Dataset:
    """Each of some days, counted from the first, written in one of the four ways, and as numbers."""
    given = [FIRST + timedelta(days=int(day)) for day in days]
    ways = rng.integers(len(WAYS), size=len(given))
    written = [WAYS[way](day) for day, way in zip(given, ways, strict=True)]
    return Dataset.from_dict({"written": written, "numbers": [day.isoformat() for day in given]})


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=3000, help="dates that are learnt")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    rng, started = np.random.default_rng(args.seed), time.perf_counter()
    drawn = rng.permutation(DAYS)[: args.records + 700]
    train, validation, test = (dates(days, rng) for days in np.split(drawn, [args.records, args.records + 200]))
    with tempfile.TemporaryDirectory() as folder:
        config = FitConfig(
            model=small_t5(Path(folder) / "t5", args.seed), learns="answers", method="full", epochs=args.epochs,
            batch_size=32, learning_rate=3e-3, patience=None, seed=args.seed, precision="fp32", threads=1,
        )  # fmt: skip
        columns = {"text_columns": ["written"], "label_column": "numbers"}
        result = fit(train, validation, **columns, config=config, output_dir=Path(folder) / "learnt")
        said = predict(result.model_dir, test, text_columns=["written"])
    assert isinstance(said, TextPredictions)
    found = evaluate_texts(list(test["numbers"]), said.answers).exact_match
    seconds = round(time.perf_counter() - started, 1)
    print(f"whole answers right: {found.value:.3f} [{found.low:.3f}, {found.high:.3f}] of {len(test)}, {seconds} s")
    measured = {
        "value": round(found.value, 4),
        "interval": [round(found.low, 4), round(found.high, 4)],
        "baseline": 0.0,
        "goal": None,
        "met": None,
        "seeds": 1,
        "seconds": seconds,
        "command": f"python -m benchmarks.text_to_text --records {args.records} --epochs {args.epochs}",
    }
    return result_file.kept({"text to text": measured}, args.json)


if __name__ == "__main__":
    main()
