"""Federated averaging: sites train together, and no text leaves its site (McMahan et al. 2017).

Each site is a process of its own that reads its own file. In every round it trains on from the weights of all, and
sends back those that move; they are averaged, each site counted by its records. `python -m training.federated` does
it from files.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from training.config import FEW_LABELS, FitConfig
from training.data.datasets_in import Table, as_dataset
from training.progress import Tick, as_tick
from training.results import DataNote, FederatedResult

if TYPE_CHECKING:
    from training.fit_task import FitTask

_HEADS = ("softmax", "sigmoid", "ordinal")


def federated(
    sites: Sequence[Path | str],
    validation: Table,
    *,
    text_columns: Sequence[str],
    label_column: str = "label",
    config: FitConfig | None = None,
    rounds: int = 10,
    output_dir: Path,
    progress: bool | Tick = False,
) -> FederatedResult:
    """Fine-tune one text classifier on the records of several sites, which see nothing of each other's.

    The folder then holds what `fit` writes: a plain transformers model, of the round that is best on validation. A run
    that was killed goes on after its last whole round when called again, to the same weights; a finished one is not
    repeated.

    Args:
        sites: a file of each, csv, jsonl or parquet, with the text columns and the label column. A site need not have
            every label. Its file is read by its own process alone.
        validation: a table with the same columns; its labels are those that there are.
        text_columns: one column, or two that are read as a pair.
        label_column: the column of the labels: one of several, any number, or steps of a scale.
        config: settings. `epochs` are those of a round, 1 unless given; the learning rate falls over all rounds;
            `patience` counts rounds; `privacy_epsilon` is what a site may spend in all rounds together.
        rounds: how often the weights are averaged, if training is not stopped early.
        output_dir: folder of the model, made if it is not there.
        progress: `True` for a progress bar, or a function of (rounds done, rounds in all).

    Returns:
        Where the model is, how every round went, and the sites.

    Warns:
        DataNote: what else there is to know, also in `notes` of the result.

    Raises:
        ValueError: a site, by its name, has other columns or labels than is said here, or sent what are no weights; or
            a setting does not go with several sites.
    """
    from training.federated.processes import sites_started
    from training.federated.rounds import Federation

    paths, folder = _named(sites), Path(output_dir)
    settings = _checked(config or FitConfig(), rounds)
    task = _task(validation, text_columns, label_column, settings, folder)
    with sites_started(paths, task.label_names, text_columns, label_column, settings, rounds) as there:
        whole = Federation(task=task, config=settings, sites=there, rounds=rounds, folder=folder)
        found = whole.finished() or whole.train(as_tick(progress, "rounds"))
    for note in found.notes:
        warnings.warn(note, DataNote, stacklevel=2)
    return found


def _named(sites: Sequence[Path | str]) -> dict[str, Path]:
    """Return the files by the names of the sites."""
    if isinstance(sites, str | Path) or not sites:
        raise ValueError(f"sites: expected a list of files, got {sites!r}")
    paths = [Path(each) for each in sites]
    if twice := [name for name, times in Counter(path.stem for path in paths).items() if times > 1]:
        raise ValueError(f"sites: expected files of different names, got {twice[0]!r} twice")
    for path in paths:
        if not path.is_file():
            raise ValueError(f"site {path.stem!r}: no file {path}")
    return {path.stem: path for path in paths}


def _checked(config: FitConfig, rounds: int) -> FitConfig:
    from training.fit_task import refuse

    if not isinstance(rounds, int) or isinstance(rounds, bool) or rounds < 1:
        raise ValueError(f"rounds: expected a whole number of at least 1, got {rounds!r}")
    if config.method in FEW_LABELS:
        raise ValueError(f"method: expected another where sites train together, got {config.method!r}")
    refuse(
        config,
        "sites train together",
        learns="labels",
        compares=False,
        class_weights=None,
        soft_labels=None,
        record_weights=None,
        teacher=None,
        stay_near=None,
        replay_share=0.0,
        track=(),
    )
    return config


def _task(
    validation: Table, text_columns: Sequence[str], label_column: str, config: FitConfig, folder: Path
) -> FitTask:
    """Return what the validation part is to the run; its labels are those that there are."""
    from training.earlier_tasks.continuing import going_on
    from training.fit_task import FitTask
    from training.recipes import prepare

    part = as_dataset(validation, "validation")
    task = prepare(part, part, text_columns, label_column, config)
    if not isinstance(task, FitTask) or task.head.name not in _HEADS:
        raise ValueError(f"{label_column}: expected labels of records where sites train together")
    return cast("FitTask", going_on(task, config, folder))
