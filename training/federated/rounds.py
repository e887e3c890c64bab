"""Rounds of sites that train together: asked, averaged, scored, each on disk before the next begins."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch

from training.answers.outputs import Compute, each_probabilities
from training.config import FitConfig
from training.cost import Meter, environment
from training.engines.checkpoints import CHECKPOINTS
from training.engines.engine import best_epoch, is_over
from training.engines.frozen_layers import computed_once
from training.federated.averaging import Tensors, average, moving, put, receive, send
from training.federated.processes import SiteProcess
from training.fit_task import FitTask
from training.models import _hf
from training.models._torch import choose_device, choose_precision, own_randomness
from training.progress import Tick
from training.results import EpochResult, FederatedResult, FitResult, Site
from training.run_record import forget_run_record, read_run_record, write_run_record
from training.whole_files import write_whole

_WEIGHTS, _SCORES = "all.safetensors", "scores.json"


@dataclass(frozen=True, kw_only=True)
class Federation:
    """A run over several sites.

    Attributes:
        task: what the validation part is to it.
        config: the settings.
        sites: those that train.
        rounds: how often weights are averaged at most.
        folder: of the model.
    """

    task: FitTask
    config: FitConfig
    sites: Sequence[SiteProcess]
    rounds: int
    folder: Path

    @property
    def run(self) -> str:
        """Digest of everything that decides the outcome."""
        told = [self.task.run, self.rounds, [(each.name, each.records, each.known) for each in self.sites]]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @property
    def state(self) -> Path:
        """Where rounds are kept until the model is saved."""
        return self.folder / CHECKPOINTS / self.run[:16]

    def finished(self) -> FederatedResult | None:
        """The result of the finished run in the folder, if it is this one."""
        found = read_run_record(self.folder, run=self.run, config=self.config)
        if found is None:
            return None
        self._forget_rounds()
        return self._with_sites(found)

    def train(self, tick: Tick) -> FederatedResult:
        """Train the rounds that are missing, and save the model of the best."""
        device = choose_device(self.config.device)
        meter = Meter(device)
        precision = choose_precision(self.config.precision, device, begun="fp32" if self.config.is_private else None)
        compute = Compute(device=device, precision=precision, pad=self.task.tokenizer.pad)
        with own_randomness(), _hf.quiet():
            torch.manual_seed(self.config.seed)
            model = self.task.load(self.config).to(device)
            parameters = moving(model)
            with computed_once(model, self.task, compute) as known:
                history = self._rounds(model, parameters, known, compute, tick)
            best = best_epoch(history, self.task.head)
            put(receive(self._weights(best.epoch), parameters, "the best round"), parameters)
            self.task.finish(model, best)
            found = self._with_sites(
                FitResult(
                    model_dir=self.folder,
                    best_epoch=best.epoch,
                    history=history,
                    padding_waste=None,
                    config=self.config,
                    device=device,
                    precision=precision,
                    notes=self.task.notes,
                    environment=environment(device),
                    cost=meter.spent(),
                )
            )
            forget_run_record(self.folder)
            _hf.save_model(
                model, self.task.tokenizer, self.folder, max_length=self.config.tokens, heads=self.task.heads
            )
        told = {**self.task.told, "sites": [asdict(each) for each in found.sites]}
        write_run_record(found, run=self.run, label_names=self.task.label_names, told=told)
        self._forget_rounds()
        return found

    def _rounds(
        self, model: Any, parameters: Tensors, task: FitTask, compute: Compute, tick: Tick
    ) -> tuple[EpochResult, ...]:
        history = self._rounds_done()
        if not history:
            self._forget_rounds()
            send(parameters, self._weights(0))
        while not is_over(history, self.task.head, most=self.rounds, patience=self.config.patience):
            number = len(history) + 1
            put(self._averaged(number, parameters), parameters)
            scores = asdict(task.validated(each_probabilities(model, task.validation, head=task.head, compute=compute)))
            history = (*history, EpochResult(epoch=number, train_loss=None, **scores))
            send(parameters, self._weights(number))
            self._keep(history[-1])
            tick(number, self.rounds)
        tick(self.rounds, self.rounds)
        return history

    def _forget_rounds(self) -> None:
        shutil.rmtree(self.folder / CHECKPOINTS, ignore_errors=True)

    def _averaged(self, number: int, parameters: Tensors) -> Tensors:
        """Let every site train for a round, all at once; return the mean of their weights."""
        folder = self.state / str(number) / "sites"
        sent = [folder / f"{site.name}.safetensors" for site in self.sites]
        for site, path in zip(self.sites, sent, strict=True):
            site.ask({"number": number - 1, "came": str(self._weights(number - 1)), "to": str(path)})
        for site in self.sites:
            site.answer()
        each = [receive(path, parameters, f"site {site.name!r}") for site, path in zip(self.sites, sent, strict=True)]
        shutil.rmtree(folder)
        return average(each, [site.records for site in self.sites])

    def _weights(self, number: int) -> Path:
        return self.state / str(number) / _WEIGHTS

    def _keep(self, scores: EpochResult) -> None:
        """Say that a round is whole."""
        path = self.state / str(scores.epoch) / _SCORES
        write_whole(path, lambda to: to.write_text(json.dumps(asdict(scores)), encoding="utf-8"))

    def _rounds_done(self) -> tuple[EpochResult, ...]:
        found: list[EpochResult] = []
        while (path := self.state / str(len(found) + 1) / _SCORES).is_file():
            found.append(EpochResult(**json.loads(path.read_text(encoding="utf-8"))))
        return tuple(found)

    def _with_sites(self, found: FitResult) -> FederatedResult:
        """Return the result with what each site has and has spent."""
        epochs = len(found.history) * (self.config.epochs or 1)
        sites = tuple(Site(name=each.name, records=each.records, privacy=each.spent(epochs)) for each in self.sites)
        most = max((each.privacy for each in sites if each.privacy), key=lambda it: it.epsilon, default=None)
        told = {field.name: getattr(found, field.name) for field in fields(FitResult)}
        return FederatedResult(**{**told, "privacy": most}, sites=sites)
