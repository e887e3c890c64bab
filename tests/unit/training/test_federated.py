"""Sites train together: what they send is looked at, averaged by their records, and holds no text."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pandas as pd
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file, save_file

from training import FitConfig, predict
from training.federated import federated
from training.federated import processes as site_processes
from training.federated import site as federated_site
from training.federated.__main__ import main
from training.federated.averaging import average, receive
from training.federated.processes import SiteProcess
from training.federated.site import Job, serve
from training.results import FederatedResult

Fit = Callable[..., FederatedResult]


@dataclass(frozen=True, kw_only=True)
class InTurn(SiteProcess):
    """A site that works in this process while its answer is waited for; one of its own takes seconds to start."""

    process: Any = None
    asked: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    waiting: list[Any] = field(default_factory=list)
    answers: SimpleQueue[Any] = field(default_factory=SimpleQueue)

    def ask(self, what: Mapping[str, Any]) -> None:
        self.waiting.append(json.loads(json.dumps(what)))  # as it is on the way to a process

    def _begin(self, told: Any) -> None:
        lists = {name: tuple(told[name]) for name in ("text_columns", "label_names")}
        job = Job(**{**told, **lists, "config": FitConfig(**told["config"])})
        threading.Thread(target=self._serve, args=(job,), daemon=True).start()

    def _serve(self, job: Job) -> None:
        try:
            serve(job, iter(self.asked.get, None), self.answers.put)
        except (ValueError, OSError) as error:
            self.answers.put({"error": str(error).splitlines()[0]})

    def answer(self) -> dict[str, Any]:
        for what in self.waiting:
            if "data" in what:
                self._begin(what)
            else:
                self.asked.put(what)
        self.waiting.clear()
        found: dict[str, Any] = self.answers.get(timeout=100)
        if "error" in found:
            raise ValueError(f"site {self.name!r}: {found['error']}")
        return found


@pytest.fixture
def in_turn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Sites take turns in this process; a list of all that they answer."""
    told: list[dict[str, Any]] = []

    class Heard(InTurn):
        def answer(self) -> dict[str, Any]:
            told.append(super().answer())
            return told[-1]

    @contextmanager
    def no_process(threads: int) -> Iterator[None]:
        yield None

    monkeypatch.setattr(site_processes, "SiteProcess", Heard)
    monkeypatch.setattr(site_processes, "_process", no_process)
    return told


@pytest.fixture
def rows(dataset: Dataset) -> pd.DataFrame:
    names = dataset.features["label"].names
    return pd.DataFrame({"text": dataset["text"][:], "label": [names[each] for each in dataset["label"]]})


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., Path]:
    def written(name: str, rows: pd.DataFrame) -> Path:
        path = tmp_path / f"{name}.csv"
        rows.to_csv(path, index=False)
        return path

    return written


@pytest.fixture
def together(tiny_model: str, rows: pd.DataFrame, tmp_path: Path) -> Fit:
    settings: dict[str, Any] = {"model": tiny_model, "method": "head", "batch_size": 10, "patience": None, "threads": 1}

    def run(sites: Sequence[Path], to: str = "model", **more: Any) -> FederatedResult:
        how = {name: more.pop(name) for name in ("rounds", "progress", "text_columns") if name in more}
        told = {"text_columns": ["text"], "rounds": 2, **how}
        config = FitConfig(**{**settings, **more})
        return federated(sites, rows, config=config, output_dir=tmp_path / to, **told)

    return run


def weights(result: FederatedResult) -> dict[str, torch.Tensor]:
    return dict(load_file(result.model_dir / "model.safetensors"))


def test_sites_count_by_their_records() -> None:
    each = [{"w": torch.tensor([0.0, 3.0])}, {"w": torch.tensor([4.0, -1.0])}]
    assert average(each, [30, 10])["w"].tolist() == [1.0, 2.0]
    assert average(each, [1, 1_000_000])["w"].tolist() == pytest.approx([4.0, -1.0], abs=1e-4)


SENT: dict[str, Callable[[Path], object]] = {
    "lacks 'w'": lambda to: save_file({"v": torch.zeros(1)}, to),
    "also sent 'x'": lambda to: save_file({"v": torch.zeros(1), "w": torch.zeros(2), "x": torch.zeros(1)}, to),
    r"w: expected \(2,\) of torch.float32, got \(3,\) of torch.float32": lambda to: save_file(
        {"v": torch.zeros(1), "w": torch.zeros(3)}, to
    ),
    r"w: expected \(2,\) of torch.float32, got \(2,\) of torch.int64": lambda to: save_file(
        {"v": torch.zeros(1), "w": torch.zeros(2, dtype=torch.int64)}, to
    ),
    "w: expected numbers, got some that are not finite": lambda to: save_file(
        {"v": torch.zeros(1), "w": torch.tensor([1.0, torch.nan])}, to
    ),
    "expected weights as safetensors": lambda to: torch.save({"v": torch.zeros(1), "w": torch.zeros(2)}, to),
}


@pytest.mark.parametrize("line", SENT)
def test_what_is_sent_is_looked_at(line: str, tmp_path: Path) -> None:
    SENT[line](tmp_path / "sent")
    with pytest.raises(ValueError, match=f"^site 'a': .*{line}"):
        receive(tmp_path / "sent", {"v": torch.zeros(1), "w": torch.zeros(2)}, "site 'a'")


def test_sites_that_are_alike_come_to_the_weights_of_one(
    together: Fit, site: Callable[..., Path], rows: pd.DataFrame, in_turn: Any, tiny_model: str, tmp_path: Path
) -> None:
    still = tmp_path / "still"
    still.mkdir()
    for path in Path(tiny_model).iterdir():
        (still / path.name).write_bytes(path.read_bytes())
    shape = json.loads((still / "config.json").read_text())
    shape |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (still / "config.json").write_text(json.dumps(shape))
    a, b = site("a", rows), site("b", rows)
    how: dict[str, Any] = {"model": str(still), "method": "lora", "batch_size": 30, "learning_rate": 1e-3}
    one, both = together([a], "one", **how), together([a, b], "both", **how)
    assert [each.records for each in both.sites] == [30, 30]
    other = weights(both)
    for name, value in weights(one).items():
        if "key.bias" not in name:  # its gradient is zero but for rounding, of which Adam makes whole steps
            assert torch.allclose(value, other[name], atol=1e-4), name


def test_sites_may_lack_labels_and_differ_in_size_and_the_folder_is_a_plain_model(
    together: Fit, site: Callable[..., Path], rows: pd.DataFrame, in_turn: Any
) -> None:
    sites = [site("large", rows[rows.label == "shipping"]), site("small", rows[-1:]), site("rest", rows[15:-1])]
    result = together(sites, method="full", freeze=1, learning_rate=1e-3, rounds=2)
    assert [each.records for each in result.sites] == [15, 1, 14]
    found = predict(result.model_dir, rows, text_columns=["text"])
    assert (found.answers == rows.label).mean() == result.history[result.best_epoch - 1].accuracy
    record = json.loads((result.model_dir / "training.json").read_text())
    assert [each["name"] for each in record["sites"]] == ["large", "small", "rest"]
    assert record["label_names"] == ["billing", "shipping"]
    assert not (result.model_dir / "checkpoint").exists()


def test_a_run_that_was_cut_short_goes_on_after_its_last_round_to_the_same_weights(
    together: Fit, site: Callable[..., Path], rows: pd.DataFrame, in_turn: list[Any], tmp_path: Path
) -> None:
    sites, exchanged = [site("a", rows[::2]), site("b", rows[1::2])], list[Path]()

    def cut(done: int, total: int) -> None:
        exchanged.extend(path for path in (tmp_path / "cut" / "checkpoint").rglob("*") if path.is_file())
        raise KeyboardInterrupt

    straight = together(sites, "straight")
    with pytest.raises(KeyboardInterrupt):
        together(sites, "cut", progress=cut)
    assert {path.name for path in exchanged} == {"all.safetensors", "scores.json"}
    in_turn.clear()
    resumed = together(sites, "cut")
    assert [each["round"] for each in in_turn if "round" in each] == [1, 1]  # from 0: the first was not repeated
    assert resumed.history == straight.history
    assert all(torch.equal(each, weights(resumed)[name]) for name, each in weights(straight).items())
    in_turn.clear()
    assert together(sites, "cut") == resumed
    assert not any("round" in each for each in in_turn)  # what is finished is not repeated
    site("b", rows[3::2])
    together(sites, "cut", rounds=1)
    assert sum("round" in each for each in in_turn) == 2  # other records start over


def test_each_site_spends_its_own_budget_and_says_nothing_of_its_texts(
    together: Fit, site: Callable[..., Path], rows: pd.DataFrame, in_turn: list[Any]
) -> None:
    sites = [site("a", rows[:20]), site("b", rows[20:])]
    result = together(sites, privacy_epsilon=5.0, privacy_delta=0.01, max_grad_norm=0.5)
    spent = [each.privacy for each in result.sites if each.privacy]
    assert [(each.steps, each.delta) for each in spent] == [(4, 0.01), (2, 0.01)]
    assert all(4.8 < each.epsilon <= 5.0 for each in spent)
    assert result.privacy == max(spent, key=lambda each: each.epsilon)
    assert [set(each) for each in in_turn] == [{"records", "known", "plan"}] * 2 + [{"round"}] * 4
    assert not any(word in json.dumps(in_turn) for text in rows.text for word in text.split() if len(word) > 4)


def test_the_same_noise_is_not_drawn_on_other_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str] = []

    class Noted:
        def train(self) -> None:
            """Nothing moves."""

    def noted(model: Any, run: Any, **named: Any) -> Noted:
        seen.append(run.task.run)
        return Noted()

    monkeypatch.setattr(federated_site, "_engine", noted)
    parameters = {"w": torch.zeros(1)}
    job = Job(
        data="",
        number=0,
        text_columns=("text",),
        label_column="label",
        label_names=("a", "b"),
        config=FitConfig(),
        rounds=2,
        scratch="",
    )

    @dataclass(frozen=True)
    class Task:
        run: str = "run"

    @dataclass(frozen=True)
    class Run:
        config: FitConfig = job.config
        task: Task = Task()
        parts: int = 1

    for number, value in ((0, 0.0), (0, 0.0), (0, 1.0), (1, 0.0)):
        save_file({"w": torch.tensor([value])}, tmp_path / "came")
        came, to = str(tmp_path / "came"), str(tmp_path / "to")
        run: Any = Run()
        federated_site._round(None, parameters, run, job, number=number, came=came, to=to)
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


def test_what_does_not_fit_is_refused_by_the_name_of_the_site(
    together: Fit, site: Callable[..., Path], rows: pd.DataFrame, in_turn: Any, tmp_path: Path
) -> None:
    good = site("good", rows)
    other = site("other", rows.assign(label=rows.label.replace({"billing": "invoices"})))
    with pytest.raises(ValueError, match=r"^site 'other': label: expected one of billing, shipping, got 'invoices' at"):
        together([good, other])
    with pytest.raises(ValueError, match=r"^site 'bare': label: no such column, there are text$"):
        together([good, site("bare", rows[["text"]])])
    with pytest.raises(ValueError, match=r"^site 'named': text_columns: no column 'text'"):
        together([good, site("named", rows.rename(columns={"text": "message"}))])
    with pytest.raises(ValueError, match=r"^site 'empty': data: expected at least one record"):
        together([good, site("empty", rows[:0])])
    with pytest.raises(ValueError, match=r"^site 'gone': no file"):
        together([good, tmp_path / "gone.csv"])
    with pytest.raises(ValueError, match=r"^sites: expected files of different names, got 'good' twice"):
        together([good, tmp_path / "elsewhere" / "good.csv"])
    with pytest.raises(ValueError, match=r"^class_weights: expected None where sites train together, got 'balanced'"):
        together([good], class_weights="balanced")
    with pytest.raises(ValueError, match=r"^rounds: expected a whole number of at least 1, got 0"):
        together([good], rounds=0)
    assert not (tmp_path / "model").exists()


def test_a_site_has_a_process_of_its_own_and_nobody_else_reads_its_file(
    tiny_model: str,
    site: Callable[..., Path],
    rows: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    a, validation = site("a", rows[::2]), site("validation", rows)
    real, read = pd.read_csv, list[str]()
    monkeypatch.setattr(pd, "read_csv", lambda path, **named: read.append(Path(path).name) or real(path, **named))
    (tmp_path / "settings.toml").write_text(f'model = "{tiny_model}"\nmethod = "head"\nthreads = 1\nbatch_size = 5\n')
    files = ["--site", str(a), "--validation", str(validation), "--text", "text", "--rounds", "2"]
    ways = ["--settings", str(tmp_path / "settings.toml"), "--to", str(tmp_path / "model")]
    assert main([*files, *ways]) == 0
    assert "Site: name a, records 15" in capsys.readouterr().out
    assert read == ["validation.csv"]
    assert (tmp_path / "model" / "model.safetensors").is_file()


def test_a_process_that_ends_is_told(
    together: Fit, site: Callable[..., Path], rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_processes.sys, "executable", "/bin/false")
    with pytest.raises(ValueError, match=r"^site 'a': its process ended \(exit code 1\)"):
        together([site("a", rows)])
    assert replace(InTurn(name="a"), records=3).spent(1) is None
