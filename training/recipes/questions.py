"""Several questions of the same records at once, each answered by one label, by several, or by a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from training.answers.heads import head_for
from training.answers.numbers import holds_numbers, number_head, numbers_in, scale_of
from training.answers.questions import Question, of_questions, questions_head
from training.config import FitConfig
from training.data.datasets_in import with_class_names
from training.data.records import label_names_of, labels_in, tokenized
from training.fit_task import ITS_OWN_LOSS, FitTask, labelled_task, refuse
from training.models import _hf

if TYPE_CHECKING:
    from datasets import Dataset

_PARTS = ("train", "validation")

Answers: TypeAlias = tuple[npt.NDArray[np.float64], ...]
"""(n, targets) of both parts, NaN where there is no answer."""


def questions(
    train: Dataset, validation: Dataset, text_columns: Sequence[str], label_columns: Sequence[str], config: FitConfig
) -> FitTask:
    """Prepare both parts; an answer that is missing is None, or NaN where numbers are asked for.

    Raises:
        ValueError: There are not two questions, or one that nobody answered, or as the recipe of each one says.
    """
    plain = {
        "scale": "nominal",
        "compares": False,
        "class_weights": None,
        "learns": "labels",
        "replay_share": 0.0,
        "stay_near": None,
    }
    refuse(config, "several questions are learnt", **plain, **ITS_OWN_LOSS)
    if len(set(label_columns)) != len(label_columns) or len(label_columns) < 2:
        raise ValueError(f"label_column: expected a column, or several that differ, got {label_columns!r}")
    asked = [_asked(train, validation, name, config) for name in label_columns]
    known = [question for question, _ in asked]
    answers = [np.hstack(part) for part in zip(*(each for _, each in asked), strict=True)]
    tokenizer = _hf.load_tokenizer(config.model)
    tokenize = _hf.tokenize_with(tokenizer, max_length=config.tokens)
    read = partial(tokenized, tokenize=tokenize, text_columns=text_columns, label_column=None)
    parts = [replace(read(part), labels=each) for part, each in zip((train, validation), answers, strict=True)]
    head, scored = questions_head(known), partial(of_questions, questions=known)
    return labelled_task(parts, tuple(head.outputs(())), config, head=head, scored=scored, tokenizer=tokenizer)


def _asked(train: Dataset, validation: Dataset, name: str, config: FitConfig) -> tuple[Question, Answers]:
    """Return a question, and its answers in both parts."""
    parts = [_answered(part, name, where) for part, where in zip((train, validation), _PARTS, strict=True)]
    question, answers = (_number if holds_numbers(train, name) else _labels)([part for part, _ in parts], name, config)
    rows = [given for _, given in parts]
    return question, tuple(_spread_out(each, given) for each, given in zip(answers, rows, strict=True))


def _number(parts: Sequence[Dataset], name: str, config: FitConfig) -> tuple[Question, Answers]:
    answers = tuple(numbers_in(part, name, where) for part, where in zip(parts, _PARTS, strict=True))
    mean, spread = scale_of(answers[0], name)
    return Question(name=name, head=number_head(mean, spread), names=(), spread=spread), answers


def _labels(parts: Sequence[Dataset], name: str, config: FitConfig) -> tuple[Question, Answers]:
    train, validation = with_class_names(parts[0], parts[1], name)
    names = label_names_of(train, name)
    if label_names_of(validation, name) != names:
        raise ValueError(f"{name}: train and validation have different class names")
    answers = [labels_in(part, name) for part in (train, validation)]
    question = Question(name=name, head=head_for(answers[0], config), names=names)
    return question, tuple(each.astype(np.float64) for each in answers)


def _answered(part: Dataset, name: str, where: str) -> tuple[Dataset, npt.NDArray[np.bool_]]:
    """Return the answers that there are as a data set, and which records have one."""
    import datasets

    if name not in part.column_names:
        raise ValueError(f"label_column: no column {name!r} in {where}, there are {', '.join(part.column_names)}")
    values = list(part[name])
    given = np.array([value is not None and value == value for value in values], dtype=bool)
    if not given.any():
        raise ValueError(f"{name}: expected an answer for at least one record of {where}, got none")
    answers = [value for value, there in zip(values, given, strict=True) if there]
    features = datasets.Features({name: part.features[name], f"{name} row": datasets.Value("int64")})
    columns = {name: answers, f"{name} row": np.flatnonzero(given)}  # a data set of one column cannot change it
    return datasets.Dataset.from_dict(columns, features=features), given


def _spread_out(answers: npt.NDArray[np.float64], given: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    columns = answers.reshape(len(answers), -1)
    found = np.full((len(given), columns.shape[1]), np.nan)
    found[given] = columns
    return found
