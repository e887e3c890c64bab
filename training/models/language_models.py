"""How language models are loaded: causal ones, of GGUF as well, and those from sequence to sequence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.config import FitConfig
from training.models import _hf
from training.models.adapt import adapted
from training.models.model_files import UnusableModel, loading
from training.models.packaged import locate
from training.models.writers import WANTED, gguf_in, why_no_writer


def load_for_training(config: FitConfig) -> Any:
    """The model of `config`, of which only the weights of its method are trainable.

    Raises:
        UnusableModel: As `load_writer`.
    """
    return adapted(load_writer(config.model), config, _kind(config.model))


def load_writer(model: str) -> Any:
    """A language model in float32; of a folder of GGUF, unpacked to plain weights.

    Raises:
        UnusableModel: It cannot be loaded, or has no weights for what turns its states into words.
    """
    import torch
    import transformers

    place, packed = _checked(model)
    options: dict[str, Any] = packed or {"use_safetensors": True}
    with loading(place), _hf.quiet():
        found, about = getattr(transformers, f"AutoModelFor{_kind(model)}").from_pretrained(
            place, output_loading_info=True, trust_remote_code=False, dtype=torch.float32, **options
        )
    if missing := sorted(about["missing_keys"]):
        raise UnusableModel(f"model {model!r} cannot write texts: {WANTED}, found no weights for {missing[0]}")
    return _unpacked(found) if packed else found


def load_writer_tokenizer(model: str) -> Any:
    """Its tokenizer, with a token to pad with.

    Raises:
        UnusableModel: It cannot be loaded, or has no token that ends a text.
    """
    place, packed = _checked(model)
    tokenizer = _hf.load_tokenizer(place, **packed)
    if tokenizer.eos_token is None:
        raise UnusableModel(f"model {model!r}: expected a tokenizer with a token that ends a text, found none")
    return tokenizer


def positions_of(model: str) -> int | None:
    """How many tokens a model can read at most; None where it does not say."""
    return getattr(_settings_of(model), "max_position_embeddings", None)


def is_sequence_to_sequence(model: str) -> bool:
    """Whether a model reads a text with an encoder, and writes another with a decoder.

    Raises:
        UnusableModel: It cannot be loaded, or cannot write texts.
    """
    _, packed = _checked(model)
    return not packed and bool(_settings_of(model).is_encoder_decoder)


def _kind(model: str) -> str:
    """Return what transformers calls such a model, behind `AutoModelFor`."""
    return "Seq2SeqLM" if is_sequence_to_sequence(model) else "CausalLM"


def _settings_of(model: str) -> Any:
    from transformers import AutoConfig

    place, packed = _checked(model)
    with loading(place), _hf.quiet():
        return AutoConfig.from_pretrained(place, trust_remote_code=False, **packed)


def _checked(model: str) -> tuple[str, dict[str, Any]]:
    """Return where a model is, and the option that names its file where that is one of GGUF."""
    if said := why_no_writer(model):
        raise UnusableModel(said)
    place = locate(model)
    found = gguf_in(Path(place)) if Path(place).is_dir() else None
    return place, {"gguf_file": found} if found else {}


def _unpacked(model: Any) -> Any:
    """Return the same model with nothing left of how it was packed, so that it is saved as plain weights."""
    from transformers import AutoModelForCausalLM

    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    fresh = AutoModelForCausalLM.from_config(model.config)
    fresh.load_state_dict(model.state_dict())
    fresh.generation_config = model.generation_config
    return fresh
