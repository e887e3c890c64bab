"""A tiny untrained T5 that knows the words of the questions of `tiny_llama`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tiny_llama import NUMBERS

WORDS = ("<pad>", "</s>", "<unk>", "User", "Assistant", ":", "say", "after", "please", "not", ".", *NUMBERS)


def tiny_t5(folder: Path, *, seed: int = 0, **options: Any) -> str:
    """Folder of a T5 of two layers on each side with random weights; `options` go to its settings."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    vocabulary = {word: at for at, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>", pad_token="<pad>", extra_special_tokens=[]
    )
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    settings = T5Config(
        **{
            "vocab_size": len(WORDS),
            "d_model": 32,
            "d_kv": 16,
            "d_ff": 64,
            "num_layers": 2,
            "num_heads": 2,
            "dropout_rate": 0.0,
            "decoder_start_token_id": 0,
            **options,
        }
    )
    T5ForConditionalGeneration(settings).save_pretrained(folder)
    return str(folder)
