"""A tiny untrained Llama that knows the words of a conversation about the way to write numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from datasets import Dataset

from training import FitConfig, FitResult, fit

NUMBERS = ("one", "two", "three", "four", "five", "six")
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + ' ' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant ' }}{% endif %}"
)
SPECIAL = ("<unk>", "<|im_start|>", "<|im_end|>", "<pad>")
WORDS = (
    "user",
    "assistant",
    "system",
    "User",
    "Assistant",
    "System",
    ":",
    "say",
    "after",
    "please",
    "not",
    ".",
    *NUMBERS,
)


def questions() -> Dataset:
    """12 questions, two about each of the numbers; the answer is the number after it."""
    rows = [
        (f"{ask} {number}", NUMBERS[(at + 1) % 6] + " .")
        for at, number in enumerate(NUMBERS)
        for ask in ("after", "please say after")
    ]
    return Dataset.from_dict({"question": [row[0] for row in rows], "answer": [row[1] for row in rows]})


def quick_settings(model: str, *, epochs: int) -> FitConfig:
    """Settings under which a tiny model learns to count in seconds, on any machine alike."""
    return FitConfig(
        model=model,
        learns="answers",
        method="full",
        epochs=epochs,
        batch_size=4,
        learning_rate=1e-2,
        patience=None,
        threads=1,
        precision="fp32",
    )


def learnt(folder: Path, config: FitConfig, data: Dataset | None = None, **more: Any) -> FitResult:
    """What comes of learning the answers to the questions, or to those of `data`."""
    data = questions() if data is None else data
    given = {"text_columns": ["question"], "label_column": "answer", **more}
    return fit(data, data, config=config, output_dir=folder, **given)


def tiny_llama(folder: Path, *, template: str | None = CHATML, seed: int = 0, **options: Any) -> str:
    """Folder of a two-layer Llama with random weights; `options` go to its settings."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    vocabulary = {word: at for at, word in enumerate((*SPECIAL, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
    )
    fast.chat_template = template
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    settings = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        **{"max_position_embeddings": 64, "eos_token_id": 2, "bos_token_id": None, **options},
    )
    LlamaForCausalLM(settings).save_pretrained(folder)
    return str(folder)
