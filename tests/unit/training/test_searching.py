"""A search for settings: the same trials after a kill, within its time, and never worse than what it began with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from training import FitConfig, SearchResult, tune
from training.searching._optuna import _by_step
from training.searching.journal import DONE, FAILED, OPEN, STOPPED, Journal, Tried
from training.searching.space import Between, OneOf, space_of

SPACE = {"learning_rate": Between(low=1e-5, high=1e-2, log=True), "epochs": Between(low=1, high=3, whole=True)}
TRIALS = 6

RUN = """
import json, os, signal, sys
from datasets import load_from_disk
from training import FitConfig, tune
from training.searching.space import Between

def kill_in_the_third_trial(done, total):
    if done >= 2000 + 500:
        os.kill(os.getpid(), signal.SIGKILL)

data = load_from_disk(sys.argv[1])
space = {name: Between(**ends) for name, ends in json.loads(sys.argv[3]).items()}
tune(data, data, text_columns=["text"], config=FitConfig(**json.loads(sys.argv[2])), trials=6, space=space,
     output_dir=sys.argv[4], progress=kill_in_the_third_trial)
"""


@pytest.fixture(scope="module")
def settings(tiny_model: str) -> dict[str, Any]:
    return {"model": tiny_model, "method": "full", "batch_size": 5, "epochs": 2, "threads": 1, "precision": "fp32"}


@pytest.fixture(scope="module")
def searched(dataset: Dataset, settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> SearchResult:
    folder = tmp_path_factory.mktemp("search")
    return search(dataset, settings, folder)


def search(dataset: Dataset, settings: dict[str, Any], folder: Path, **more: Any) -> SearchResult:
    bounds = more or {"trials": TRIALS}
    config = FitConfig(**settings)
    return tune(dataset, dataset, text_columns=["text"], config=config, space=SPACE, output_dir=folder, **bounds)


def without_times(found: SearchResult) -> list[Tried]:
    return [replace(each, seconds=0.0, begun=1) for each in found.tried]


def test_the_settings_as_they_are_come_first_and_the_best_is_never_worse(
    searched: SearchResult, settings: dict[str, Any]
) -> None:
    first = next(each for each in searched.tried if each.number == 0)
    assert first.settings == {"learning_rate": 1e-4, "epochs": 2}
    assert searched.best is not None
    assert searched.best.score >= first.score
    assert {each.state for each in searched.tried} <= {DONE, STOPPED}
    best = searched.best.settings if searched.best.number else {}
    assert searched.config == replace(FitConfig(**settings), **best)
    low, high = searched.best.interval.low, searched.best.interval.high
    assert low <= searched.best.score <= high
    scores = [each.score for each in searched.tried if each.state == DONE]
    assert scores == sorted(scores, reverse=True)


def test_a_killed_search_goes_on_to_the_same_trials(
    searched: SearchResult, dataset: Dataset, settings: dict[str, Any], tmp_path: Path
) -> None:
    dataset.save_to_disk(tmp_path / "data")
    space = json.dumps({name: vars(ends) for name, ends in SPACE.items()})
    command = [sys.executable, "-c", RUN, tmp_path / "data", json.dumps(settings), space, tmp_path / "search"]
    killed = subprocess.run([str(each) for each in command], capture_output=True, check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with (tmp_path / "search" / "tried.jsonl").open("a") as file:
        file.write('{"begin": 99, "set')  # and the last line was half there
    found = search(dataset, settings, tmp_path / "search")
    assert without_times(found) == without_times(searched)
    assert search(dataset, settings, tmp_path / "search").tried == found.tried  # nothing is done again
    assert not (tmp_path / "search" / "trial").exists()


def test_the_time_holds_and_what_it_cut_short_goes_on_with_more(
    dataset: Dataset, settings: dict[str, Any], tmp_path: Path
) -> None:
    cut = search(dataset, settings, tmp_path, minutes=1e-5)
    assert [each.state for each in cut.tried] == [OPEN]
    assert (cut.best, cut.is_over) == (None, False)
    assert "give it more" in cut.says()
    more = search(dataset, settings, tmp_path, trials=2)
    assert [each.state for each in more.tried] == [DONE, DONE]
    assert more.seconds > cut.seconds


def test_a_trial_that_kills_the_process_twice_has_failed(tmp_path: Path) -> None:
    path = tmp_path / "tried.jsonl"
    for _ in range(3):
        journal = Journal(path, "search")
        journal.begin(Tried(number=0, settings={"epochs": 1}))
        journal.beat(1.5, 1.5)
    assert (journal.tried[0].begun, journal.used) == (3, 1.5)
    assert Journal(path, "another search").tried == []


def test_settings_that_cannot_be_trained_are_one_trial_that_failed(
    dataset: Dataset, settings: dict[str, Any], tmp_path: Path
) -> None:
    space = {"freeze": OneOf(values=(9,))}  # the model has two layers
    found = tune(
        dataset,
        dataset,
        text_columns=["text"],
        config=FitConfig(**settings),
        space=space,
        trials=4,
        output_dir=tmp_path,
    )
    failed = [each for each in found.tried if each.state == FAILED]
    assert failed
    assert all("layers" in str(each.why) for each in failed)
    assert found.best is not None
    assert found.best.settings == {"freeze": 0}


@pytest.mark.parametrize("bounds", [{}, {"minutes": 1.0, "trials": 1}, {"minutes": 0.0}, {"trials": 0}])
def test_a_search_has_one_bound(bounds: dict[str, Any], dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"minutes|trials"):
        tune(dataset, dataset, text_columns=["text"], output_dir=tmp_path, **(bounds or {"minutes": None}))


def test_only_what_a_method_has_is_searched(tiny_model: str) -> None:
    def names(method: Any) -> set[str]:
        return set(space_of(FitConfig(model=tiny_model, method=method), 1000))

    assert names("head") == {"learning_rate", "epochs", "batch_size"}
    assert names("full") == {"learning_rate", "epochs", "batch_size", "freeze", "layer_decay"}
    assert names("lora") == names("full") | {"lora_rank"}
    freeze = space_of(FitConfig(model=tiny_model, method="full"), 1000)["freeze"]
    assert freeze == Between(low=0, high=1, whole=True)
    with pytest.raises(ValueError, match="finds the best head by itself"):
        names("linear")


def test_trials_of_different_lengths_are_compared_by_the_share_that_is_over() -> None:
    assert _by_step([0.1, 0.2], 2) == [*((step, 0.1) for step in range(6, 12)), (12, 0.2)]
    assert dict(_by_step([0.1] * 9, 9)).keys() == set(range(1, 13))
    assert dict(_by_step([0.1] * 20, 20)).keys() == set(range(1, 13))


def test_a_private_run_is_not_searched_for(dataset: Dataset, settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="every trial would spend"):
        search(dataset, {**settings, "method": "head", "noise_multiplier": 1.0}, tmp_path)
