"""The state of the round in one sentence."""

from __future__ import annotations

from curation.report.model_parts import Comparison, Model
from curation.report.review_parts import Round
from curation.report.schema import Report
from curation.report.system_parts import JudgedPair, RatedPair, Systems
from curation.report.wording import clip, count, interval


def headline(report: Report) -> str:
    """Say in one sentence what people have read and what became of the model, or which system they prefer.

    A model "rose" or "fell" only where the interval of the difference leaves out zero; otherwise the two
    numbers are given side by side, because the difference may be chance.
    """
    current = next((entry for entry in report.rounds if entry.number == report.project.round), None)
    of_model = _model(report.model) if report.systems is None else _systems(report.systems)
    said = [*_people(report, current), *of_model]
    return f"Round {report.project.round}: {', '.join(said)}."


def _people(report: Report, current: Round | None) -> list[str]:
    if current is None or not current.sent:
        came = [f"{count(report.intake.kept, 'record')} came in"] if report.intake else []
        return [*came, "nothing was sent to reviewers yet"]
    if not current.answered:
        return [f"{count(current.sent, 'record')} sent to reviewers", "none of them fully answered yet"]
    read = count(current.answered, "record")
    if current.answered < current.sent:
        read = f"{count(current.answered)} of {count(current.sent, 'record')}"
    said = [f"{read} fully answered", f"{count(current.adjudicated)} settled by an adjudicator"]
    return said + ([f"{count(current.disputed)} still disputed"] if current.disputed else [])


def _model(model: Model | None) -> list[str]:
    if model is None or model.evaluation is None or model.evaluation.accuracy is None:
        return ["no model measured yet"]
    now = interval(model.evaluation.accuracy)
    if model.before is None or model.before.accuracy is None:
        return [f"the model's accuracy is {now}"]
    verb, caveat = _movement(model.comparison)
    since = f" since round {model.before_round}" if model.before_round is not None else ""
    return [f"the model's accuracy {verb} from {interval(model.before.accuracy)} to {now}{since}{caveat}"]


def _systems(judged: Systems) -> list[str]:
    """Say how often the best system wins against the next, by the first question about which anything is known."""
    if judged.pairs:
        best = judged.pairs[0]
        said = f"{_against(best)} wins in {interval(best.win_rate)} of the comparisons"
        return [said if best.better else f"{said}, which may be chance"]
    if judged.rated:
        row = judged.rated[0]
        said = f"{_against(row)} is rated higher by {interval(row.difference)}"
        return [said if row.better else f"{said}, which may be chance"]
    return ["nothing is known of the systems yet"]


def _against(row: JudgedPair | RatedPair) -> str:
    return f"{clip(row.system, 40)} against {clip(row.other, 40)}"


def _movement(comparison: Comparison | None) -> tuple[str, str]:
    difference = comparison.accuracy if comparison else None
    if difference is None or difference.low is None or difference.high is None:
        return "went", ""
    if difference.low > 0:
        return "rose", ""
    if difference.high < 0:
        return "fell", ""
    return "went", ", a difference that may be chance"
