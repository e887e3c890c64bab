"""Which parts of the report become which picture; a picture is None where there is nothing to draw."""

from __future__ import annotations

from typing import Any

from curation.report.behaviour_parts import Robustness
from curation.report.confusion import heat_rows, mixups
from curation.report.interval_plot import IntervalPlot, interval_plot
from curation.report.line_chart import LineChart, Series, line_chart, plain
from curation.report.model_parts import Evaluation, Model
from curation.report.review_parts import Agreement, Gold, Round
from curation.report.scatter import scatter
from curation.report.schema import Report

_SCORES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "macro_precision": "Macro precision",
    "macro_recall": "Macro recall",
}

_MEASURES = {
    "word_error": "Words that differ",
    "chrf": "Characters alike (chrF)",
    "similarity": "Meaning alike (cosine)",
    "exact F1": "Passages alike (F1)",
    "overlapping F1": "Passages that overlap (F1)",
}


_DRAWN = 12  # measures in a picture: where there are more, the first ones tell of all labels


def pictures(report: Report) -> dict[str, Any]:
    """Return the pictures of the page by the name that the templates give them."""
    model = report.model
    now = model.evaluation if model else None
    return {
        "agreement_plot": _agreement_plot(report.review.agreement if report.review else None),
        "gold_plot": _gold_plot(report.gold),
        "model_plot": _model_plot(now, model.before if model else None),
        "heat": heat_rows(now) if now else None,
        "mixups": mixups(now) if now else [],
        "loss_chart": _epochs_chart(model, train_loss="train loss", validation_loss="validation loss"),
        "score_chart": _epochs_chart(model, accuracy="accuracy", macro_f1="macro F1"),
        "robustness_chart": _robustness_chart(model.robustness if model else None),
        "rounds_chart": _rounds_chart(report.rounds),
        "scatter": scatter(report.map, report.project.labels) if report.map else None,
    }


def _agreement_plot(agreement: Agreement | None) -> IntervalPlot | None:
    if agreement is None:
        return None
    spaced = [("Alpha, steps equally far apart", agreement.alpha_interval, False)] if agreement.alpha_interval else []
    taus = [("Kendall's tau", agreement.kendall_tau, False)] if agreement.kendall_tau else []
    return interval_plot(
        [
            ("Krippendorff's alpha", agreement.alpha, False),
            *spaced,
            *taus,
            ("Fleiss' kappa", agreement.fleiss_kappa, False),
            ("Observed agreement", agreement.observed, False),
            *((_MEASURES.get(each.name, each.name), each.score, False) for each in agreement.measures[:_DRAWN]),
        ]
    )


def _gold_plot(gold: Gold | None) -> IntervalPlot | None:
    return interval_plot([(row.what, row.accuracy, False) for row in gold.rows]) if gold else None


def _model_plot(now: Evaluation | None, before: Evaluation | None) -> IntervalPlot | None:
    """Put each score of the model under that of the model before it, on one axis."""
    rows = []
    for key, title in _SCORES.items():
        if before:
            rows.append((f"{title}, before", getattr(before, key), True))
        if now:
            rows.append((f"{title}, now" if before else title, getattr(now, key), False))
    return interval_plot(rows)


def _epochs_chart(model: Model | None, **names: str) -> LineChart | None:
    if model is None or model.training is None:
        return None
    history = model.training.history
    lines = [
        Series(name=name, x=[step.epoch for step in history], y=plain([getattr(step, key) for step in history]))
        for key, name in names.items()
    ]
    return line_chart(lines, best=model.training.best_epoch)


def _robustness_chart(found: Robustness | None) -> LineChart | None:
    """Draw what the two changes cost that cost most of those with several strengths, from the texts as they are on."""
    if found is None:
        return None
    curves = [harm for harm in found.harms if len(harm.curve) > 1][:2]
    return line_chart(
        [
            Series(
                name=harm.perturbation.replace("_", " "),
                x=[0.0, *(point.strength for point in harm.curve)],
                y=[found.accuracy, *(point.accuracy for point in harm.curve)],
            )
            for harm in curves
        ]
    )


def _rounds_chart(rounds: list[Round]) -> LineChart | None:
    numbers = [entry.number for entry in rounds]
    accuracy = Series(name="accuracy", x=numbers, y=[entry.accuracy for entry in rounds])
    macro_f1 = Series(name="macro F1", x=numbers, y=[entry.macro_f1 for entry in rounds])
    return line_chart([accuracy, macro_f1])
