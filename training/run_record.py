"""How a model came to be: `training.json` beside it, the same for the same run, and `cost.json`, what this one took."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.config import FitConfig
from training.cost import COST, Cost
from training.models.model_files import json_in
from training.whole_files import write_whole

if TYPE_CHECKING:
    from training.results import FitResult

TEXT_COLUMNS = "text_columns"
"""What the record calls the columns that the model reads, in their order."""
LONGEST = "longest_answer"
"""And the number of tokens of the longest answer that was learnt."""

KEPT = (
    "config",
    "data",
    "history",
    "best_epoch",
    "over_fitting",
    "device",
    "precision",
    "environment",
    "versions",
    "cost",
)
"""What of a run is worth keeping where its folder is not."""

_NAME = "training.json"


def write_run_record(
    result: FitResult, *, run: str, label_names: tuple[str, ...], told: Mapping[str, Any] | None = None
) -> None:
    """Write the record, with what else is `told`, last of all files: where it lies, the run is complete."""
    record = {
        "run": run,
        "config": result.config.deciding(),
        "label_names": label_names,
        "history": [asdict(epoch) for epoch in result.history],
        "best_epoch": result.best_epoch,
        "padding_waste": result.padding_waste,
        "device": result.device,
        "precision": result.precision,
        "notes": result.notes,
        "privacy": None if result.privacy is None else asdict(result.privacy),
        "over_fitting": result.over_fitting,
        "data": result.data,
        **(told or {}),
        "environment": {name: value for name, value in result.environment.items() if name != "versions"},
        "versions": result.environment.get("versions", {}),
    }
    if result.cost is not None:
        _write(result.model_dir / COST, asdict(result.cost))
    _write(result.model_dir / _NAME, record)


def _write(path: Path, found: Mapping[str, Any]) -> None:
    text = json.dumps(found, indent=2) + "\n"
    write_whole(path, lambda to: to.write_text(text, encoding="utf-8"))


def recorded(model_dir: Path) -> dict[str, Any]:
    """What is known of the run that made the model in a folder, by name, its cost as `cost`; empty without a record."""
    found = json_in(model_dir / _NAME)
    return {**found, "cost": json_in(model_dir / COST) or found.get("cost")} if found else {}


def copy_run_record(model_dir: Path, to: Path) -> None:
    """Put the record of a model, if it has one, beside another that was made of it."""
    for name in (COST, _NAME):
        if (model_dir / name).is_file():
            shutil.copy(model_dir / name, to)


def forget_run_record(model_dir: Path) -> None:
    """Remove the record of an earlier run, before its model is written over."""
    for name in (_NAME, COST):
        (model_dir / name).unlink(missing_ok=True)


def text_columns_in(model_dir: Path) -> tuple[str, ...] | None:
    """The columns that the model in a folder was trained on; `None` where no record tells."""
    found = json_in(model_dir / _NAME).get(TEXT_COLUMNS)
    return tuple(map(str, found)) if isinstance(found, list) and found else None


def longest_answer_in(model_dir: Path) -> int | None:
    """Tokens of the longest answer that the model in a folder learnt; `None` where no record tells."""
    found = json_in(model_dir / _NAME).get(LONGEST)
    return found if isinstance(found, int) and found > 0 else None


def is_complete(model_dir: Path) -> bool:
    """Whether a run in a folder came to its end."""
    return (model_dir / _NAME).is_file()


def read_run_record(model_dir: Path, *, run: str, config: FitConfig) -> FitResult | None:
    """The result of the finished run in `model_dir`, or `None` if there is none or it is another run's."""
    from training.results import EpochResult, FitResult, Privacy

    record = recorded(model_dir)
    if record.get("run") != run:
        return None
    return FitResult(
        model_dir=model_dir,
        best_epoch=record["best_epoch"],
        history=tuple(EpochResult(**epoch) for epoch in record["history"]),
        padding_waste=record["padding_waste"],
        config=config,
        device=record["device"],
        precision=record["precision"],
        notes=tuple(record.get("notes", ())),
        privacy=Privacy(**record["privacy"]) if record.get("privacy") else None,
        over_fitting=record.get("over_fitting", ""),
        data=record.get("data", ""),
        environment={**record.get("environment", {}), "versions": record["versions"]},
        cost=Cost(**record["cost"]) if record.get("cost") else None,
    )
