"""Labels -> parts: train, validation and the frozen test part, with copies kept together."""

from __future__ import annotations

from curation.project.config import Config
from curation.project.folder import Round
from curation.project.labelled import freeze_test, frozen_test, outside_test
from curation.project.records import by_id, column
from curation.project.standing import Part
from curation.project.step import Context, Step
from curation.sources.splits import split

UNLABELLED = ""


def run(context: Context) -> str:
    """Divide all records, labelled or not: the test part is drawn before anybody sees a label of it."""
    project, round_ = context.project, context.round
    values = by_id(round_.table("labels.parquet"), "value")
    groups = by_id(round_.table("groups.parquet"), "group")
    ids = column(project.records, "record_id")
    outside = outside_test(project)
    frozen = frozen_test(project) if _was_drawn(round_) else frozenset()
    if outside is not None:
        tests = column(outside, "record_id")
        values.update(by_id(outside, "value"))
        ids, frozen = [*ids, *tests], frozenset(tests)
    labels = context.config.task.strata(values)
    parts = split(
        ids,
        [labels[i] or UNLABELLED for i in ids],
        [groups[i] for i in ids],
        frozen_test=frozen,
        fractions=_fractions(context.config, inside=outside is None),
        seed=context.config.seed,
    )
    if outside is None and not frozen:
        freeze_test(project, parts.ids(Part.TEST))
    round_.write_table("split.parquet", parts.to_table())
    round_.write_json("split.json", {"counts": parts.counts, "notes": list(parts.notes)})
    return ", ".join(f"{n} {part}" for part, n in parts.counts.items())


def _was_drawn(round_: Round) -> bool:
    """Whether a split that came to its end drew the test part; one that was cut short is made again from the start."""
    return round_.number > 0 or (round_.has("manifest.json") and "split" in round_.json("manifest.json"))


def _fractions(config: Config, *, inside: bool) -> tuple[float, float, float]:
    test = config.split.test if inside else 0.0
    return 1.0 - config.split.validation - test, config.split.validation, test


STEP = Step(
    name="split",
    makes=("split.parquet", "split.json"),
    keeps=("test_part.json", "manifest.json"),
    needs=("labels.parquet", "groups.parquet"),
    depends_on=lambda config: [config.split.model_dump(), config.seed],
    run=run,
)
