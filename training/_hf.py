"""The one module that imports transformers and peft: loading, adapting, padding and saving models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.config import FitConfig
from training.packaged import locate
from training.records import Tokenize

_HEADS = ("classifier", "score")  # what transformers calls the head of a sequence classifier


def load_tokenizer(model: str) -> Any:
    """The tokenizer of a model.

    Raises:
        ImportError: transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise ImportError('training needs transformers: pip install "twofold[train]"') from error
    _register_mean_pooled()
    return AutoTokenizer.from_pretrained(locate(model), trust_remote_code=False)


def tokenize_with(tokenizer: Any, *, max_length: int) -> Tokenize:
    """A function from one or two text columns to unpadded token numbers, cut at `max_length`."""

    def tokenize(columns: Sequence[list[str]]) -> dict[str, list[list[int]]]:
        pairs = len(columns) == 2
        tokens = tokenizer(
            *columns,
            truncation=True,
            max_length=max_length,
            return_attention_mask=False,
            return_token_type_ids=pairs and "token_type_ids" in tokenizer.model_input_names,
        )
        return dict(tokens)

    return tokenize


def load_for_training(config: FitConfig, label_names: Sequence[str]) -> Any:
    """The classifier of `config` with a fresh head, and only the weights of its method left trainable."""
    model = _fresh_classifier(config, label_names)
    if config.method == "full":
        return model
    if config.method == "lora":
        return _with_lora(model, config)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(is_head(name))
    return model


def is_head(parameter_name: str) -> bool:
    """Whether a parameter belongs to the classification head (under peft's names too)."""
    return any(head in parameter_name.split(".") for head in _HEADS)


def save_model(model: Any, tokenizer: Any, folder: Path, *, max_length: int) -> None:
    """Write the adapter to `folder/adapter` if there is one, and the plain model with it merged to `folder`.

    The tokenizer is saved with the `max_length` of the training, so that prediction cuts where training did.
    """
    shutil.rmtree(folder / "adapter", ignore_errors=True)  # an earlier run's
    if hasattr(model, "merge_and_unload"):
        model.save_pretrained(folder / "adapter", safe_serialization=True)
        model = model.merge_and_unload()
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.model_max_length = max_length
    tokenizer.save_pretrained(folder)


def load_trained(folder: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a folder that `save_model` or transformers wrote; runs no code found in it."""
    if not (folder / "config.json").is_file():
        raise ValueError(f"model_dir: expected a model folder with a config.json, got {folder}")
    tokenizer = load_tokenizer(str(folder))
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(folder, trust_remote_code=False)
    return model, tokenizer


def _fresh_classifier(config: FitConfig, label_names: Sequence[str]) -> Any:
    names = {"id2label": dict(enumerate(label_names)), "label2id": {n: i for i, n in enumerate(label_names)}}
    mean = config.pooling == "mean" or (config.pooling == "auto" and _was_trained_with_mean(config.model))
    if mean:
        return _mean_pooled(config.model, names)
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(locate(config.model), **names)


def _mean_pooled(model: str, names: dict[str, Any]) -> Any:
    from transformers import AutoModel

    from training.mean_pooled_classifier import MeanPooledClassifier, MeanPooledConfig, without_pooler

    encoder = without_pooler(AutoModel.from_pretrained(locate(model)))
    classifier = MeanPooledClassifier(MeanPooledConfig(encoder=encoder.config.to_dict(), **names))
    classifier.encoder = encoder
    MeanPooledConfig.register_for_auto_class()
    MeanPooledClassifier.register_for_auto_class("AutoModelForSequenceClassification")
    return classifier


def _register_mean_pooled() -> None:
    """Make our own class known to transformers, which then has no need to run the copy beside the weights."""
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from training.mean_pooled_classifier import MeanPooledClassifier, MeanPooledConfig

    AutoConfig.register(MeanPooledConfig.model_type, MeanPooledConfig, exist_ok=True)
    AutoModelForSequenceClassification.register(MeanPooledConfig, MeanPooledClassifier, exist_ok=True)


def _was_trained_with_mean(model: str) -> bool:
    """Whether sentence-transformers' settings beside the model ask for the mean of the token vectors."""
    from transformers.utils import cached_file

    found = cached_file(
        locate(model),
        "1_Pooling/config.json",
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    if found is None:
        return False
    settings = json.loads(Path(found).read_text(encoding="utf-8"))
    return bool(settings.get("pooling_mode_mean_tokens")) or settings.get("pooling_mode") == "mean"


def _with_lora(model: Any, config: FitConfig) -> Any:
    from peft import LoraConfig, TaskType, get_peft_model

    settings = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules="all-linear"
        if config.lora_target_modules is None
        else list(config.lora_target_modules),
    )
    return get_peft_model(model, settings)
