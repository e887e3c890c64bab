"""Training part -> model: fine-tuned, stopped early, the best checkpoint by its score on validation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curation.bias.weighting import reweighting
from curation.errors import TwofoldError
from curation.project.config import TrainingConfig
from curation.project.folder import Round
from curation.project.labelled import (
    SOFT,
    WEIGHT,
    current_labels,
    current_values,
    labelled_dataset,
    records_by_part,
    soft_targets,
)
from curation.project.records import column
from curation.project.standing import Part
from curation.project.step import Context, Step, Tick
from curation.sources.beside import kept_column
from curation.tasks.kind import Scale
from curation.tasks.task import Task
from training.models.model_files import UnusableModel
from training.progress import say
from training.run_record import KEPT, recorded

if TYPE_CHECKING:
    from training import FitResult
    from training.config import Learns


FULL = "full.json"
"""Of a round whose model is trained by `training.method`, whatever `training.in_rounds` says."""


def run(context: Context) -> str:
    """Fine-tune on the training part and its augmented variants."""
    from training import fit

    train_ids, settings = records_by_part(context.round)[Part.TRAIN], context.config.training
    given = given_to_fit(context, settings if context.round.has(FULL) else settings.of_rounds)
    with refusals(context, train_ids), _notes_shown(context.tick):
        result = fit(**given, output_dir=context.round.path("model"), progress=context.tick)
    found = f"best epoch {result.best_epoch} of {len(result.history)}, {_score(result)} on validation"
    spent = [] if result.privacy is None else [f"epsilon {result.privacy.epsilon:.3g} spent"]
    fitted = [result.over_fitting] if result.over_fitting else []
    return "; ".join([f"{found} ({result.precision} on {result.device})", *fitted, *spent, *result.notes])


def train_fully(round_: Round, full: bool) -> None:
    """Say whether the model of a round is trained by `training.method`, whatever `training.in_rounds` says."""
    if full:
        round_.write_json(FULL, {"by": "training.method"})
    else:
        round_.path(FULL).unlink(missing_ok=True)


def given_to_fit(context: Context, settings: TrainingConfig) -> dict[str, Any]:
    """Return what `training.fit` is given of a round: both parts, their columns and the settings."""
    task, parts = context.config.task, records_by_part(context.round)
    return {
        "train": _training_part(context, parts[Part.TRAIN], settings),
        "validation": labelled_dataset(context.project, context.round, parts[Part.VALIDATION]),
        "text_columns": task.read_fields,
        "label_column": task.question,
        "config": fit_config(
            settings,
            context.config.seed,
            task.kind.scale,
            compares=bool(task.rivals),
            learns="answers" if task.kind.is_written else "labels",
        ),
    }


@contextmanager
def _notes_shown(tick: Tick) -> Iterator[None]:
    """Within it what training says of the data stands above the bar before it begins."""
    from training.results import DataNote

    with warnings.catch_warnings():
        warnings.simplefilter("always", DataNote)
        before = warnings.showwarning

        def shown(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
            if issubclass(category, DataNote):
                say(tick, str(message))
            else:
                before(message, category, *where, **more)

        warnings.showwarning = shown
        yield


@contextmanager
def refusals(context: Context, record_ids: Sequence[str]) -> Iterator[None]:
    """Within it what training cannot use is one line, which names records by their ids.

    Raises:
        TwofoldError: In place of a ValueError.
    """
    from training.engines.engine import NotFinite

    try:
        yield
    except NotFinite as error:
        known = current_values(context.project, context.round)
        ids = sorted(i for i in record_ids if i in known)
        variants = context.round.table("augmented.parquet")
        ids += [f"a variant of {parent}" for parent in column(variants, "parent")] if variants.num_rows else []
        raise TwofoldError(error.told([ids[row] for row in error.rows], "records")) from error
    except UnusableModel:
        raise
    except ValueError as error:
        raise TwofoldError(f"training: {error}") from error


def _recorded(round_: Round) -> dict[str, Any]:
    """Return what the ledger keeps of a run: settings, data, surroundings, every epoch, and what it took."""
    found = recorded(round_.path("model"))
    return {"training": {name: found.get(name) for name in KEPT}}


def _training_part(context: Context, record_ids: Sequence[str], settings: TrainingConfig) -> Any:
    beside = _beside(context, record_ids, settings)
    records = labelled_dataset(context.project, context.round, record_ids, beside=beside)
    variants = context.round.table("augmented.parquet")
    if variants.num_rows == 0:
        return records
    if fit_config(settings, context.config.seed).is_private:
        raise TwofoldError("augmentation.per_record: expected 0 where training is private, as variants tell of records")
    return _with_variants(context.config.task, records, variants, beside)


def _beside(context: Context, record_ids: Sequence[str], settings: TrainingConfig) -> dict[str, Mapping[str, Any]]:
    """Return what else the settings want to be known of every training record, by column and id."""
    kind = context.config.task.kind
    asked = [name for name in ("soft_labels", "reweigh_by") if getattr(settings, name)]
    if asked and (kind.recipe != "classification" or kind.scale != "nominal"):
        raise TwofoldError(f"training.{asked[0]}: expected nothing for answers of the kind {kind.name!r}")
    found: dict[str, Mapping[str, Any]] = {}
    if settings.soft_labels:
        found[SOFT] = soft_targets(context.project, context.round, record_ids)
    if settings.reweigh_by is not None:
        found[WEIGHT] = _weights(context, record_ids, settings.reweigh_by)
    return found


def _weights(context: Context, record_ids: Sequence[str], by: str) -> Mapping[str, float]:
    """Return what each record counts, and its variants, by the labels and groups of all of them."""
    project = context.project
    kept = kept_column(project, by, "training.reweigh_by")
    groups = dict(zip(column(project.records, "record_id"), kept, strict=True))
    labels = current_labels(project, context.round)
    parents = column(context.round.table("augmented.parquet"), "parent")
    ids = [i for i in (*record_ids, *parents) if i in labels]
    found = reweighting([labels[i] for i in ids], [groups[i] for i in ids])
    return dict(zip(ids, found.weights.tolist(), strict=True))


def _score(result: FitResult) -> str:
    best = result.history[result.best_epoch - 1]
    return f"loss {best.validation_loss:.3f} a token" if best.macro_f1 is None else f"macro-F1 {best.macro_f1:.3f}"


def fit_config(
    settings: TrainingConfig,
    seed: int,
    scale: Scale = "nominal",
    *,
    compares: bool = False,
    learns: Learns = "labels",
) -> Any:
    """Turn the `[training]` table into what the trainer takes; what is not set is left to its defaults."""
    from training import FitConfig

    beside: dict[str, Any] = {
        "soft_labels": SOFT if settings.soft_labels else None,
        "record_weights": WEIGHT if settings.reweigh_by else None,
    }
    return FitConfig(seed=seed, scale=scale, compares=compares, learns=learns, **beside, **settings.fit_settings)


def _with_variants(task: Task, train: Any, variants: pa.Table, beside: Mapping[str, Mapping[str, Any]]) -> Any:
    import datasets

    columns: dict[str, list[Any]] = {name: [] for name in task.fields}
    for fields in column(variants, "fields"):
        for name in task.fields:
            columns[name].append(fields[name])
    columns[task.question] = [task.target(value) for value in column(variants, "value")]
    for name, values in beside.items():
        columns[name] = [values[parent] for parent in column(variants, "parent")]
    more = datasets.Dataset.from_dict(columns, features=train.features)
    return datasets.concatenate_datasets([train, more])


STEP = Step(
    name="train",
    makes=("model",),
    needs=("labels.parquet", "split.parquet", "augmented.parquet"),
    depends_on=lambda config: [
        config.training.model_dump(exclude_defaults=True),
        config.task.model_dump(mode="json"),
        config.seed,
    ],
    run=run,
    revision=2,
    told=_recorded,
)
