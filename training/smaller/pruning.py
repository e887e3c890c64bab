"""What of a model can go: the smallest weights, set to zero, or the neurons without which its outputs move least.

Heads of attention are not cut out: the settings of BERT and its kin give every head the width of the model by their
number, so that a model with fewer heads could not be saved as a plain one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from training.answers.outputs import Compute
from training.data.batching import token_budget_batches
from training.data.records import TokenizedRecords
from training.models.layers import layers_of
from training.models.model_files import UnusableModel

KEEPS_ZEROS = "pruned_weights"
"""What the settings of a model call the share of weights that are zero, and stay so when it is trained again."""

_WIDTHS = ("intermediate_size", "hidden_dim", "ffn_dim")  # what settings call the neurons of a layer
_TOKENS = 2048  # of a batch


def prune_weights(model: Any, share: float) -> None:
    """Set the weights nearest to zero to zero: this share of all those of the linear layers of the encoder.

    The file stays as large, and no usual processor is faster on it; what it shows is how much of a model is spare.
    """
    weights = [linear.weight for layer in _layers(model) for linear in _linears(layer).values()]
    sizes = torch.cat([weight.detach().abs().flatten() for weight in weights])
    most = sizes.kthvalue(max(1, round(share * len(sizes)))).values
    with torch.no_grad():
        for weight in weights:
            weight.masked_fill_(weight.abs() <= most, 0.0)
    setattr(model.config, KEEPS_ZEROS, share)


def keep_zeros(model: Any) -> None:
    """See that weights that were pruned stay zero while the others learn."""
    for layer in _layers(model) if getattr(model.config, KEEPS_ZEROS, None) else ():
        for linear in _linears(layer).values():
            if linear.weight.requires_grad:
                linear.weight.register_hook(_masking(linear.weight.detach() != 0))


def prune_neurons(model: Any, share: float, importance: Mapping[int, torch.Tensor]) -> None:
    """Cut this share of the neurons out of every layer, those of least importance: a plain model, only narrower.

    Args:
        model: Changed in place.
        share: In (0, 1).
        importance: Of `neuron_importance`.
    """
    width = _width(model)
    left = max(1, round(getattr(model.config, width) * (1 - share)))
    for at, (before, after) in enumerate(_pairs(model)):
        kept = importance[at].topk(left).indices.sort().values.to(before.weight.device)
        with torch.no_grad():
            before.weight = torch.nn.Parameter(before.weight[kept].clone())
            after.weight = torch.nn.Parameter(after.weight[:, kept].clone())
            if before.bias is not None:
                before.bias = torch.nn.Parameter(before.bias[kept].clone())
        before.out_features = after.in_features = left
    setattr(model.config, width, left)


def neuron_importance(model: Any, records: TokenizedRecords, compute: Compute) -> dict[int, torch.Tensor]:
    """Return by layer (width,) how far the outputs would move without each neuron, by their slope.

    That is the square of a neuron's value times the slope of the outputs by it (Molchanov et al. 2019, equation 8, of
    the outputs in place of the loss, so that texts need no labels), added up over all pieces of the texts.
    """
    pairs, seen = list(_pairs(model)), dict[int, torch.Tensor]()
    found = {at: torch.zeros(before.out_features) for at, (before, _) in enumerate(pairs)}
    hooks = [after.register_forward_pre_hook(_keeping(seen, at)) for at, (_, after) in enumerate(pairs)]
    signs = torch.Generator().manual_seed(0)
    model.eval()
    try:
        for rows in token_budget_batches(records.lengths, budget=_TOKENS):
            logits = compute.logits(model, records, rows)
            toss = torch.randint(0, 2, logits.shape, generator=signs).to(logits) * 2 - 1
            values = list(seen.items())
            slopes = torch.autograd.grad((logits * toss).sum(), [value for _, value in values])
            for (at, value), slope in zip(values, slopes, strict=True):
                found[at] += (value * slope).detach().square().flatten(0, -2).sum(dim=0).cpu()
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _keeping(seen: dict[int, torch.Tensor], at: int) -> Any:
    def keep(module: Any, given: tuple[torch.Tensor, ...]) -> None:
        seen[at] = given[0]

    return keep


def _masking(mask: torch.Tensor) -> Any:
    return lambda slope: slope * mask.to(slope.device)


def _layers(model: Any) -> Any:
    layers = layers_of(model)
    if not layers.count:
        raise UnusableModel(f"{type(model).__name__}: expected a model with a list of layers, found none to prune")
    return model.get_submodule(layers.name)


def _linears(layer: Any) -> dict[str, Any]:
    return {name: each for name, each in layer.named_modules() if isinstance(each, torch.nn.Linear)}


def _width(model: Any) -> str:
    name = next((name for name in _WIDTHS if isinstance(getattr(model.config, name, None), int)), None)
    if name is None:
        raise UnusableModel(f"{type(model).__name__}: its settings do not say how many neurons a layer has")
    return name


def _pairs(model: Any) -> Iterator[tuple[Any, Any]]:
    """Yield for every layer what goes into its neurons, and what comes out of them."""
    width, hidden = getattr(model.config, _width(model)), model.config.hidden_size
    for number, layer in enumerate(_layers(model), start=1):
        linears = _linears(layer).values()
        into = [each for each in linears if (each.in_features, each.out_features) == (hidden, width)]
        out = [each for each in linears if (each.in_features, each.out_features) == (width, hidden)]
        if len(into) != 1 or len(out) != 1 or into[0] is out[0]:
            raise UnusableModel(
                f"{type(model).__name__}: expected one way into the {width} neurons of layer {number} and one out of "
                f"them, found {len(into)} and {len(out)}, so they cannot be told apart"
            )
        yield into[0], out[0]
