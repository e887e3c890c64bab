"""Training part -> model: fine-tuned, stopped early, the best checkpoint by its score on validation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from curation.errors import TwofoldError
from curation.project.config import TrainingConfig
from curation.project.labelled import SOFT, labelled_dataset, records_by_part, soft_targets
from curation.project.records import column
from curation.project.standing import Part
from curation.project.step import Context, Step
from curation.tasks.kind import Scale

if TYPE_CHECKING:
    from training import FitResult
    from training.config import Learns


def run(context: Context) -> str:
    """Fine-tune on the training part and its augmented variants."""
    from training import fit
    from training.results import DataNote

    task, parts = context.config.task, records_by_part(context.round)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNote)  # said in the sentence about the step
        result = fit(
            _training_part(context, parts[Part.TRAIN]),
            labelled_dataset(context.project, context.round, parts[Part.VALIDATION]),
            text_columns=task.read_fields,
            label_column=task.question,
            config=fit_config(
                context.config.training,
                context.config.seed,
                task.kind.scale,
                compares=bool(task.rivals),
                learns="answers" if task.kind.is_written else "labels",
            ),
            output_dir=context.round.path("model"),
            progress=context.tick,
        )
    found = f"best epoch {result.best_epoch} of {len(result.history)}, {_score(result)} on validation"
    spent = [] if result.privacy is None else [f"epsilon {result.privacy.epsilon:.3g} spent"]
    return "; ".join([f"{found} ({result.precision} on {result.device})", *spent, *result.notes])


def _training_part(context: Context, record_ids: Sequence[str]) -> Any:
    soft, kind = context.config.training.soft_labels, context.config.task.kind
    if soft and kind.recipe != "classification":
        raise TwofoldError(f"training.soft_labels: expected false for answers of the kind {kind.name!r}, came true")
    known = soft_targets(context.project, context.round, record_ids) if soft else None
    return _with_variants(context, labelled_dataset(context.project, context.round, record_ids, soft=known), known)


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

    soft, given = SOFT if settings.soft_labels else None, settings.fit_settings
    return FitConfig(seed=seed, scale=scale, compares=compares, learns=learns, soft_labels=soft, **given)


def _with_variants(context: Context, train: Any, soft: Mapping[str, list[float]] | None) -> Any:
    import datasets

    from training import FitConfig

    variants = context.round.table("augmented.parquet")
    if variants.num_rows == 0:
        return train
    if FitConfig(**context.config.training.fit_settings).is_private:
        raise TwofoldError("augmentation.per_record: expected 0 where training is private, as variants tell of records")
    task = context.config.task
    columns: dict[str, list[Any]] = {name: [] for name in task.fields}
    for fields in column(variants, "fields"):
        for name in task.fields:
            columns[name].append(fields[name])
    columns[task.question] = [task.target(value) for value in column(variants, "value")]
    if soft is not None:
        columns[SOFT] = [soft[parent] for parent in column(variants, "parent")]
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
)
