"""Integrated gradients: what a text is worth to a label, shared out among its words.

Gradients of the label's log odds by the vectors of the tokens are averaged on the straight way from padding to the
text, and multiplied by the way (Sundararajan, Taly and Yan 2017, arXiv:1703.01365, equation 1). They sum to the
difference of the log odds at both ends, which is the axiom of completeness: it says whether enough points were taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from evaluation.explaining.explanation import Explanation, Explanations
from evaluation.explaining.worded_text import WordedText
from training.answers.outputs import moved, tokens_per_batch
from training.explaining.opened_classifier import OpenedClassifier
from training.models._hf import quiet
from training.models.model_files import UnusableModel

_POINTS = (32, 64, 128, 256, 512)
_CLOSE = 0.01  # of the difference of the log odds, or of one nat where that is larger, that may be missing
_TINY = 1e-12
_SAME = 1e-3


@dataclass(frozen=True, kw_only=True)
class _Tokens:
    """One text as a model reads it: its inputs, and the word that each token belongs to, -1 for the model's own."""

    inputs: dict[str, torch.Tensor]
    word: npt.NDArray[np.int64]


def integrated_gradients(
    model: OpenedClassifier, texts: Sequence[WordedText], labels: Sequence[str], *, tick: Callable[[int], None]
) -> Explanations:
    """Share out the log odds of one label of each text among its words.

    Args:
        model: Of transformers, and one that reads all texts of a record at once.
        texts: n texts.
        labels: The label to explain of each.
        tick: Is told how many texts are done.

    Raises:
        UnusableModel: It is one as ONNX, compares texts, or reads its tokens in another way than by their vectors.
        ImportError: captum is not installed.
    """
    _check(model)
    found = Explanations()
    for at, (text, label) in enumerate(zip(texts, labels, strict=True)):
        with quiet():  # that padding is not seen in vectors: there is none
            found.append(_of_one(model, text, label))
        tick(at + 1)
    return found


def _check(model: OpenedClassifier) -> None:
    why = None
    if model.is_onnx:
        why = "is one as ONNX, which has none"
    elif model.head.name == "tags":
        why = "says something of each piece of a text"
    elif getattr(model.head, "compares", False):
        why = "reads each of several texts by itself"
    elif not getattr(model.tokenizer, "is_fast", False):
        why = "has a tokenizer that does not tell where its pieces stand"
    if why:
        raise UnusableModel(f"method: expected 'occlusion', as the model in {model.folder} {why}, got 'gradients'")


def _of_one(model: OpenedClassifier, text: WordedText, label: str) -> Explanation:
    tokens, at = _tokens(model, text), model.label_names.index(label)
    vectors, baseline = _ends(model, tokens)
    ends = [_log_odds(model, each, _others(tokens), at).item() for each in (vectors, baseline)]
    probability = float(model.probabilities([text.whole])[0, at])
    if abs(1 / (1 + np.exp(-ends[0])) - probability) > _SAME:
        raise UnusableModel(
            f"method: expected 'occlusion', as the model in {model.folder} says something else when it is given the "
            "vectors of its tokens, got 'gradients'"
        )
    each = _attributed(model, tokens, vectors, baseline, at, ends[0] - ends[1])
    weights = np.zeros(len(text.words))
    of_words = tokens.word >= 0
    np.add.at(weights, tokens.word[of_words], each[of_words])
    return Explanation(
        text=text,
        weights=weights[:, None],
        label_names=(label,),
        probabilities=np.array([probability]),
        label=label,
    )


def _tokens(model: OpenedClassifier, text: WordedText) -> _Tokens:
    given = [text.whole] if isinstance(text.whole, str) else list(text.whole)
    length = min(model.tokenizer.model_max_length, getattr(model.model.config, "max_position_embeddings", 2**31))
    found = model.tokenizer(
        *([each] for each in given),
        truncation=True,
        max_length=length,
        return_offsets_mapping=True,
        return_token_type_ids=len(given) == 2 and "token_type_ids" in model.tokenizer.model_input_names,
        return_tensors="pt",
    )
    places = found.pop("offset_mapping")[0].tolist()
    ends, first = [], [0]
    for pieces in text.pieces:
        stops = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
        ends.append(stops[[not piece.isspace() for piece in pieces]] if pieces else stops)
        first.append(first[-1] + len(ends[-1]))
    word = [
        -1
        if number is None or not len(ends[number])
        else first[number] + min(int(np.searchsorted(ends[number], start, side="right")), len(ends[number]) - 1)
        for number, (start, _) in zip(found.sequence_ids(0), places, strict=True)
    ]
    return _Tokens(inputs=moved(dict(found), model.compute.device), word=np.array(word, dtype=np.int64))


def _ends(model: OpenedClassifier, tokens: _Tokens) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (1, t, d) the vectors of the tokens, and those with padding in the place of each token of a word."""
    ids = tokens.inputs["input_ids"]
    padding = torch.where(
        torch.from_numpy(tokens.word >= 0).to(ids.device), torch.full_like(ids, model.tokenizer.pad_token_id), ids
    )
    table = model.model.get_input_embeddings()
    with torch.inference_mode(mode=False), torch.no_grad():
        return table(ids).detach(), table(padding).detach()


def _others(tokens: _Tokens) -> tuple[torch.Tensor, ...]:
    kept = [tokens.inputs["attention_mask"]]
    return tuple(kept + ([tokens.inputs["token_type_ids"]] if "token_type_ids" in tokens.inputs else []))


def _log_odds(
    model: OpenedClassifier, vectors: torch.Tensor, others: tuple[torch.Tensor, ...], at: int
) -> torch.Tensor:
    """Return (batch,) the log odds of a label, in double precision so that those of a sure model still have a slope."""
    names = ("attention_mask", "token_type_ids")
    try:
        said = model.model(inputs_embeds=vectors, **dict(zip(names, others, strict=False))).logits.double()
    except (TypeError, NotImplementedError, ValueError) as error:
        raise UnusableModel(
            f"method: expected 'occlusion', as the model in {model.folder} takes no vectors of tokens ({error!s:.80}), "
            "got 'gradients'"
        ) from error
    probability = model.head.probabilities(said)[:, at].clamp(_TINY, 1 - _TINY)
    return torch.logit(probability)


def _attributed(
    model: OpenedClassifier,
    tokens: _Tokens,
    vectors: torch.Tensor,
    baseline: torch.Tensor,
    at: int,
    difference: float,
) -> npt.NDArray[np.float64]:
    """Return (t,) what each token is worth, at as many points as bring the sum near to the difference of the ends."""
    method = _integrated_gradients(lambda given, *others: _log_odds(model, given, others, at))
    allowed = _CLOSE * max(1.0, abs(difference))
    each = np.zeros(vectors.shape[1])
    for points in _POINTS:
        found = method.attribute(
            vectors,
            baselines=baseline,
            additional_forward_args=_others(tokens),
            n_steps=points,
            internal_batch_size=max(1, tokens_per_batch(model.compute.device) // vectors.shape[1]),
        )
        each = found.detach().double().sum(dim=2)[0].cpu().numpy()
        if abs(each.sum() - difference) <= allowed:
            break
    return each


def _integrated_gradients(forward: Callable[..., torch.Tensor]) -> Any:
    try:
        from captum.attr import IntegratedGradients
    except ImportError as error:
        raise ImportError('method: gradients need captum: pip install "twofold[explain]"') from error
    return IntegratedGradients(forward, multiply_by_inputs=True)
