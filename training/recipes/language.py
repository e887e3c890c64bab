"""What the recipes of language models have in common: the tokenizer, how much is read, and TRL as the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from training.config import FitConfig
from training.data.chats import PLAIN, Chat, answered, give_template
from training.data.records import TokenizedRecords
from training.fit_task import Goal, LanguageTask, digest
from training.models import language_models
from training.run_record import LONGEST

if TYPE_CHECKING:
    from datasets import Dataset

COMPLETION = "completion"
"""The column of answers where there is none of the given name, as in data sets of other tools."""

LEAST_LOSS = Goal(epoch_by=lambda epoch: -float(epoch.validation_loss))


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
        ValueError: It cannot read as many tokens as are asked for, or goes from text to text and learns no answers.
    """
    if find_spec("trl") is None:
        raise ImportError('language models learn by TRL: pip install "twofold[language]"')
    if config.learns != "answers" and language_models.is_sequence_to_sequence(config.model):
        raise ValueError(f"learns: expected 'answers' where a model goes from text to text, got {config.learns!r}")
    return reading(config, PLAIN)


def reading(config: FitConfig, plain: str) -> Reader:
    """Return the same where there is no need of TRL, with the template for a model that has none."""
    tokenizer = language_models.load_writer_tokenizer(config.model)
    return Reader(tokenizer=tokenizer, template=give_template(tokenizer, plain), most=_most(config))


def chats_of(part: Dataset, text_columns: Sequence[str], label_column: str) -> list[Chat]:
    """Return every record of a part as a conversation with its answer; errors as those of `answered`."""
    answers = label_column if label_column in part.column_names else COMPLETION
    return answered(part, text_columns, answers if answers in part.column_names else label_column)


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
    positions = language_models.positions_of(config.model)
    if config.max_length is not None and positions is not None and config.max_length > positions:
        wanted = f"expected at most the {positions} tokens that the model reads"
        raise ValueError(f"max_length: {wanted}, got {config.max_length}")
    return min(config.tokens, positions or config.tokens)
