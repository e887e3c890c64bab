"""A model as ONNX: exported, made of whole numbers of eight bits, and run by onnxruntime.

Its folder has the `config.json`, the tokenizer and the `training.json` of the model that it was made of, and
`model.onnx` in place of the weights; `predict` reads it as it reads the other.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from training.answers.outputs import Compute
from training.models.model_files import ONNX, UnusableModel, loading

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OPSET = 18


class OnnxModel:
    """Takes the place of a model of transformers where predictions are made: it has its `config`, and gives logits.

    Args:
        folder: Of `export_onnx`.
        config: The model's settings.

    Raises:
        UnusableModel: The file is no model that onnxruntime runs.
        ImportError: onnxruntime is not installed.
    """

    def __init__(self, folder: Path, config: Any) -> None:
        need_onnx()
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        with loading(str(folder)):
            self._session = onnxruntime.InferenceSession(
                (folder / ONNX).read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        self.config = config
        self._names = [each.name for each in self._session.get_inputs()]
        if not {"input_ids", "attention_mask"} <= {*self._names} <= {*_INPUTS}:
            raise UnusableModel(
                f"{folder / ONNX}: expected the inputs {', '.join(_INPUTS)}, found {self._names!r:.200}"
            )

    def compute(self, tokenizer: Any, *, device: str, precision: str) -> Compute:
        """Return where and how it computes: on the processor, in the numbers that it is made of.

        Raises:
            ValueError: Something else was asked for.
        """
        own = "int8" if self._is_quantized() else "fp32"
        for name, given, known in (("device", device, "cpu"), ("precision", precision, own)):
            if given not in ("auto", known):
                raise ValueError(f"{name}: expected 'auto' or {known!r} of this model as ONNX, got {given!r}")
        return Compute(device="cpu", precision=own, pad=tokenizer.pad)

    def to(self, device: str) -> OnnxModel:
        """Stay on the processor."""
        return self

    def eval(self) -> None:
        """Nothing: it never learns."""

    def __call__(self, **given: torch.Tensor) -> Any:
        """Return an object whose `logits` are those of the batch."""
        ids = given["input_ids"].numpy().astype(np.int64)
        fed = {
            name: given[name].numpy().astype(np.int64) if name in given else np.zeros_like(ids) for name in self._names
        }
        return SimpleNamespace(logits=torch.from_numpy(self._session.run(None, fed)[0]))

    def _is_quantized(self) -> bool:
        return bool(self._session.get_modelmeta().custom_metadata_map.get("twofold.numbers") == "int8")


def need_onnx() -> None:
    """Raise ImportError, with what to do, where onnx or onnxruntime is not installed."""
    if any(find_spec(name) is None for name in ("onnx", "onnxruntime", "onnxscript")):
        raise ImportError('models as ONNX need onnxruntime: pip install "twofold[onnx]"')


def export_onnx(model: Any, to: Path) -> None:
    """Write the graph of a model of transformers to a file; batches and texts may have any length.

    Args:
        model: On the processor.
        to: The file.

    Raises:
        UnusableModel: Its graph cannot be written.
    """
    need_onnx()
    names = [name for name in _INPUTS if name != "token_type_ids" or _reads_types(model)]
    example = tuple(torch.ones((2, 6), dtype=torch.long) for _ in names)
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    model.eval()
    model.set_attn_implementation("eager")
    with _silently():
        try:
            program = torch.onnx.export(
                _Logits(model, names),
                example,
                dynamo=True,
                dynamic_shapes=(tuple(free for _ in names),),
                input_names=names,
                output_names=["logits"],
                opset_version=_OPSET,
                verbose=False,
            )
            if program is not None:  # as torch types it; with dynamo=True there is one
                program.save(str(to), external_data=False)
        except Exception as error:  # whatever an architecture makes of the exporter
            said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise UnusableModel(f"{type(model).__name__} cannot be written as ONNX ({said})") from error


def quantize(source: Path, to: Path) -> None:
    """Write a model as ONNX again, its weights as whole numbers of eight bits, those of a column in one scale.

    Activations are made whole numbers while it runs, by the range that they have. Weights use seven of the bits, so
    that sums do not overflow on processors without instructions for such sums.
    """
    need_onnx()
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _silently():
        quantize_dynamic(source, to, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
        model = onnx.load(to)
        model.metadata_props.add(key="twofold.numbers", value="int8")
        onnx.save(model, to)


class _Logits(torch.nn.Module):
    """A model that takes its inputs in an order, and returns logits alone."""

    def __init__(self, model: Any, names: list[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.model(**dict(zip(self.names, given, strict=True))).logits
        return logits


def _reads_types(model: Any) -> bool:
    """Whether a model can tell the first of two texts from the second."""
    return int(getattr(model.config, "type_vocab_size", 0) or 0) > 1


@contextmanager
def _silently() -> Iterator[None]:
    """Within it the exporters keep their advice to themselves."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
