"""Which of two sentences a language model finds likelier, where they differ in who is spoken of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from evaluation.columns import Column, kept, read_texts
from evaluation.pair_leaning import PairLeaning, pair_leaning
from evaluation.predictions import check_length
from training.answers.outputs import moved, tokens_per_batch
from training.data.batching import token_budget_batches
from training.data.sequences import as_records
from training.likelihood import answer_likelihoods
from training.models import _hf, language_models
from training.models._torch import choose_device
from training.models.model_files import UnusableModel
from training.models.packaged import locate
from training.progress import Tick

Floats = npt.NDArray[np.float64]


def stereotype_pairs(
    model: str | Path,
    more: Column,
    less: Column,
    kinds: Column | None = None,
    *,
    device: str = "auto",
    tick: Tick | None = None,
) -> PairLeaning:
    """Ask a language model which sentence of each pair is likelier, such as those of CrowS-Pairs.

    A masked model is asked for the pseudo log likelihood of the tokens that both sentences of a pair share, each masked
    in its turn (Nangia et al. 2020; Salazar et al. 2020); a causal one for the log likelihood of the whole sentence,
    behind the token that begins a text, where it has one.

    Args:
        model: A folder, or a hub name; masked where its `config.json` says so, otherwise causal.
        more: n sentences that say a stereotype.
        less: n sentences that differ from those in who is spoken of.
        kinds: n kinds of bias.
        device: A torch device, or `"auto"`.
        tick: Told how much is done, and of how much.

    Raises:
        UnusableModel: The model cannot be loaded, or has no weights for what turns its states into words: an encoder
            without them answers at random.
        ValueError: Columns of different lengths, or none at all.

    Example:
        >>> try:
        ...     stereotype_pairs("packaged", ["Old people forget."], ["Young people forget."])
        ... except ValueError as error:  # with a language model it says how often the first is likelier
        ...     print(str(error).partition(",")[0])
        model 'packaged' cannot write texts: expected a language model
    """
    more, less = read_texts(kept(more), "more"), read_texts(kept(less), "less")
    check_length("less", less, len(more))
    if not more:
        raise ValueError("more: expected at least one sentence, got none")
    ask = _masked if _is_masked(str(model)) else _causal
    told = ask(str(model), [*more, *less], choose_device(device), tick)
    return pair_leaning(told[: len(more)], told[len(more) :], kinds)


def _is_masked(model: str) -> bool:
    path = Path(locate(model)) / "config.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("architectures") if path.is_file() else None
    except (OSError, ValueError, RecursionError, AttributeError):
        return False
    return any(str(name).endswith("ForMaskedLM") for name in found or ())


def _causal(model: str, texts: Sequence[str], device: Any, tick: Tick | None) -> Floats:
    if language_models.is_sequence_to_sequence(model):
        raise UnusableModel(f"model {model!r}: expected a masked or a causal language model, got text to text")
    tokenizer = language_models.load_writer_tokenizer(model)
    ids = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)["input_ids"]
    begins = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    rows = [[begins, *own] for own in ids]
    _check_room(max(map(len, rows)), language_models.positions_of(model))
    writer = language_models.load_writer(model).to(device).eval()
    records = as_records({"input_ids": rows, "labels": rows})
    return answer_likelihoods(writer, records, pad=tokenizer.pad_token_id, tick=tick)[0]


def _masked(model: str, texts: Sequence[str], device: Any, tick: Tick | None) -> Floats:
    """Return (2 n,) pseudo log likelihoods of what each sentence shares with the other one of its pair."""
    tokenizer, asked = _hf.load_tokenizer(model), load_masked(model).to(device).eval()
    if tokenizer.mask_token_id is None:
        raise UnusableModel(f"model {model!r}: expected a tokenizer with a token that masks, found none")
    ids = tokenizer(list(texts), return_attention_mask=False)["input_ids"]
    _check_room(max(map(len, ids)), getattr(asked.config, "max_position_embeddings", None))
    special, half = set(tokenizer.all_special_ids), len(texts) // 2
    places: list[tuple[int, int]] = []
    for pair in range(half):
        same = SequenceMatcher(None, ids[pair], ids[half + pair], autojunk=False).get_matching_blocks()
        for text, start in ((pair, 0), (half + pair, 1)):
            at = (block[start] + step for block in same for step in range(block.size))
            places += [(text, place) for place in at if ids[text][place] not in special]
    told = _of_masked(asked, tokenizer, ids, places, tick)
    found = np.zeros(len(texts))
    np.add.at(found, [text for text, _ in places], told)
    return found


def _of_masked(model: Any, tokenizer: Any, ids: Any, places: Sequence[tuple[int, int]], tick: Tick | None) -> Floats:
    """Return the log probability of each token at its place, in nats, when it is masked."""
    lengths, told, done = np.array([len(ids[text]) for text, _ in places]), np.zeros(len(places)), 0
    for rows in token_budget_batches(lengths, budget=tokens_per_batch(str(model.device).split(":")[0])):
        own = [ids[places[row][0]] for row in rows]
        at = torch.tensor([places[row][1] for row in rows])
        batch = tokenizer.pad({"input_ids": own}, return_tensors="pt")
        each = torch.arange(len(own))
        wanted = batch["input_ids"][each, at].clone()
        batch["input_ids"][each, at] = tokenizer.mask_token_id
        with torch.inference_mode():
            said = model(**moved(dict(batch), model.device)).logits.float().cpu()
        told[rows] = said[each, at].log_softmax(-1)[each, wanted].double().numpy()
        done += len(own)
        if tick:
            tick(done, len(places))
    return told


def load_masked(model: str) -> Any:
    """Return a masked language model in float32.

    Raises:
        UnusableModel: It cannot be loaded, or has no weights for what turns its states into words.
    """
    return _hf.load_whole(model, "AutoModelForMaskedLM", wanted="a masked language model")


def _check_room(longest: int, most: int | None) -> None:
    if most is not None and longest > most:
        raise ValueError(f"more: expected sentences of at most {most} tokens, which the model reads, got {longest}")
