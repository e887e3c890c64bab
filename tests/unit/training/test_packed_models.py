"""Language models that come as one GGUF file, as many small ones do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from training import FitConfig, fit, predict
from training.models.language_models import load_writer
from training.models.model_files import UnusableModel

HEADS, WIDTH, LAYERS = 2, 32, 2
END = "<|end|>"
NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tiny() -> LlamaForCausalLM:
    torch.manual_seed(0)
    settings = LlamaConfig(
        vocab_size=258,
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=128,
    )
    return LlamaForCausalLM(settings)


def as_gguf(model: LlamaForCausalLM, path: Path) -> None:
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(64)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(258)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([*sorted(pre_tokenizers.ByteLevel.alphabet()), "on", END])
    writer.add_token_types([1] * 257 + [3])
    writer.add_token_merges(["o n"])
    writer.add_eos_token_id(257)
    writer.add_bos_token_id(257)
    for name, value in model.state_dict().items():
        writer.add_tensor(name_in_gguf(name), halves_apart(name, value).numpy().copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def name_in_gguf(name: str) -> str:
    top = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    stem = name.removesuffix(".weight")
    if stem in top:
        return f"{top[stem]}.weight"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{NAMES[part]}.weight"


def halves_apart(name: str, value: torch.Tensor) -> torch.Tensor:
    """As llama.cpp stores what turns queries and keys: pairs of rows beside each other."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return value
    return value.reshape(HEADS, 2, -1, WIDTH).swapaxes(1, 2).reshape(value.shape)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    as_gguf(tiny(), folder / "tiny.gguf")
    return folder


def test_it_is_unpacked_to_the_same_weights(packed: Path) -> None:
    found, before = load_writer(str(packed)).state_dict(), tiny().state_dict()
    assert found.keys() == before.keys()
    assert all(np.allclose(found[name], before[name], atol=1e-6) for name in before)


def test_a_plain_model_is_trained_from_it(packed: Path, tmp_path: Path) -> None:
    data = Dataset.from_dict({"prompt": ["one", "two"] * 2, "completion": ["two", "three"] * 2})
    config = FitConfig(model=str(packed), learns="answers", epochs=1, precision="fp32", threads=1)
    result = fit(data, data, text_columns=["prompt"], config=config, output_dir=tmp_path)
    assert "quantization_config" not in json.loads((tmp_path / "config.json").read_text())
    plain = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert plain.dtype == torch.float32
    assert len(predict(result.model_dir, data, text_columns=["prompt"], max_new_tokens=4).answers) == 4


def test_of_several_files_none_is_guessed(packed: Path, tmp_path: Path) -> None:
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).write_bytes((packed / "tiny.gguf").read_bytes())
    with pytest.raises(UnusableModel, match=r"expected one \.gguf file, found 2"):
        load_writer(str(tmp_path))
