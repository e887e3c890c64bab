"""Somebody hands over a model's folder: nothing in it runs, and what is wrong with it gets one line."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training import FitConfig, embed, fit, predict
from training.models.model_files import UnusableModel
from training.models.packaged import packaged_folder

MESSAGES = {"text": ["my parcel is late", "I want a refund"] * 4, "label": ["late", "refund"] * 4}
TINY = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 16}
TINY |= {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 30522}


class Loaded:
    """Unpickled, it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.write_text, (self._trace, "ran")


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model's folder with settings and a tokenizer that are fine, and no weights yet."""
    made = tmp_path / "model"
    made.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        if (packaged_folder() / name).exists():
            (made / name).write_bytes((packaged_folder() / name).read_bytes())
    (made / "config.json").write_text(json.dumps(TINY))
    return made


def code(trace: Path) -> str:
    return f"import pathlib\npathlib.Path({str(trace)!r}).write_text('ran')\nclass Evil: pass\n"


def pickled_weights(folder: Path, trace: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Loaded(trace)))


def pickled_shards(folder: Path, trace: Path) -> None:
    (folder / "pytorch_model-00001-of-00001.bin").write_bytes(pickle.dumps(Loaded(trace)))
    index = {"metadata": {}, "weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


def shards_that_are_pickled(folder: Path, trace: Path) -> None:
    (folder / "model.bin").write_bytes(pickle.dumps(Loaded(trace)))
    (folder / "other.safetensors").write_bytes(b"")  # what is beside it makes it no better
    index = {"metadata": {}, "weight_map": {"a": "model.bin"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def shards_that_lie_elsewhere(folder: Path, trace: Path) -> None:
    index = {"metadata": {}, "weight_map": {"a": "../model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def an_index_that_is_none(folder: Path, trace: Path) -> None:
    (folder / "model.safetensors.index.json").write_text("[]")


def a_torch_file(folder: Path, trace: Path) -> None:
    (folder / "model.pt").write_bytes(pickle.dumps(Loaded(trace)))


def a_pickled_adapter(folder: Path, trace: Path) -> None:
    settings = {"peft_type": "LORA", "base_model_name_or_path": str(folder), "task_type": "SEQ_CLS"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    (folder / "adapter_model.bin").write_bytes(pickle.dumps(Loaded(trace)))


def code_named_in_the_settings(folder: Path, trace: Path) -> None:
    named = dict.fromkeys(("AutoConfig", "AutoModel", "AutoModelForSequenceClassification"), "evil.Evil")
    (folder / "config.json").write_text(json.dumps({**TINY, "model_type": "evil", "auto_map": named}))
    (folder / "evil.py").write_text(code(trace))


def code_named_as_a_tokenizer(folder: Path, trace: Path) -> None:
    named = {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}}
    (folder / "tokenizer_config.json").write_text(json.dumps(named))
    (folder / "evil.py").write_text(code(trace))


def code_named_as_a_module(folder: Path, trace: Path) -> None:
    module = [{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]
    (folder / "modules.json").write_text(json.dumps(module))
    (folder / "evil.py").write_text(code(trace))


def a_pickled_layer_of_an_encoder(folder: Path, trace: Path) -> None:
    types = "sentence_transformers.models."
    modules = [{"idx": 0, "name": "0", "path": "", "type": types + "Transformer"}]
    modules += [{"idx": 1, "name": "1", "path": "1_Dense", "type": types + "Dense"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Dense").mkdir()
    (folder / "1_Dense" / "config.json").write_text('{"in_features": 16, "out_features": 16}')
    (folder / "1_Dense" / "pytorch_model.bin").write_bytes(pickle.dumps(Loaded(trace)))


def settings_that_are_deep(folder: Path, trace: Path) -> None:
    (folder / "config.json").write_text('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}")


def settings_that_are_no_object(folder: Path, trace: Path) -> None:
    (folder / "config.json").write_text("[1]")


def a_deep_tokenizer(folder: Path, trace: Path) -> None:
    (folder / "tokenizer.json").write_text("[" * 200_000)


def weights_cut_short(folder: Path, trace: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + b"{}")


def weights_with_a_deep_header(folder: Path, trace: Path) -> None:
    header = b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)


CASES = [
    pickled_weights,
    pickled_shards,
    shards_that_are_pickled,
    shards_that_lie_elsewhere,
    an_index_that_is_none,
    a_torch_file,
    a_pickled_adapter,
    code_named_in_the_settings,
    code_named_as_a_tokenizer,
    code_named_as_a_module,
    a_pickled_layer_of_an_encoder,
    settings_that_are_deep,
    settings_that_are_no_object,
    a_deep_tokenizer,
    weights_cut_short,
    weights_with_a_deep_header,
]


def predicted(folder: Path) -> object:
    return predict(folder, MESSAGES, text_columns=["text"])


def embedded(folder: Path) -> object:
    return embed(MESSAGES["text"], model=str(folder))


def fitted(folder: Path) -> object:
    config = FitConfig(model=str(folder), method="head", epochs=1)
    return fit(MESSAGES, MESSAGES, text_columns=["text"], config=config, output_dir=folder.parent / "trained")


@pytest.mark.parametrize("opened", [predicted, embedded, fitted])
@pytest.mark.parametrize("case", CASES)
def test_nothing_runs_and_one_line_says_what_is_wrong(
    case: Callable[[Path, Path], None], opened: Callable[[Path], object], folder: Path, trace: Path
) -> None:
    case(folder, trace)
    with pytest.raises(UnusableModel) as error:
        opened(folder)
    assert not trace.exists()
    assert str(error.value).count("\n") == 0
    assert str(folder) in str(error.value)
    assert not (folder.parent / "trained" / "config.json").exists()


@pytest.mark.parametrize("case", [shards_that_are_pickled, shards_that_lie_elsewhere])
def test_no_part_is_opened_that_is_no_safetensors_file_of_the_folder(
    case: Callable[[Path, Path], None], folder: Path, trace: Path
) -> None:
    case(folder, trace)
    with pytest.raises(UnusableModel, match=r"expected names of \.safetensors files in this folder"):
        predicted(folder)


def test_a_name_that_is_no_model_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnusableModel, match="'nobody/has-this': cannot be loaded") as error:
        fitted(Path("nobody/has-this"))
    assert "\n" not in str(error.value)


def test_what_a_trainer_left_beside_safetensors_is_no_matter(tmp_path: Path, trace: Path) -> None:
    made = tmp_path / "model"
    fit(MESSAGES, MESSAGES, text_columns=["text"], config=FitConfig(method="head", epochs=1), output_dir=made)
    for name in ("training_args.bin", "optimizer.pt", "pytorch_model.bin"):
        (made / name).write_bytes(pickle.dumps(Loaded(trace)))
    assert predict(made, MESSAGES, text_columns=["text"]).pred_probs.shape == (8, 2)
    assert not trace.exists()


def test_a_checkpoint_is_no_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import training.fitting as fitting

    kept = tmp_path / "model" / "checkpoint"
    monkeypatch.setattr(fitting.shutil, "rmtree", lambda *_, **__: None)
    fit(MESSAGES, MESSAGES, text_columns=["text"], config=FitConfig(method="head", epochs=1), output_dir=kept.parent)
    endings = {path.suffix for path in kept.rglob("*") if path.is_file()}
    assert endings == {".json", ".safetensors"}
