"""What a fine-tuned model has forgotten: asked of real models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_llama import learnt, questions, quick_settings, tiny_llama

from training import forgotten
from training.likelihood import likelihoods
from training.models.language_models import load_writer, load_writer_tokenizer


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tiny_llama(tmp_path_factory.mktemp("llama")))


def test_likelihoods_are_those_of_the_model_token_by_token(before: Path) -> None:
    texts = ["after one two three", "please say after two", "six", "one " * 30]
    found = likelihoods(str(before), texts, max_length=8)
    model, tokenizer = load_writer(str(before)).eval(), load_writer_tokenizer(str(before))
    for at, text in enumerate(texts):
        ids = tokenizer(text)["input_ids"]
        wanted, n = 0.0, 0
        for start in range(0, len(ids), 8):
            part = torch.tensor([ids[start : start + 8]])
            said = model(part).logits[0].log_softmax(-1)
            wanted += float(sum(said[i, part[0, i + 1]] for i in range(part.shape[1] - 1)))
            n += part.shape[1] - 1
        assert found.nats[at] == pytest.approx(wanted, abs=1e-3)
        assert found.tokens[at] == n


def test_a_model_that_learns_to_count_forgets_other_texts(before: Path, tmp_path: Path) -> None:
    after = learnt(tmp_path, quick_settings(str(before), epochs=6), questions()).model_dir
    rng = np.random.default_rng(0)
    words = ["please", "not", "system", "user", "six", "one"]
    texts = [" ".join(rng.permutation(words)) for _ in range(20)]
    found = forgotten(before, after, texts=texts)
    assert found.verdict == "forgotten"
    assert forgotten(before, before, texts=texts).change.numbers == pytest.approx([1.0] * 3)
    ours = [f"after {number}" for number in ("one", "two", "three", "four", "five", "six") for _ in range(3)]
    assert forgotten(before, after, texts=ours).change.value < found.change.value


def test_models_of_other_tokens_are_not_compared(before: Path, tmp_path: Path) -> None:
    other = Path(tiny_llama(tmp_path / "other"))
    settings = other / "tokenizer.json"
    settings.write_text(settings.read_text().replace('"one": ', '"uno": '))
    with pytest.raises(ValueError, match="expected the tokenizer of"):
        forgotten(before, other, texts=["one two"] * 12)


def test_one_of_both_is_to_be_given() -> None:
    with pytest.raises(ValueError, match="expected either texts, or pairs with scores"):
        forgotten("packaged", "packaged", pairs=[["a"], ["b"]])
