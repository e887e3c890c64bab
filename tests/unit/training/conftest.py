"""A tiny untrained BERT, and messages about parcels and invoices that it can learn to tell apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, Features, Value

SUBJECTS = ("my parcel", "the delivery", "your courier", "my invoice", "the refund", "your receipt")
EVENTS = (
    "is late again",
    "never came",
    "was wrong this morning and nobody could tell me why",
    "has arrived",
    "is still missing after two long weeks of waiting",
)
LABELS = ("billing", "shipping")


def messages() -> Dataset:
    """30 messages: the first three subjects are about shipping, the others about billing."""
    rows = [(f"{subject} {event}", int(number < 3)) for number, subject in enumerate(SUBJECTS) for event in EVENTS]
    features = Features(text=Value("string"), label=ClassLabel(names=list(LABELS)))
    return Dataset.from_dict({"text": [r[0] for r in rows], "label": [r[1] for r in rows]}, features=features)


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return messages()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a two-layer BERT with random weights."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = sorted({word for text in messages()["text"] for word in text.split()})
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=64,
        )
    ).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def fast() -> dict[str, Any]:
    """Settings under which the tiny model learns the messages in a second, on any machine alike."""
    return {"epochs": 8, "batch_size": 5, "learning_rate": 1e-2, "patience": None, "threads": 1, "precision": "fp32"}


@pytest.fixture(scope="session")
def trained(dataset: Dataset, tiny_model: str, fast: dict[str, Any], tmp_path_factory: Any) -> Any:
    """A finished LoRA run of the tiny model."""
    from training import FitConfig, fit

    folder: Path = tmp_path_factory.mktemp("trained") / "model"
    config = FitConfig(model=tiny_model, **fast)
    return fit(dataset, dataset, text_columns=["text"], config=config, output_dir=folder)


@pytest.fixture(scope="session")
def answers(dataset: Dataset) -> Dataset:
    """The same messages, by how they end."""
    turned = dataset.map(lambda row: {"label": int("late" in row["text"] or "missing" in row["text"])})
    return turned.cast_column("label", ClassLabel(names=["fine", "trouble"]))
