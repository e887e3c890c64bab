"""What may be loaded of a model's folder: weights as safetensors, settings as JSON, and no code.

A file of pickled weights can run anything when it is opened. Whoever has one saves the model anew with
`safe_serialization=True`, on a machine that trusts it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PICKLED = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".h5", ".msgpack"}
"""Endings of weights that are not safetensors."""

_KEPT_BESIDE = {"training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "scaler.pt"}
"""What trainers leave in a model's folder, and nothing here opens."""


ONNX = "model.onnx"
"""The file of a model as ONNX, in the place of weights."""


def is_onnx(folder: Path) -> bool:
    """Whether a folder holds a model as ONNX, and no weights of transformers."""
    return (folder / ONNX).is_file() and not any(folder.glob("*.safetensors"))


class UnusableModel(ValueError):
    """A model that cannot be loaded, or is not, in one line."""


def json_in(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one where there is no file, or something else in it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Look at a model's folder before a library does, and say in one line what the library made of it.

    Raises:
        UnusableModel: It has weights that are pickled, settings that are no JSON, or is none.
    """
    folder = Path(model)
    if folder.is_dir():
        _check(folder)
    try:
        yield
    except ImportError:
        raise
    except Exception as error:  # whatever a folder that anybody can have written makes of a library
        raise UnusableModel(f"model {model!r}: cannot be loaded ({_first_line(error)})") from error


def _check(folder: Path) -> None:
    for each in sorted({path.parent for path in folder.rglob("*") if _is_pickled(path)}):
        if not any(each.glob("*.safetensors")):
            found = next(path for path in sorted(each.iterdir()) if _is_pickled(path))
            raise UnusableModel(
                f"{found}: pickled weights are not opened, they can run anything; expected .safetensors beside it"
                " (save_pretrained writes them)"
            )
    for settings in sorted(folder.rglob("*.json")):
        _check_settings(settings)


def _is_pickled(path: Path) -> bool:
    return path.suffix in PICKLED and path.name not in _KEPT_BESIDE


def _check_settings(path: Path) -> None:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnusableModel(f"{path}: expected JSON ({_first_line(error)})") from None
    if path.name.endswith(".safetensors.index.json"):
        _check_parts(path, settings)


def _check_parts(path: Path, settings: object) -> None:
    """The parts of large weights are opened by the names in their index, whatever and wherever these are."""
    parts = settings.get("weight_map") if isinstance(settings, dict) else None
    if not isinstance(parts, dict):
        raise UnusableModel(f"{path}: expected a `weight_map` of names of weights and files")
    for part in parts.values():
        if not isinstance(part, str) or part != Path(part).name or not part.endswith(".safetensors"):
            raise UnusableModel(f"{path}: expected names of .safetensors files in this folder, found {part!r:.100}")


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]
