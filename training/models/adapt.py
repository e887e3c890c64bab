"""What of a model moves: all of it, its head, its upper layers, or a few numbers that are added to it.

One method is one entry of `_ADDED`, or of the three lines in `adapted`. What is added comes from peft.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.config import FEW_LABELS
from training.models.layers import HEADS, is_head, layers_of, reads_its_last_token
from training.models.sentence_layer import on_sentence_vectors
from training.smaller.pruning import keep_zeros

if TYPE_CHECKING:
    from training.config import FitConfig

_NO_HEADS = rf"(.*\.)?({'|'.join(HEADS)})(\..*)?"


def adapted(model: Any, config: FitConfig, reads: str) -> Any:
    """Return a model of which only what `config.method` trains requires a gradient, above the frozen layers.

    Args:
        model: fresh, all of it trainable.
        config: method, its sizes, and how many of the lowest layers stay as they are.
        reads: what transformers calls such a model, behind `AutoModelFor`.

    Raises:
        ValueError: The method does not know the model, or there are not that many layers.
    """
    if config.method in _ADDED:
        model = _with_added(model, config, reads)
    if reads == "FeatureExtraction":  # a pooler is no part of it
        _freeze(model, is_head)
    if config.method == "head":
        _freeze(model, lambda name: not is_head(name))
    if config.method in FEW_LABELS:
        model = on_sentence_vectors(model, config)
    elif config.freeze:
        _freeze_lowest(model, config.freeze)
    if config.method in ("head", *FEW_LABELS) or config.freeze:
        _keep_still(model)
    keep_zeros(model)
    return model


def trained_share(model: Any) -> float:
    """Return the share of the parameters that move, in (0, 1]."""
    sizes = [(each.numel(), each.requires_grad) for each in model.parameters()]
    return float(sum(size for size, moves in sizes if moves) / sum(size for size, _ in sizes))


def plain(model: Any) -> Any:
    """Return the model without peft around it: what was added is merged in, where it can be."""
    if not hasattr(model, "peft_config"):
        return model
    base = model.get_base_model()
    wrapped = {name.partition(".modules_to_save")[0] for name, _ in base.named_modules() if "modules_to_save" in name}
    for name in wrapped:  # peft merges no scales into a model of which a part is wrapped so
        part = base.get_submodule(name)
        base.set_submodule(name, part.modules_to_save[part.active_adapters[0]])
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else base


def with_prompt(model: Any, adapter: Path) -> Any:
    """Return a model behind the prompt in a folder, where there is one: the rest is merged into the model already."""
    if not has_prompt(adapter):
        return model
    from peft import PeftModel

    return PeftModel.from_pretrained(model, adapter, is_trainable=False)


def has_prompt(adapter: Path) -> bool:
    """Whether a folder of what a method added holds a prompt, which no model can take in."""
    settings = adapter / "adapter_config.json"
    return settings.is_file() and json.loads(settings.read_text(encoding="utf-8")).get("peft_type") in _PROMPTS


def _lora(config: FitConfig, **variant: bool) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        modules_to_save=list(HEADS),
        exclude_modules=_NO_HEADS,
        target_modules="all-linear" if config.lora_target_modules is None else list(config.lora_target_modules),
        **variant,
    )


def _ia3(config: FitConfig) -> Any:
    from peft import IA3Config

    return IA3Config(modules_to_save=list(HEADS), init_ia3_weights=True)


def _prompt(config: FitConfig) -> Any:
    from peft import PromptTuningConfig

    return PromptTuningConfig(num_virtual_tokens=config.virtual_tokens)


def _prefix(config: FitConfig) -> Any:
    from peft import PrefixTuningConfig

    return PrefixTuningConfig(num_virtual_tokens=config.virtual_tokens)


def _p_tuning(config: FitConfig) -> Any:
    from peft import PromptEncoderConfig

    return PromptEncoderConfig(num_virtual_tokens=config.virtual_tokens, encoder_hidden_size=128)


_ADDED: dict[str, Callable[[FitConfig], Any]] = {
    "lora": _lora,
    "rslora": lambda config: _lora(config, use_rslora=True),
    "dora": lambda config: _lora(config, use_dora=True),
    "ia3": _ia3,
    "prompt": _prompt,
    "prefix": _prefix,
    "p_tuning": _p_tuning,
}
_BEFORE_TOKENS = ("prompt", "p_tuning")  # given as vectors, among which padding cannot be told from the last token
_PROMPTS = {"PROMPT_TUNING", "PREFIX_TUNING", "P_TUNING"}
_TASKS = {
    "SequenceClassification": "SEQ_CLS",
    "TokenClassification": "TOKEN_CLS",
    "CausalLM": "CAUSAL_LM",
    "Seq2SeqLM": "SEQ_2_SEQ_LM",
    "FeatureExtraction": "FEATURE_EXTRACTION",
}
_HEADLESS = ("CausalLM", "Seq2SeqLM", "FeatureExtraction")


def _with_added(model: Any, config: FitConfig, reads: str) -> Any:
    from peft import get_peft_model

    if config.method in _BEFORE_TOKENS and reads == "SequenceClassification" and reads_its_last_token(model):
        fit = ", ".join(repr(each) for each in _ADDED if each not in _BEFORE_TOKENS)
        raise ValueError(f"method: expected {fit}, 'full' or 'head' of a causal base, got {config.method!r}")
    settings = _ADDED[config.method](config)
    settings.task_type = _TASKS[reads]
    if reads in _HEADLESS:
        settings.modules_to_save = None
        settings.exclude_modules = _NO_HEADS if reads == "FeatureExtraction" else None
    try:
        model = get_peft_model(model, settings)
    except ValueError as error:
        told = str(error).splitlines()[0]
        raise ValueError(f"method: {config.method!r} does not fit the model {config.model!r} ({told})") from error
    for name, parameter in model.named_parameters():  # prompts leave all but the last layer of a head as it is
        if is_head(name) and "original_module" not in name:
            parameter.requires_grad_(True)
    return model


def _freeze(model: Any, which: Callable[[str], bool]) -> None:
    for name, parameter in model.named_parameters():
        if which(name):
            parameter.requires_grad_(False)


def _freeze_lowest(model: Any, count: int) -> None:
    layers = layers_of(model)
    if count > layers.count:
        raise ValueError(f"freeze: expected at most {layers.count} layers, which is what the model has, got {count}")
    _freeze(model, lambda name: layers.depth[name] <= count and not is_head(name) and "prompt" not in name)


def _keep_still(model: Any) -> None:
    """See that a part that is wholly frozen says the same in every pass: no dropout in it."""
    for part in model.children():
        parameters = list(part.parameters())
        if any(parameter.requires_grad for parameter in parameters):
            _keep_still(part)
        elif parameters:
            part.eval()
            part.train = lambda mode=True, part=part: part
