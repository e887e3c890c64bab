"""What a language model writes: the likeliest token after the other, until it says that its answer is at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from training.answers.outputs import Compute, moved
from training.data.batching import token_budget_batches
from training.data.chats import ALONE, PLAIN, give_template, in_words, prompts_of
from training.data.sequences import filled
from training.models import _hf, language_models
from training.models._torch import choose_device, choose_precision
from training.progress import Tick
from training.results import TextPredictions
from training.run_record import longest_answer_in

if TYPE_CHECKING:
    from datasets import Dataset

_LIKELIEST = {  # whatever a model's own settings say
    "do_sample": False,
    "num_beams": 1,
    "min_length": 0,
    "no_repeat_ngram_size": 0,
    "repetition_penalty": 1.0,
}
_MOST_NEW, _NO_BOUND = 256, 2**31
_CPU_TOKENS, _GPU_TOKENS = 4096, 65_536  # of prompts and answers in a batch, padding included


def writer(
    model_dir: Path,
    *,
    text_columns: Sequence[str],
    batch_size: int | None,
    max_length: int | None,
    max_new_tokens: int | None,
    precision: str,
    device: str,
) -> Callable[[Dataset, Tick], TextPredictions]:
    """Load a language model that answers every record of a part of a table, in its order; see `predictor`."""
    tokenizer = language_models.load_writer_tokenizer(str(model_dir))
    place = choose_device(device)
    compute = Compute(device=place, precision=choose_precision(precision, place, begun="fp32"), pad=tokenizer.pad)
    model = language_models.load_writer(str(model_dir)).to(compute.device).eval()
    give_template(tokenizer, ALONE if model.config.is_encoder_decoder else PLAIN)
    new = max_new_tokens or longest_answer_in(model_dir) or _MOST_NEW
    most = max_length or _room(model.config, new)
    budget = batch_size or (_CPU_TOKENS if compute.device == "cpu" else _GPU_TOKENS)

    def written(data: Dataset, tick: Tick) -> TextPredictions:
        prompts = [in_words(tokenizer, chat, asked=True) for chat in prompts_of(data, text_columns)]
        ids = _read(model, tokenizer, prompts, most)
        answers, n = list[_Answer | None]([None] * len(ids)), 0
        for rows in token_budget_batches(np.array([len(each) + new for each in ids]), budget=budget):
            found = _answers(model, tokenizer, [ids[row] for row in rows], new, compute)
            for row, answer in zip(rows.tolist(), found, strict=True):
                answers[row] = answer
            n += len(rows)
            tick(n, len(ids))
        return _as_predictions([each for each in answers if each is not None], tokenizer, compute)

    return written


class _Answer:
    """Token numbers of an answer, its end included, and the mean of their log probabilities."""

    def __init__(self, ids: Sequence[int], log_prob: float) -> None:
        self.ids, self.log_prob = ids, log_prob


class _Heard:
    """A logits processor that changes nothing, and keeps how likely the likeliest token is at every step."""

    def __init__(self) -> None:
        self.log_probs: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.log_probs.append(scores.float().log_softmax(dim=-1).max(dim=-1).values.cpu())
        return scores


def _answers(model: Any, tokenizer: Any, prompts: list[list[int]], most: int, compute: Compute) -> list[_Answer]:
    """Return the answers to prompts of a batch."""
    from transformers import GenerationConfig, LogitsProcessorList

    pad, at_its_end = tokenizer.pad_token_id, model.config.is_encoder_decoder
    given = {
        "input_ids": _side_by_side(prompts, pad, at_its_end=at_its_end),
        "attention_mask": _side_by_side([[1] * len(ids) for ids in prompts], 0, at_its_end=at_its_end),
    }
    ends, heard = _ends(model, tokenizer), _Heard()
    how = GenerationConfig(max_new_tokens=most, pad_token_id=pad, eos_token_id=ends, **_LIKELIEST)
    with torch.inference_mode(), compute.autocast(), _hf.quiet():
        found = model.generate(
            **moved(given, compute.device), generation_config=how, logits_processor=LogitsProcessorList([heard])
        )
    log_probs = torch.stack(heard.log_probs, dim=1)
    written = found[:, -log_probs.shape[1] :].tolist()
    return [_ended(ids, said, ends) for ids, said in zip(written, log_probs.tolist(), strict=True)]


def _read(model: Any, tokenizer: Any, prompts: list[str], most: int) -> list[list[int]]:
    """Return prompts as token numbers: their ends, or where a model has an encoder, what it read in training."""
    if not model.config.is_encoder_decoder:
        return [each[-most:] for each in tokenizer(prompts, add_special_tokens=False)["input_ids"]]
    read = _hf.tokenize_with(tokenizer, max_length=min(most, tokenizer.model_max_length))([prompts])["input_ids"]
    return [each or [tokenizer.eos_token_id] for each in read]


def _side_by_side(rows: list[list[int]], value: int, *, at_its_end: bool) -> torch.Tensor:
    """(n, longest) the rows, filled up with a value at their ends, or before them."""
    if at_its_end:
        return filled(rows, value)
    return filled([row[::-1] for row in rows], value).flip(1)


def _ended(ids: list[int], log_probs: list[float], ends: list[int]) -> _Answer:
    n = next((at + 1 for at, token in enumerate(ids) if token in ends), len(ids))
    return _Answer(ids[:n], float(np.mean(log_probs[:n])))


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Return the tokens that end an answer: the tokenizer's, and those of the model's own settings."""
    more = model.generation_config.eos_token_id
    return sorted({tokenizer.eos_token_id, *(more if isinstance(more, list) else [] if more is None else [more])})


def _room(settings: Any, most: int) -> int:
    """Return how many tokens of a prompt a model reads that is to write `most` more."""
    positions = getattr(settings, "max_position_embeddings", None) or _NO_BOUND
    if positions <= most:
        raise ValueError(f"max_new_tokens: expected less than the {positions} tokens that the model reads, got {most}")
    return int(positions if settings.is_encoder_decoder else positions - most)


def _as_predictions(answers: Sequence[_Answer], tokenizer: Any, compute: Compute) -> TextPredictions:
    n = len(answers)
    texts = tokenizer.batch_decode([answer.ids for answer in answers], skip_special_tokens=True)
    return TextPredictions(
        pred_probs=np.empty((n, 0), dtype=np.float32),
        labels=np.empty((n, 0), dtype=np.int64),
        confidence=np.exp([answer.log_prob for answer in answers]).astype(np.float32),
        label_names=(),
        threshold=0.5,
        device=compute.device,
        precision=compute.precision,
        texts=tuple(text.strip() for text in texts),
        tokens=np.array([len(answer.ids) for answer in answers], dtype=np.int64),
    )
