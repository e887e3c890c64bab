"""A log from file to findings and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import TwofoldError
from curation.monitoring.alarms import Alarm, alarms
from curation.monitoring.compared import Compared, compared, tested_records, weights_of_tested, with_predictions
from curation.monitoring.log_rows import Log
from curation.monitoring.measures import measure_of
from curation.monitoring.what_next import NewRegion, Proposal, new_regions, what_next
from curation.project.folder import Project, Round
from curation.project.step import Context, Tick
from training.models.model_files import UnusableModel


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was found of a log.

    Attributes:
        round: Whose test part and model it was held against.
        log: The log.
        against: What it was held against, in words.
        compared: The findings.
        alarms: Those that are a reason to raise an alarm.
        regions: What there is more of than there was, the most telling first.
        proposals: Rows that people should annotate next.
    """

    round: int
    log: Log
    against: str
    compared: Compared
    alarms: list[Alarm]
    regions: list[NewRegion]
    proposals: list[Proposal]

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and words, ready for JSON; of texts there are the words that tell new ones apart."""
        found, log = self.compared, self.log
        rows = [{**row.to_dict(), "measure": measure_of(row.column)} for row in found.drift.rows]
        return {
            "round": self.round,
            "log": str(log.path),
            "digest": log.digest,
            "rows": log.rows,
            "first": None if log.first is None else log.first.isoformat(),
            "last": None if log.last is None else log.last.isoformat(),
            "compared": found.drift.log,
            "reference": {"what": self.against, "records": found.drift.reference},
            "left_out": {**log.left_out},
            "not_compared": [*found.left_out],
            "level": found.drift.level,
            "tests": rows,
            "seconds": {name: each.to_dict() for name, each in found.seconds.items()},
            "thumbs": {"up": log.thumbs[0], "down": log.thumbs[1]},
            "corrections": {"same": log.corrections[0], "other": log.corrections[1]},
            "new": [each.sentence for each in self.regions],
            "next": [{"row": each.row.row, "reason": each.reason, "why": each.why} for each in self.proposals],
            "alarms": [each.to_dict() for each in self.alarms],
        }


def watch(
    project: Project,
    round_: Round,
    log: Log,
    *,
    tick: Tick,
    model: Path | None = None,
    reference: Log | None = None,
    smallest: float | None = None,
    size: int = 0,
) -> Watched:
    """Hold a log against the test part of a round, or against an earlier log.

    Args:
        project: As it is seen from the question that a model learns.
        round_: It has been evaluated.
        log: The log.
        tick: How far it is.
        model: The model that the log is of; None for that of the round.
        reference: An earlier log, to be held against in place of the test part.
        smallest: The size from which a finding raises an alarm; None for that of `twofold.toml`.
        size: Rows to propose for annotation at most.

    Raises:
        TwofoldError: The test part is too small, or the model knows other labels.
    """
    context, asked = Context(project=project, round=round_, tick=tick), project.config.monitor
    try:
        if reference is None:
            known, against = tested_records(context, model), f"records of the test part of round {round_.number}"
            weights = weights_of_tested(context)
        else:
            known, against = with_predictions(context, reference.sample, model), f"rows of {reference.path}"
            weights = None
        found = compared(context, log, known, weights=weights, level=asked.level, model=model)
        regions = new_regions(context, found)
        proposals = what_next(context, log, found, regions, size) if size else []
    except UnusableModel:
        raise
    except ValueError as error:  # of `training`, which knows no project
        raise TwofoldError(f"{log.path}: {error}") from error
    asked = asked if smallest is None else asked.model_copy(update={"smallest": smallest})
    return Watched(
        round=round_.number,
        log=log,
        against=against,
        compared=found,
        alarms=alarms(found, asked),
        regions=regions,
        proposals=proposals,
    )
