"""A site that trains together with others, in a process of its own: `python -m training.federated.site`.

It alone reads its records. It is told by lines of JSON what to do, one for each round, and answers by lines: how many
records it has, and when its weights lie in a file. Texts and labels are in none of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch.optim.lr_scheduler import LambdaLR

from training.answers.outputs import Compute
from training.config import FitConfig
from training.cost import Meter
from training.data.datasets_in import as_dataset, with_known_names
from training.engines.engine import Engine, Run
from training.engines.frozen_layers import computed_once
from training.engines.schedule import share_at
from training.engines.short_of_memory import in_parts
from training.federated.averaging import Tensors, moving, put, receive, send
from training.fit_task import FitTask
from training.from_files import config_of, table_in
from training.models import _hf
from training.models._torch import choose_device, choose_precision
from training.private.privacy import plan_of
from training.private.secret_noise import known_here
from training.progress import as_tick
from training.recipes.records import records

Lines: TypeAlias = Iterator[dict[str, Any]]
Tell: TypeAlias = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a site is told at the beginning.

    Attributes:
        data: its file.
        number: its place among the sites.
        text_columns: as in `fit`.
        label_column: as in `fit`.
        label_names: the names of all labels, of which a site need not have each.
        config: the settings.
        rounds: how many there will be at most.
        scratch: a folder for what the training leaves behind.
    """

    data: str
    number: int
    text_columns: tuple[str, ...]
    label_column: str
    label_names: tuple[str, ...]
    config: FitConfig
    rounds: int
    scratch: str

    @property
    def epochs(self) -> int:
        """Passes over the records in a round."""
        return self.config.epochs or 1


def serve(job: Job, asked: Lines, tell: Tell) -> None:
    """Say what there is, then train a round for each line that comes.

    Raises:
        ValueError: The records are not as described, or the weights that came are not.
    """
    table = as_dataset(table_in(Path(job.data)), job.data)
    data = with_known_names(table, job.label_column, job.label_names)
    task = records(data, data.select(range(min(1, len(data)))), job.text_columns, job.label_column, job.config)
    config, told = _with_noise(job, len(task.train))
    device = choose_device(config.device)
    precision = choose_precision(config.precision, device, begun="fp32" if config.is_private else None)
    compute = Compute(device=device, precision=precision, pad=task.tokenizer.pad)
    torch.manual_seed(config.seed)
    model = task.load(config).to(device)
    parameters = moving(model)
    with computed_once(model, task, compute) as known:
        run = Run(
            task=known,
            config=config,
            compute=compute,
            folder=Path(job.scratch),
            tick=as_tick(False, ""),
            meter=Meter(device),
        )
        tell({"records": len(task.train), "known": known_here(task.run), "plan": told})
        for each in asked:
            tell(_round(model, parameters, run, job, **each))


def _round(
    model: Any, parameters: Tensors, run: Run[FitTask], job: Job, *, number: int, came: str, to: str
) -> dict[str, Any]:
    """Train for a round from the weights in the file `came`; write those that were found to the file `to`."""
    given = receive(Path(came), parameters, "the weights of all sites")
    mixed = np.random.SeedSequence([run.config.seed, job.number, number]).generate_state(1)[0]
    here = hashlib.sha256(Path(came).read_bytes()).hexdigest()  # the same noise on other weights would tell of both
    this = replace(
        run,
        config=replace(run.config, seed=int(mixed), epochs=job.epochs),
        task=replace(run.task, run=f"{run.task.run} {number} {here}"),
    )

    def train(parts: int) -> None:
        put(given, parameters)
        _engine(model, replace(this, parts=parts), before=number * job.epochs, of=job.rounds * job.epochs).train()

    in_parts(train, parts=run.parts, most=run.config.batch_size)
    send(parameters, Path(to))
    return {"round": number}


def _with_noise(job: Job, count: int) -> tuple[FitConfig, dict[str, Any] | None]:
    """Return the settings with the noise that the budget of all rounds asks for, and the plan."""
    if not job.config.is_private:
        return job.config, None
    plan = plan_of(job.config, records=count, epochs=job.rounds * job.epochs)
    noise: dict[str, Any] = {
        "privacy_epsilon": None,
        "noise_multiplier": plan.noise_multiplier,
        "privacy_delta": plan.delta,
    }
    return replace(job.config, **noise), asdict(plan)


def _engine(model: Any, run: Run[FitTask], *, before: int, of: int) -> Any:
    """Return an engine for some epochs of many: no checkpoints, no validation, and rates as in one long run."""
    engine: Any = (run.task.engine or Engine)(model, run)
    engine.args.eval_strategy = engine.args.save_strategy = "no"
    optimizer = engine.create_optimizer()
    at = partial(share_at, steps=of * run.steps, warmup=run.config.warmup)
    engine.lr_scheduler = LambdaLR(
        optimizer, [_later(at, before * run.steps, group["above"] * run.steps) for group in optimizer.param_groups]
    )
    return engine


def _later(at: Callable[..., float], before: int, begins: int) -> Callable[[int], float]:
    return lambda step: at(step + before, begins=begins)


def main() -> int:
    """Serve by standard input and output.

    Returns:
        The exit code: 0, or 2 for what cannot be used.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed is no answer

    def tell(what: dict[str, Any]) -> None:
        print(json.dumps(what), file=answers, flush=True)

    asked = (json.loads(line) for line in sys.stdin)
    try:
        told = next(asked)
        lists = {name: tuple(told[name]) for name in ("text_columns", "label_names")}
        with _hf.quiet():
            serve(Job(**{**told, **lists, "config": config_of(told["config"])}), asked, tell)
    except (ValueError, OSError, ImportError) as error:
        tell({"error": str(error).splitlines()[0]})
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
