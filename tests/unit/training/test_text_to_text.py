"""Models from sequence to sequence learn texts from texts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from datasets import Dataset
from safetensors.numpy import load_file
from tiny_llama import learnt, questions, quick_settings
from tiny_t5 import tiny_t5
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, BartConfig, BartForConditionalGeneration

from curation.cli import cli
from training import FitConfig, FitResult, TextPredictions, compress, fit, predict, tune
from training.choosing.model_facts import model_facts
from training.engines.engine import NotFinite
from training.engines.text_to_text_engine import TextToTextEngine


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_t5(tmp_path_factory.mktemp("t5"))


@pytest.fixture(scope="module")
def quick(t5: str) -> FitConfig:
    return quick_settings(t5, epochs=1)


@pytest.fixture(scope="module")
def counting(quick: FitConfig, tmp_path_factory: pytest.TempPathFactory) -> FitResult:
    return learnt(tmp_path_factory.mktemp("counting"), replace(quick, epochs=12))


def asked(folder: Path, **more: Any) -> TextPredictions:
    found = predict(folder, questions(), text_columns=["question"], **more)
    assert isinstance(found, TextPredictions)
    return found


def weights(folder: Path | str) -> dict[str, np.ndarray]:
    return dict(load_file(Path(folder) / "model.safetensors"))


def moved(folder: Path | str, other: Path | str) -> set[str]:
    before, after = weights(folder), weights(other)
    assert before.keys() == after.keys()
    return {name for name in before if (before[name] != after[name]).any()}


def test_it_writes_the_answers_that_it_learnt(counting: FitResult) -> None:
    assert counting.history[-1].accuracy == 1.0
    assert asked(counting.model_dir).answers == questions()["answer"]


def test_the_folder_says_how_texts_were_read(counting: FitResult) -> None:
    record = json.loads((counting.model_dir / "training.json").read_text())
    assert record["chat_template"]["name"] == "plain_text_1"
    assert len(record["chat_template"]["sha256"]) == 64
    assert record["longest_answer"] == 3  # two words and what ends them
    assert learnt(counting.model_dir, counting.config) == counting  # a finished run is not repeated


def test_the_loss_of_an_epoch_and_the_confidence_are_those_of_the_saved_model(counting: FitResult) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(counting.model_dir)
    tokenizer = AutoTokenizer.from_pretrained(counting.model_dir)
    given = tokenizer(list(questions()["question"]), padding=True, return_tensors="pt", return_token_type_ids=False)
    labels = tokenizer(list(questions()["answer"]), return_tensors="pt")["input_ids"]
    with torch.no_grad():
        found = model(**given, labels=labels)
    best = counting.history[counting.best_epoch - 1]
    assert best.validation_loss == pytest.approx(float(found.loss), rel=1e-4)
    each = found.logits.log_softmax(-1).gather(2, labels[..., None])[..., 0].mean(dim=1).exp()
    assert asked(counting.model_dir).confidence == pytest.approx(each.numpy(), rel=1e-4)


def test_what_is_asked_beside_it_changes_no_answer(counting: FitResult) -> None:
    together, alone = (asked(counting.model_dir, batch_size=size) for size in (None, 1))
    assert together.answers == alone.answers
    assert together.confidence == pytest.approx(alone.confidence, rel=1e-4)


def test_an_answer_is_no_longer_than_is_asked_for(counting: FitResult) -> None:
    assert asked(counting.model_dir, max_new_tokens=1).tokens.tolist() == [1] * 12


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_run_that_is_broken_off_goes_on_to_the_same_weights(tmp_path: Path, quick: FitConfig, method: Any) -> None:
    model = tiny_t5(tmp_path / "t5", dropout_rate=0.2)
    config = replace(quick, model=model, method=method, epochs=3)
    straight = learnt(tmp_path / "straight", config)

    def stopped(done: int, total: int) -> None:
        if done > 0.6 * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learnt(tmp_path / "resumed", config, progress=stopped)
    resumed = learnt(tmp_path / "resumed", config)
    assert resumed.history == straight.history
    assert not moved(straight.model_dir, resumed.model_dir)
    assert moved(model, straight.model_dir)


@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("lora", ("Attention", "DenseReluDense")),
        ("rslora", ("Attention", "DenseReluDense")),
        ("dora", ("Attention", "DenseReluDense")),
        ("ia3", (".k.", ".v.", ".wo.")),
    ],
)
def test_what_a_method_adds_is_merged_into_a_plain_model(
    quick: FitConfig, tmp_path: Path, method: Any, names: tuple[str, ...]
) -> None:
    result = learnt(tmp_path / method, replace(quick, method=method))
    found = moved(quick.model, result.model_dir)
    assert {name.split(".")[0] for name in found} == {"encoder", "decoder"}
    assert all(any(each in name for each in names) for name in found)


def test_a_batch_in_parts_moves_the_weights_as_the_whole_does(
    quick: FitConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = Dataset.from_dict(
        {"question": questions()["question"], "answer": ["not ." * (at % 3) + " one" for at in range(12)]}
    )
    whole = learnt(tmp_path / "whole", quick, data)
    loss, seen = TextToTextEngine.compute_loss, []

    def short(self: Any, model: Any, inputs: dict[str, Any], *args: Any, **named: Any) -> Any:
        seen.append(len(inputs["rows"]))
        if seen[-1] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return loss(self, model, inputs, *args, **named)

    monkeypatch.setattr(TextToTextEngine, "compute_loss", short)
    parts = learnt(tmp_path / "parts", quick, data)
    assert set(seen[1:]) == {2}
    for one, other in zip(whole.history, parts.history, strict=True):
        assert other.validation_loss == pytest.approx(one.validation_loss, rel=1e-3)
        assert other.train_loss == pytest.approx(one.train_loss, rel=1e-3)


def test_of_conversations_the_last_answer_is_learnt(quick: FitConfig, tmp_path: Path) -> None:
    turns = [
        [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["answer"]}]
        for row in questions()
    ]
    config = replace(quick, epochs=1)
    expected = learnt(tmp_path / "columns", config)
    one = Dataset.from_dict({"messages": turns})
    chats = fit(one, one, text_columns=["messages"], config=config, output_dir=tmp_path / "chats")
    assert chats.history == expected.history
    told = Dataset.from_dict(
        {"question": [f"User: {row['question']} Assistant: not . User: one Assistant:" for row in questions()],
         "answer": questions()["answer"]}
    )  # fmt: skip
    longer = [
        [turn[0], {"role": "assistant", "content": "not ."}, {"role": "user", "content": "one"}, turn[1]]
        for turn in turns
    ]
    both = Dataset.from_dict({"messages": longer})
    several = fit(both, both, text_columns=["messages"], config=config, output_dir=tmp_path / "longer")
    assert several.history == learnt(tmp_path / "told", config, told).history


def test_what_is_cut_is_counted_on_both_sides(quick: FitConfig, tmp_path: Path) -> None:
    data = Dataset.from_dict({"question": ["one", "say one two three"] * 2, "answer": ["two . two . two .", "two"] * 2})
    with pytest.warns(Warning, match="are cut"):
        result = learnt(tmp_path, replace(quick, epochs=1, max_length=4), data)
    assert result.notes[0] == "train: 2 of 4 records are cut at max_length = 4 tokens, the longest has 5"
    assert result.notes[2] == "train: 2 of 4 answers are cut at max_length = 4 tokens, the longest has 7"
    assert AutoTokenizer.from_pretrained(tmp_path).model_max_length == 4  # a prediction reads as much


def test_a_text_of_nothing_is_read_and_written(quick: FitConfig, tmp_path: Path) -> None:
    data = Dataset.from_dict({"question": ["", "one"], "answer": ["", "two"]})
    result = learnt(tmp_path, replace(quick, epochs=8), data)
    assert predict(result.model_dir, data, text_columns=["question"]).answers == ["", "two"]


def test_a_bart_that_has_habits_of_its_own_writes_the_likeliest(quick: FitConfig, tmp_path: Path, t5: str) -> None:
    AutoTokenizer.from_pretrained(t5).save_pretrained(tmp_path / "bart")
    torch.manual_seed(0)
    shape = BartConfig(
        vocab_size=17, d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=2, dropout=0.0,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=16,
        pad_token_id=0, eos_token_id=1, bos_token_id=1, decoder_start_token_id=1, forced_eos_token_id=None,
    )  # fmt: skip
    bart = BartForConditionalGeneration(shape)
    bart.generation_config.update(min_length=9, no_repeat_ngram_size=1, num_beams=4, forced_eos_token_id=None)
    bart.save_pretrained(tmp_path / "bart")
    data = Dataset.from_dict({"question": ["say one", "say two"] * 4, "answer": ["one one", "two two"] * 4})
    result = learnt(tmp_path / "out", replace(quick, model=str(tmp_path / "bart"), epochs=12), data)
    assert predict(result.model_dir, data, text_columns=["question"]).answers[:2] == ["one one", "two two"]
    with pytest.raises(ValueError, match="max_length: expected at most the 16 tokens that the model reads, got 17"):
        learnt(tmp_path / "no", replace(quick, model=str(tmp_path / "bart"), max_length=17))


def test_a_loss_that_is_no_number_names_its_records(quick: FitConfig, tmp_path: Path) -> None:
    with pytest.raises(NotFinite, match=r"rows [\d, ]+ of train"):
        learnt(tmp_path, replace(quick, learning_rate=1e20, max_grad_norm=1e20, warmup=0.0))


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "preferences": ({"learns": "preferences"}, "learns: expected 'answers' where a model goes from text to text"),
    "texts": ({"learns": "texts"}, "learns: expected 'answers' where a model goes from text to text"),
    "packing": ({"packing": True}, "packing: expected False where a model goes from text to text, got True"),
    "freeze": ({"freeze": 1}, "freeze: expected 0 where a model goes from text to text, got 1"),
    "unfreeze": ({"unfreeze": True}, "unfreeze: expected False where a model goes from text to text"),
    "layer_decay": ({"layer_decay": 0.9}, "layer_decay: expected 1.0 where a model goes from text to text"),
    "prompt": ({"method": "prompt"}, "method: expected one of .* where answers are learnt, got 'prompt'"),
    "smoothing": ({"label_smoothing": 0.1}, "label_smoothing: expected 0.0 where answers are learnt"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(quick: FitConfig, tmp_path: Path, what: str) -> None:
    settings, said = REFUSED[what]
    columns = ["question", "answer"] if what == "preferences" else ["question"]
    with pytest.raises(ValueError, match=f"^{said}") as refused:
        learnt(tmp_path, replace(quick, **settings), text_columns=columns)
    assert "\n" not in str(refused.value)


def test_commands_take_its_folder_or_refuse_it_in_one_line(counting: FitResult, tmp_path: Path) -> None:
    file = tmp_path / "asked.csv"
    file.write_text("question\nsay after one\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["predict", str(counting.model_dir), str(file), "--to", str(tmp_path / "o.csv")])
    assert done.exit_code == 0, done.output
    assert "two ." in (tmp_path / "o.csv").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=r"expected a classifier, this one writes texts$"):
        compress(counting.model_dir, to=tmp_path / "small", prune_weights=0.5)
    assert model_facts(str(counting.model_dir), list(questions()["question"])).writes


def test_tune_searches_what_fits_it(quick: FitConfig, tmp_path: Path) -> None:
    columns = {"text_columns": ["question"], "label_column": "answer"}
    config = replace(quick, epochs=1)
    found = tune(questions(), questions(), **columns, config=config, trials=2, output_dir=tmp_path)
    assert found.goal == "loss"
    assert {name for each in found.tried for name in each.settings} == {"learning_rate", "epochs", "batch_size"}
