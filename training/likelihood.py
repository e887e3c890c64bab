"""How likely a causal language model finds texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from training.answers.outputs import moved, tokens_per_batch
from training.data.batching import token_budget_batches
from training.data.chats import UNLEARNT
from training.data.records import TokenizedRecords
from training.data.sequences import as_records, batch_of
from training.models import language_models
from training.models._torch import choose_device
from training.models.model_files import UnusableModel
from training.progress import Tick

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Likelihoods:
    """What a model makes of n texts.

    Attributes:
        nats: (n,) log probability of each text, given its first token; 0 of a text of one token.
        tokens: (n,) how many tokens that is of.
        ids: Token numbers of each text: what another model has to share to be compared token by token.
    """

    nats: Floats
    tokens: Floats
    ids: Sequence[Sequence[int]]


def likelihoods(
    model: str, texts: Sequence[str], *, max_length: int = 256, device: str = "auto", tick: Tick | None = None
) -> Likelihoods:
    """Ask a causal language model how likely it finds texts.

    A text of more tokens than `max_length` is read in parts, each without what stands before it.

    Args:
        model: A folder, or a hub name.
        texts: n texts.
        max_length: Tokens that are read together, at least 2; no more than the model reads.
        device: A torch device, or `"auto"`.
        tick: Told how many parts are done, and of how many.

    Raises:
        UnusableModel: The model cannot be loaded, writes no texts, or goes from text to text.
    """
    if language_models.is_sequence_to_sequence(model):
        raise UnusableModel(f"model {model!r}: expected one that goes on with a text, got text to text")
    tokenizer = language_models.load_writer_tokenizer(model)
    ids = tokenizer(list(texts), return_attention_mask=False)["input_ids"] if texts else []
    most = min(max_length, language_models.positions_of(model) or max_length)
    parts = [(at, own[start : start + most]) for at, own in enumerate(ids) for start in range(0, len(own), most)]
    parts = [(at, part) for at, part in parts if len(part) > 1]  # one token alone is told by nothing
    nats, tokens = np.zeros(len(ids)), np.zeros(len(ids))
    if parts:
        rows = as_records({name: [part for _, part in parts] for name in ("input_ids", "labels")})
        place = choose_device(device)
        writer = language_models.load_writer(model).to(place).eval()
        told, counted = answer_likelihoods(writer, rows, pad=tokenizer.pad_token_id, tick=tick)
        owner = [at for at, _ in parts]
        np.add.at(nats, owner, told)
        np.add.at(tokens, owner, counted)
    return Likelihoods(nats=nats, tokens=tokens, ids=ids)


def answer_likelihoods(
    model: Any, records: TokenizedRecords, *, pad: int, tick: Tick | None = None
) -> tuple[Floats, Floats]:
    """Return (n,) log probabilities of what is learnt of each record, in nats, and how many tokens that is of."""
    n, done = len(records.lengths), 0
    nats, tokens = np.zeros(n), np.zeros(n)
    for rows in token_budget_batches(records.lengths, budget=tokens_per_batch(str(model.device).split(":")[0])):
        batch = moved(batch_of(records, rows, pad=pad), model.device)
        with torch.inference_mode():
            said = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1]
        wanted = batch["labels"][:, 1:]
        learnt = wanted != UNLEARNT
        each = said.float().log_softmax(-1).gather(2, wanted.clamp(min=0)[..., None])[..., 0]
        nats[rows] = (each.double() * learnt).sum(1).cpu().numpy()
        tokens[rows] = learnt.sum(1).cpu().numpy()
        done += len(rows)
        if tick:
            tick(done, n)
    return nats, tokens
