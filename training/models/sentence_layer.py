"""Sentence vectors inside a plain sequence classifier: one more layer, which pools as the body's own settings say.

A classifier of transformers reads its first token; sentence models are made for the mean of their tokens. A layer whose
queries and keys are zero attends to every token alike, and whose values are its input: what it says is the mean, with
padding left out. Its second half adds nothing, and its norms bring the vector to unit length (times the root of its
dimensions) after taking away the mean of its numbers. So the folder stays one that transformers alone can load.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from training.config import FitConfig
from training.models.layers import layers_of
from training.models.model_files import UnusableModel, loading
from training.models.packaged import locate

_MARK = "sentence_layer"  # in a model's settings: it has the layer already
_LOUD = 1024.0  # times the mean, beside which the token's own vector, which is added, is of no account
_SMALL = 1 / 256  # times the vector, where tanh is a straight line
_POOLED = "1_Pooling/config.json"


def on_sentence_vectors(model: Any, config: FitConfig) -> Any:
    """Return a classifier whose head reads sentence vectors; what `config.method` moves of it requires a gradient.

    Raises:
        UnusableModel: as `with_sentence_layer`.
        ValueError: there are not that many layers to freeze.
    """
    model = with_sentence_layer(model, config)
    output_layer(model).requires_grad_(True)
    layers = layers_of(model)
    body = layers.count - 1
    if config.freeze >= body:
        raise ValueError(f"freeze: expected fewer than the {body} layers that the model has, got {config.freeze}")
    for name, parameter in model.named_parameters():
        if config.method == "contrastive" and config.freeze < layers.depth[name] <= body:
            parameter.requires_grad_(True)
    for name, part in model.named_modules():
        if isinstance(part, torch.nn.Dropout) and not name.startswith(f"{layers.name}."):
            part.p = 0.0  # vectors are compared as they are
    return model


def with_sentence_layer(model: Any, config: FitConfig) -> Any:
    """Return a classifier with one more layer, so that its head reads the sentence vector; none of it is trainable.

    Args:
        model: of transformers, a classifier of sequences that is built like BERT or RoBERTa.
        config: which model it is, whose own settings say how its tokens are pooled.

    Raises:
        UnusableModel: It is built in another way, or pooled in one that a layer cannot do.
    """
    if not getattr(model.config, _MARK, False):
        pooling = _pooling_of(config.model)
        try:
            _add_layer(model, pooling)
            known = _says_the_same(model, pooling)
        except (AttributeError, TypeError, ValueError):
            known = False
        if not known:
            raise UnusableModel(
                f"method: {config.method!r} reads the sentence vectors of models that are built like BERT or RoBERTa, "
                f"got the model type {model.config.model_type!r} of {config.model!r}"
            )
        setattr(model.config, _MARK, True)
    with torch.no_grad():  # a model that has the layer already may have a head of its own making before its last one
        _set(_linear_layers(model)[-2], _SMALL)
    return model.requires_grad_(False)


def output_layer(model: Any) -> torch.nn.Linear:
    """The last linear layer of a classifier, which makes logits of the sentence vector."""
    return _linear_layers(model)[-1]


@contextmanager
def vectors_seen(model: Any) -> Iterator[list[torch.Tensor]]:
    """Within it the (batch, d) sentence vectors of every pass of the model come into the list, of unit length."""
    seen: list[torch.Tensor] = []
    hook = output_layer(model).register_forward_pre_hook(lambda module, given: seen.append(given[0] / scale_of(model)))
    try:
        yield seen
    finally:
        hook.remove()


def scale_of(model: Any) -> float:
    """How long the vector is that the last layer reads, for a sentence vector of unit length."""
    return float(_SMALL * output_layer(model).in_features ** 0.5)


def _pooling_of(model: str) -> str:
    """`mean` or `first`, by what sentence-transformers keeps beside a model; the mean where it keeps nothing."""
    from transformers.utils import cached_file

    found = cached_file(
        locate(model),
        _POOLED,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    with loading(locate(model)):
        settings = dict(json.loads(Path(found).read_text(encoding="utf-8"))) if found else {"pooling_mode": "mean"}
    modes = {name.removeprefix("pooling_mode_").removesuffix("_tokens") for name, on in settings.items() if on is True}
    modes |= {settings["pooling_mode"]} if "pooling_mode" in settings else set()
    modes.discard("include_prompt")
    if modes == {"mean"}:
        return "mean"
    if modes in ({"cls"}, {"cls_token"}):
        return "first"
    raise UnusableModel(f"model {model!r}: expected tokens pooled as 'mean' or 'cls', got {', '.join(sorted(modes))}")


def _linear_layers(model: Any) -> list[torch.nn.Linear]:
    return [each for each in model.modules() if isinstance(each, torch.nn.Linear)]


def _add_layer(model: Any, pooling: str) -> None:
    layers = model.get_submodule(layers_of(model).name)
    layer = copy.deepcopy(layers[-1])
    with torch.no_grad():
        for part in (layer.attention.self.query, layer.attention.self.key, layer.output.dense):
            _set(part, 0.0)
        _set(layer.attention.self.value, 1.0)
        _set(layer.attention.output.dense, _LOUD if pooling == "mean" else 0.0)
        for norm in (layer.attention.output.LayerNorm, layer.output.LayerNorm):
            norm.weight.fill_(1.0)
            norm.bias.zero_()
        _set(_linear_layers(model)[-2], _SMALL)
    layers.append(layer)
    model.config.num_hidden_layers += 1


def _set(layer: Any, diagonal: float) -> None:
    if layer.weight.shape[0] == layer.weight.shape[1]:
        layer.weight.copy_(torch.eye(len(layer.weight)) * diagonal)
    else:
        layer.weight.fill_(diagonal)
    layer.bias.zero_()


def _says_the_same(model: Any, pooling: str) -> bool:
    """Whether two made-up texts, one of them padded, get the vectors that the body's tokens have once pooled."""
    ids = torch.arange(3, 19).reshape(2, 8).to(next(model.parameters()).device)
    mask = torch.tensor([[1] * 8, [1] * 5 + [0] * 3], device=ids.device)
    with _as_in_use(model), torch.inference_mode(), vectors_seen(model) as seen:
        said = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[-2]
    pooled = said[:, 0] if pooling == "first" else (said * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    centred = pooled - pooled.mean(dim=1, keepdim=True)
    return bool((torch.nn.functional.cosine_similarity(seen[0], centred) > 0.999).all())


@contextmanager
def _as_in_use(model: Any) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
