"""Which models can write texts, told by their folders without loading them."""

from __future__ import annotations

import json
from pathlib import Path

from training.models.model_files import UnusableModel
from training.models.packaged import PACKAGED

WANTED = "expected a language model, a folder of one or its name on the hub"

_CAUSAL, _SEQUENCE_TO_SEQUENCE = ("ForCausalLM", "LMHeadModel"), ("ForConditionalGeneration", "MTModel")


def why_no_writer(model: str) -> str | None:
    """Say why a model cannot write texts, by its `config.json`; None where it can, or where nothing is known of it."""
    if model == PACKAGED:
        return f"model {model!r} cannot write texts: {WANTED}"
    folder = Path(model)
    if not folder.is_dir() or gguf_in(folder):
        return None
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found = settings.get("architectures") or ["nothing"]
    except (OSError, ValueError, RecursionError, AttributeError):
        settings, found = {}, ["no config.json"]
    known = (*_CAUSAL, *_SEQUENCE_TO_SEQUENCE) if settings.get("is_encoder_decoder") is True else _CAUSAL
    if any(str(name).endswith(known) for name in found):
        return None
    return f"model {model!r} cannot write texts: {WANTED}, found {', '.join(map(str, found))}"


def writes(folder: Path) -> bool:
    """Whether a folder holds a language model: a causal one, or one from sequence to sequence."""
    return (folder / "config.json").is_file() and why_no_writer(str(folder)) is None


def gguf_in(folder: Path) -> str | None:
    """Return the name of the one GGUF file in a folder without a model of another kind."""
    found = [] if (folder / "config.json").is_file() else sorted(folder.glob("*.gguf"))
    if len(found) > 1:
        raise UnusableModel(f"{folder}: expected one .gguf file, found {len(found)}")
    return found[0].name if found else None
