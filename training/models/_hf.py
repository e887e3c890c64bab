"""Models and tokenizers of transformers: loaded, cut to what is read, and saved."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from training.answers.heads import OF_HEADS, head_of, is_head_of
from training.config import FitConfig
from training.data.records import WHOLE, Tokenize
from training.data.windows import CutUp, Window
from training.earlier_tasks.folder_heads import FolderHead, keep_heads, turn_to
from training.earlier_tasks.several_heads import put_beside
from training.engines.stay_near import mark_as_new
from training.models.adapt import adapted, plain, with_prompt
from training.models.layers import output_part
from training.models.model_files import UnusableModel, is_onnx, loading
from training.models.packaged import locate, settings_of


@contextmanager
def quiet() -> Iterator[None]:
    """Within it transformers prints no progress bars and does not warn that a fresh head is fresh."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():  # peft still calls what transformers has renamed
            warnings.simplefilter("ignore", FutureWarning)
            warnings.filterwarnings("ignore", "Could not find a config file")  # of a model that came as GGUF
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load_tokenizer(model: str, **options: Any) -> Any:
    """The tokenizer of a model; `options` go to transformers. Where it has nothing to pad with, it is what ends a text.

    Raises:
        UnusableModel: it cannot be loaded.
        ImportError: transformers is not installed.
    """
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise ImportError('training needs transformers: pip install "twofold[train]"') from error
    with loading(locate(model)):
        tokenizer = AutoTokenizer.from_pretrained(locate(model), trust_remote_code=False, **options)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_whole(model: str, kind: str, *, wanted: str, spare: str | None = None) -> Any:
    """A model in float32 that came with all of its weights, as transformers' class `kind` has it.

    Args:
        model: A folder, or a hub name.
        kind: Such as `AutoModel`.
        wanted: What was expected, in words.
        spare: What the names of weights begin with that may be missing.

    Raises:
        UnusableModel: It cannot be loaded, or lacks a weight.
    """
    import transformers

    with loading(locate(model)), quiet():
        found, about = getattr(transformers, kind).from_pretrained(
            locate(model), use_safetensors=True, trust_remote_code=False, output_loading_info=True, dtype="float32"
        )
    missing = sorted(name for name in about["missing_keys"] if spare is None or not name.startswith(spare))
    if missing:
        raise UnusableModel(f"model {model!r}: expected {wanted}, found no weights for {missing[0]}")
    return found


def tell_padding(model: Any, tokenizer: Any) -> None:
    """Tell a model which token is padding, where its settings do not: one that reads its last token has to know.

    Raises:
        UnusableModel: Neither knows of one.
    """
    settings = model.config.get_text_config()
    if tokenizer.pad_token_id is None:
        place = tokenizer.name_or_path
        raise UnusableModel(f"model {place!r}: expected a tokenizer with a token to pad with, or one that ends a text")
    if getattr(settings, "pad_token_id", None) is None:
        settings.pad_token_id = tokenizer.pad_token_id


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
        return {**tokens, WHOLE: [_whole_lengths(tokenizer, columns, tokens["input_ids"], max_length)]}

    return tokenize


def _whole_lengths(tokenizer: Any, columns: Sequence[list[str]], ids: Sequence[Sequence[int]], most: int) -> list[int]:
    """Return how many tokens each text has before it is cut; those that fill the room are counted anew."""
    lengths = [len(each) for each in ids]
    full = [row for row, length in enumerate(lengths) if length >= most]
    if full:
        again = tokenizer(*([column[row] for row in full] for column in columns), verbose=False)["input_ids"]
        for row, each in zip(full, again, strict=True):
            lengths[row] = len(each)
    return lengths


def windows_with(tokenizer: Any, *, max_length: int) -> CutUp:
    """A function from texts to windows of at most `max_length` tokens, which overlap by a quarter of their pieces.

    Raises:
        UnusableModel: the tokenizer does not tell where its pieces stand.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise UnusableModel(f"model {tokenizer.name_or_path!r}: expected a tokenizer that tells where its pieces stand")
    pieces = max_length - tokenizer.num_special_tokens_to_add(pair=False)
    if pieces < 1:
        raise UnusableModel(f"max_length: expected room for a piece of text beside the model's marks, got {max_length}")

    def cut_up(texts: list[str]) -> tuple[dict[str, list[list[int]]], list[Window], int]:
        found = tokenizer(
            texts,
            truncation=True,
            max_length=max_length,
            stride=pieces // 4,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        windows = []
        for record, places, special in zip(
            found["overflow_to_sample_mapping"], found["offset_mapping"], found["special_tokens_mask"], strict=True
        ):
            known = np.where(np.array(special)[:, None] == 1, -1, np.array(places, dtype=np.int64).reshape(-1, 2))
            windows.append(Window(record=int(record), places=known))
        return {"input_ids": found["input_ids"]}, windows, pieces - pieces // 4

    return cut_up


def load_for_training(
    config: FitConfig,
    settings: Mapping[str, Any],
    *,
    reads: str = "SequenceClassification",
    beside: Mapping[int, FolderHead] | None = None,
) -> Any:
    """The model of `config` with a head of these settings; only the weights of its method are trainable.

    A model that was trained for the same labels goes on with its head; any other gets a fresh one.

    Args:
        config: which model, and what of it is trained.
        settings: what its `config` is given.
        reads: what transformers calls such a model, behind `AutoModelFor`.
        beside: heads of earlier tasks that learn with it, by number.
    """
    with quiet():
        model = _fresh_classifier(config, settings, reads)
        put_beside(model, beside or {}, reads, learn=config.replay_share > 0)
        return adapted(model, config, reads)


def save_model(model: Any, tokenizer: Any, folder: Path, *, max_length: int, heads: Sequence[FolderHead] = ()) -> None:
    """Write the plain model to `folder`, what a method added to it to `folder/adapter`, `heads` of before to `heads`.

    Low-rank factors and scales are merged into the plain model; a prompt cannot be, and `load_trained` puts it before
    the model again. The tokenizer is saved with the `max_length` of the training, so that prediction cuts where
    training did.
    """
    shutil.rmtree(folder / "adapter", ignore_errors=True)  # an earlier run's
    (folder / "modules.json").unlink(missing_ok=True)  # and what made it an encoder
    with quiet():
        if hasattr(model, "peft_config"):
            model.save_pretrained(folder / "adapter", safe_serialization=True)
        plain(model).save_pretrained(folder, safe_serialization=True)
    keep_heads(heads, folder)
    tokenizer.model_max_length = max_length
    tokenizer.save_pretrained(folder)


def load_trained(folder: Path, task: int | None = None) -> tuple[Any, Any]:
    """Model and tokenizer of a folder that `save_model` or transformers wrote; runs no code found in it.

    `task` is the number of one of those that the model learnt one after another, counted from 1; `None`: the last.

    Raises:
        UnusableModel: It cannot be loaded, or has no weights for its head, as an encoder has none.
    """
    if not (folder / "config.json").is_file():
        raise UnusableModel(f"model_dir: expected a model folder with a config.json, got {folder}")
    tokenizer = load_tokenizer(str(folder))
    with quiet():
        shape = settings_of(str(folder))
    if is_onnx(folder):
        return _as_onnx(folder, shape, task), tokenizer
    with loading(str(folder)), quiet():
        model, about = _auto(head_of(shape).model).from_pretrained(
            folder, use_safetensors=True, trust_remote_code=False, output_loading_info=True, dtype="float32"
        )
    if missing := sorted(about["missing_keys"]):
        raise UnusableModel(f"model_dir: expected a trained model, found no weights for {missing[0]} in {folder}")
    tell_padding(model, tokenizer)
    older = turn_to(model, folder, task, head_of(shape).model)
    with quiet():
        return model if older else with_prompt(model, folder / "adapter"), tokenizer


def _as_onnx(folder: Path, shape: Any, task: int | None) -> Any:
    from training.smaller.onnx_model import OnnxModel

    if task is not None:
        raise UnusableModel(f"task: expected None of a model as ONNX, which has one head, got {task!r}")
    return OnnxModel(folder, shape)


def _auto(reads: str) -> Any:
    import transformers

    return getattr(transformers, f"AutoModelFor{reads}")


def has_labels(settings: Any, *kinds: str) -> bool:
    """Whether a model was saved as one of these, as transformers calls them behind `AutoModelFor`."""
    return any(name.endswith(tuple(f"For{kind}" for kind in kinds)) for name in settings.architectures or ())


def asked_settings(model: str, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """The `config` of a model as it is, and with a head of these settings."""
    is_so = settings_of(model)
    asked = deepcopy(is_so)
    for name in OF_HEADS:
        if hasattr(asked, name):
            delattr(asked, name)
    for name, value in settings.items():
        setattr(asked, name, value)
    return is_so, asked


def _fresh_classifier(config: FitConfig, settings: Mapping[str, Any], reads: str) -> Any:
    """The model with the head that it has for these settings, or with a new one."""
    is_so, asked = asked_settings(config.model, settings)
    with loading(locate(config.model)):
        model, found = _auto(reads).from_pretrained(
            locate(config.model),
            config=asked,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype="float32",  # in which weights move, whatever they were saved in
        )
    new = set(found["missing_keys"])
    if not is_head_of(is_so, asked, reads):
        new |= _with_new_head(model, already=new)
    for name in new & {name for name, _ in model.named_parameters()}:
        mark_as_new(model.get_parameter(name))
    return model


def _with_new_head(model: Any, *, already: Set[str]) -> set[str]:
    """Draw the weights of the head anew, unless a model has none: then they are drawn already. Return their names."""
    name = output_part(model)
    part = getattr(model, name)
    head = {f"{name}.{each}" for each, _ in part.named_parameters()}
    if not head <= already:
        for parameter in part.parameters():
            parameter._is_hf_initialized = False  # what transformers has read from a file it does not draw
        part.apply(model._init_weights)
    return head
