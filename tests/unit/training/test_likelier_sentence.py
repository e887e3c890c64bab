"""Which sentence of a pair a language model finds likelier: by hand, masked and causal, and what cannot be asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_llama import tiny_llama
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, BertConfig, BertForMaskedLM

from evaluation.pair_leaning import pair_leaning
from training import stereotype_pairs
from training.likelier_sentence import _causal, _masked
from training.models.model_files import UnusableModel

DEVICE = torch.device("cpu")


@pytest.fixture(scope="module")
def masked(tiny_model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A masked model with random weights."""
    folder = tmp_path_factory.mktemp("masked")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    tokenizer.add_special_tokens({"mask_token": "[MASK]"})
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig.from_pretrained(tiny_model, vocab_size=len(tokenizer))
    BertForMaskedLM(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def words(tiny_model: str) -> list[str]:
    return [word for word in AutoTokenizer.from_pretrained(tiny_model).get_vocab() if word.isalpha()][:6]


def test_a_masked_model_is_asked_for_what_both_sentences_share(masked: str, words: list[str]) -> None:
    one, other, third, fourth = words[:4]
    texts = [f"{one} {third} {fourth}", f"{other} {third} {fourth} {fourth}"]
    model, tokenizer = AutoModelForMaskedLM.from_pretrained(masked).eval(), AutoTokenizer.from_pretrained(masked)
    expected = []
    for text in texts:
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        total = 0.0
        for place in (2, 3):  # of the third and the fourth word, behind the token that begins
            hidden = ids.clone()
            hidden[0, place] = tokenizer.mask_token_id
            with torch.inference_mode():
                total += float(model(input_ids=hidden).logits[0, place].log_softmax(-1)[ids[0, place]])
        expected.append(total)
    assert np.allclose(_masked(masked, texts, DEVICE, None), expected, atol=1e-4)
    found = stereotype_pairs(masked, texts[:1], texts[1:], device="cpu")
    assert found.prefers.value == float(expected[0] > expected[1])


def test_a_causal_model_is_asked_for_the_whole_sentence(tmp_path: Path) -> None:
    folder = tiny_llama(tmp_path / "llama")
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    texts = ["one two three", "two one"]
    begins = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    expected = []
    for text in texts:
        ids = torch.tensor([[begins, *tokenizer(text, add_special_tokens=False)["input_ids"]]])
        with torch.inference_mode():
            said = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
        expected.append(float(said.gather(1, ids[0, 1:, None]).sum()))
    assert np.allclose(_causal(folder, texts, DEVICE, None), expected, atol=1e-4)
    assert stereotype_pairs(folder, texts[:1], texts[1:], ["age"]).kinds[0].kind == "age"


def test_a_model_without_weights_for_words_is_refused(masked: str, tiny_model: str, tmp_path: Path) -> None:
    model = BertForMaskedLM.from_pretrained(masked)
    model.bert.save_pretrained(tmp_path)  # an encoder, whose settings then say of themselves that it is masked
    AutoTokenizer.from_pretrained(masked).save_pretrained(tmp_path)
    settings = (tmp_path / "config.json").read_text().replace('"BertModel"', '"BertForMaskedLM"')
    (tmp_path / "config.json").write_text(settings)
    with pytest.raises(UnusableModel, match="expected a masked language model, found no weights for cls"):
        stereotype_pairs(tmp_path, ["a"], ["b"])
    for encoder in (tiny_model, "packaged"):
        with pytest.raises(UnusableModel, match="cannot write texts: expected a language model"):
            stereotype_pairs(encoder, ["a"], ["b"])


def test_what_cannot_be_asked_is_one_line(masked: str, words: list[str]) -> None:
    with pytest.raises(ValueError, match=r"less: expected one per record \(2\), got 1"):
        stereotype_pairs(masked, ["a", "b"], ["c"])
    with pytest.raises(ValueError, match="more: expected at least one sentence, got none"):
        stereotype_pairs(masked, [], [])
    with pytest.raises(ValueError, match="expected sentences of at most 64 tokens, which the model reads, got 102"):
        stereotype_pairs(masked, [" ".join(words[:1] * 100)], ["b"])


def test_a_lean_is_found_by_kind_and_none_is_where_there_is_none() -> None:
    rng = np.random.default_rng(0)
    kinds = np.array(["age", "faith", "gender"]).repeat(100)
    less = rng.normal(size=300)
    more = less + rng.normal(size=300) + np.where(kinds == "faith", 1.0, 0.0)
    found = pair_leaning(more, less, kinds)
    assert found.pairs == 300
    assert [kind.kind for kind in found.kinds if kind.is_found] == ["faith"]
    assert found.kinds[0].prefers.numbers[1] > 0.5
    even = pair_leaning([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert (even.prefers.value, even.equal, even.p_value) == (0.5, 3, 1.0)
    with pytest.raises(ValueError, match="more: expected a finite number for each of at least one pair"):
        pair_leaning([float("nan")], [1.0])
