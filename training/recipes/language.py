"""What the recipes of language models have in common: the tokenizer, how much is read, and TRL as the engine."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from training.config import FitConfig
from training.data.chats import give_template
from training.data.records import TokenizedRecords
from training.fit_task import LanguageTask, digest
from training.models import causal
from training.run_record import LONGEST


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How a language model reads.

    Attributes:
        tokenizer: Its own, with a chat template and a token to pad with.
        template: Which template that is, and its SHA-256.
        most: Tokens that it is given at most.
    """

    tokenizer: Any
    template: dict[str, str]
    most: int


def reader_of(config: FitConfig) -> Reader:
    """Return how the model of `config` reads.

    Raises:
        ImportError: TRL is not installed.
        UnusableModel: The model cannot write texts.
        ValueError: It cannot read as many tokens as are asked for.
    """
    if find_spec("trl") is None:
        raise ImportError('language models learn by TRL: pip install "twofold[language]"')
    tokenizer = causal.load_writer_tokenizer(config.model)
    return Reader(tokenizer=tokenizer, template=give_template(tokenizer), most=_most(config))


def language_task(
    reader: Reader,
    config: FitConfig,
    parts: list[TokenizedRecords],
    notes: list[str | None],
    *,
    longest: int | None = None,
    **how: Any,
) -> LanguageTask:
    """Return what both parts are to a run.

    Args:
        reader: How the model reads.
        config: The settings.
        parts: The training and the validation part.
        notes: What is to be told of them.
        longest: Tokens of the longest answer that is learnt, where answers are.
        how: What trains, and which epoch is the best.
    """
    return LanguageTask(
        train=parts[0],
        validation=parts[1],
        tokenizer=reader.tokenizer,
        run=digest(parts, (), config, reader.template),
        notes=tuple(note for note in notes if note),
        told={"chat_template": reader.template, LONGEST: longest},
        **how,
    )


def _most(config: FitConfig) -> int:
    positions = causal.positions_of(config.model)
    if config.max_length is not None and positions is not None and config.max_length > positions:
        wanted = f"expected at most the {positions} tokens that the model reads"
        raise ValueError(f"max_length: {wanted}, got {config.max_length}")
    return min(config.tokens, positions or config.tokens)
