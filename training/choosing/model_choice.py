"""Which model to begin with: candidates side by side, and a probe of minutes on the records at hand."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.classification import evaluate
from evaluation.comparison import compare
from evaluation.intervals import Interval
from evaluation.shown import Listed, Shown
from training.choosing.learning_curves import FEWEST, LearningCurve, learning_curve, linear_scores
from training.choosing.model_facts import ModelFacts, model_facts
from training.progress import Tick, as_tick, tell
from training.vectors.embedding import embed
from training.vectors.folds import out_of_fold

FloatArray = npt.NDArray[np.float64]

_TIMED = 64  # texts by which a model's speed is measured, after some that warm it up
_WARM = 8
_MOST_PROBED = 2000
_STRENGTH = 10.0  # scikit-learn's C of the linear head, as in the learning curve
_FOLDS = 5
_NEARLY = 0.02  # of macro-F1


@dataclass(frozen=True, kw_only=True, repr=False)
class Candidate(Shown):
    """A model, how fast it reads the texts here, and what a linear head makes of its vectors.

    Attributes:
        facts: What is known of it without its weights.
        texts_per_second: That it embeds on this machine; None of a language model.
        macro_f1: Of a linear head on its vectors, cross-validated on the records that were drawn; None without a probe.
        behind: By how much the best candidate's is higher, on the same records; None of the best, and without a probe.
        probs: (n, k) probabilities that the head gave to the records held out; None likewise.
        vectors: (n, d) of the records that were drawn; None likewise.
    """

    facts: ModelFacts
    texts_per_second: float | None = None
    macro_f1: Interval | None = None
    behind: Interval | None = None
    probs: FloatArray | None = None
    vectors: npt.NDArray[np.float32] | None = None

    @property
    def name(self) -> str:
        """As it was asked for."""
        return self.facts.name

    @property
    def is_nearly_the_best(self) -> bool:
        """Whether the records say that it is the best, or at most two points behind."""
        return self.behind is None or (self.behind.high is not None and self.behind.high <= _NEARLY)


@dataclass(frozen=True, kw_only=True, repr=False)
class ModelChoice(Shown):
    """What `choose_model` found; as a data frame, a row for each candidate.

    Attributes:
        candidates: Every one, in the order in which they were named.
        recommended: The name of one.
        reasons: Why, a sentence each.
        probed: Records of the probe; 0 without one.
        why_not_probed: Why there was none; None where there was.
        curve: What more records bring to the one that is recommended; None without a probe.
    """

    candidates: tuple[Candidate, ...]
    recommended: str
    reasons: tuple[str, ...]
    probed: int
    why_not_probed: str | None
    curve: LearningCurve | None

    def _facts(self) -> Mapping[str, Any]:
        return {"recommended": self.recommended, "probed": self.probed, "reasons": "; ".join(self.reasons)}

    def _columns(self) -> Mapping[str, Any]:
        columns = Listed([each.facts for each in self.candidates])._columns()
        speed = [each.texts_per_second for each in self.candidates]
        return {**columns, "texts_per_second": speed, "macro_f1": [each.macro_f1 for each in self.candidates]}


def choose_model(
    models: Sequence[str],
    texts: Sequence[Sequence[str]],
    *,
    labels: Any = None,
    label_names: Sequence[str] = (),
    labelled: Sequence[int] | None = None,
    minutes: float = 5.0,
    seed: int = 0,
    device: str = "auto",
    progress: bool | Tick = False,
) -> ModelChoice:
    """Compare models on texts of yours, and recommend one.

    The probe holds the models still: a linear head learns from their vectors of the labelled records and is asked
    about those held out, five times over. All candidates get the same records, as many as the slowest can embed in its
    share of the time. The best is recommended, or the fastest of those that are surely at most two points behind. A
    licence that forbids commercial use is warned of, and decides nothing.

    Args:
        models: Names as `FitConfig` takes them, hub models among them only if they were downloaded before.
        texts: One or more columns of n texts; several are read apart, and their vectors stand side by side.
        labels: (m,) positions in `label_names`, or (m, k) ones and zeros, of the labelled records; None for none.
        label_names: The k labels.
        labelled: (m,) positions of the labelled records among the texts; all of them, unless given.
        minutes: For the probes of all candidates together.
        seed: Same seed, same records.
        device: A torch device, or `"auto"`.
        progress: `True` for a progress bar, or a function of (done, in all).

    Raises:
        ValueError: No model is named, or there are no texts.
        UnusableModel: One cannot be opened.
    """
    if not models or not texts or not texts[0]:
        raise ValueError("models, texts: expected at least one of each")
    tick, rng = as_tick(progress, "models"), np.random.default_rng(seed)
    joined = ["\n".join(row) for row in zip(*texts, strict=True)]
    found = []
    for at, name in enumerate(models):
        tell(tick, name)
        facts = model_facts(name, joined, seed=seed)
        speed = None if facts.writes else _speed(facts, joined, rng, device)
        found.append(Candidate(facts=facts, texts_per_second=speed))
        tick(at + 1, 3 * len(models) + 1)
    rows = np.arange(len(joined)) if labelled is None else np.asarray(labelled)
    why, drawn = _drawn(found, labels, rows, minutes, rng)
    if why is None:
        known = np.asarray(labels)[drawn]
        columns = [[column[row] for row in rows[drawn]] for column in texts]
        found = _probed(found, columns, known, label_names, seed, device, tick)
    best, reasons = _recommended(found)
    curve = None
    if best.vectors is not None and len(best.vectors) >= FEWEST:
        tell(tick, "learning curve")
        curve = learning_curve(linear_scores(best.vectors, np.asarray(labels)[drawn]), len(drawn), seed=seed)
    tick(1, 1)
    return ModelChoice(
        candidates=tuple(found),
        recommended=best.name,
        reasons=tuple(reasons),
        probed=0 if why else len(drawn),
        why_not_probed=why,
        curve=curve,
    )


def _speed(facts: ModelFacts, texts: Sequence[str], rng: np.random.Generator, device: str) -> float:
    from training.models._torch import choose_precision
    from training.vectors._sentence_transformers import load_encoder

    encode = load_encoder(
        str(facts.folder), batch_tokens=None, precision=choose_precision("auto", device), device=device
    )
    some = [texts[at] for at in rng.permutation(len(texts))[: _TIMED + _WARM]]
    encode(some[:_WARM], lambda done: None)
    timed, began = some[_WARM:] or some, time.perf_counter()
    encode(timed, lambda done: None)
    return len(timed) / max(time.perf_counter() - began, 1e-6)


def _drawn(
    found: Sequence[Candidate], labels: Any, rows: npt.NDArray[Any], minutes: float, rng: np.random.Generator
) -> tuple[str | None, npt.NDArray[Any]]:
    """Return why there is no probe, or None and which of the labelled records it has."""
    none = np.arange(0)
    speeds = [each.texts_per_second for each in found if each.texts_per_second]
    if labels is None or not len(rows):
        return "no record has a label yet, or none of a kind that a linear head learns", none
    if not speeds:
        return "language models have no vectors of texts", none
    affordable = int(min(speeds) * 60 * minutes / len(found) / 2)  # half of it is for the heads
    drawn = np.sort(rng.permutation(len(rows))[: min(_MOST_PROBED, affordable)])
    there = np.asarray(labels)[drawn]
    counts = np.bincount(there) if there.ndim == 1 else np.concatenate([there.sum(axis=0), (1 - there).sum(axis=0)])
    if len(drawn) < FEWEST or (counts[counts > 0] < 2).all() or (there.ndim == 1 and (counts > 0).sum() < 2):
        return f"{len(drawn)} labelled records are too few for a probe in {minutes:g} minutes", none
    return None, drawn


def _probed(
    found: Sequence[Candidate],
    columns: Sequence[Sequence[str]],
    labels: npt.NDArray[Any],
    names: Sequence[str],
    seed: int,
    device: str,
    tick: Tick,
) -> list[Candidate]:
    probed = []
    for at, each in enumerate(found):
        if each.facts.writes:
            probed.append(each)
            continue
        tell(tick, each.name)
        vectors = _side_by_side([embed(column, model=str(each.facts.folder), device=device) for column in columns])
        probs = _held_out(vectors, labels, len(names), seed)
        scores = evaluate(_as_given(labels), probs, label_names=names).macro_f1
        probed.append(replace(each, macro_f1=scores, probs=probs, vectors=vectors))
        tick(len(found) + 2 * (at + 1), 3 * len(found) + 1)
    best = max((each for each in probed if each.macro_f1), key=lambda each: _value(each.macro_f1), default=None)
    return [
        replace(each, behind=compare(_as_given(labels), each.probs, best.probs, label_names=names).macro_f1)
        if best is not None and each is not best and each.probs is not None and best.probs is not None
        else each
        for each in probed
    ]


def _as_given(labels: npt.NDArray[Any]) -> list[Any]:
    """Return labels as `evaluate` takes them: a position, or a list of positions."""
    return labels.tolist() if labels.ndim == 1 else [np.flatnonzero(row).tolist() for row in labels]


def _side_by_side(vectors: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Return the vectors of several columns beside each other; of two also where they differ, and how far."""
    if len(vectors) == 2:
        vectors = [*vectors, np.abs(vectors[0] - vectors[1]), vectors[0] * vectors[1]]
    return np.concatenate(vectors, axis=1)


def _held_out(vectors: npt.NDArray[np.float32], labels: npt.NDArray[Any], k: int, seed: int) -> FloatArray:
    how: dict[str, Any] = {"folds": _FOLDS, "seed": seed, "inverse_regularization": _STRENGTH}
    if labels.ndim == 1:
        return out_of_fold(vectors, labels, n_classes=k, **how)
    return np.column_stack([_one_label(vectors, each, how) for each in labels.T])


def _one_label(vectors: npt.NDArray[np.float32], given: npt.NDArray[Any], how: Mapping[str, Any]) -> FloatArray:
    if not 0 < given.sum() < len(given):
        return np.full(len(given), float(given[0]))
    return np.asarray(out_of_fold(vectors, given, n_classes=2, **how)[:, 1])


def _recommended(found: Sequence[Candidate]) -> tuple[Candidate, list[str]]:
    """Return the one to take, and why."""
    able = [each for each in found if each.facts.reads] or list(found)
    reasons = [f"{each.name} is left out: {each.facts.warnings[0]}" for each in found if each not in able]
    probed = [each for each in able if each.macro_f1 is not None]
    if not probed:
        chosen = max(able, key=lambda each: (each.texts_per_second or 0.0, -each.facts.bytes))
        return chosen, [
            *reasons,
            "it reads these texts, and is the fastest that does" if len(found) > 1 else "it is the only one",
        ]
    best = max(probed, key=lambda each: _value(each.macro_f1))
    chosen = max((each for each in probed if each.is_nearly_the_best), key=_speed_of, default=best)
    reasons.append(f"a linear head on its vectors has a macro-F1 of {_said(chosen.macro_f1)}")
    reasons += [_beside(each, chosen) for each in probed if each is not chosen]
    return chosen, reasons


def _beside(other: Candidate, chosen: Candidate) -> str:
    slower = _speed_of(chosen) / max(_speed_of(other), 1e-6)
    paced = f"takes {slower:.1f} times as long" if slower >= 1 else f"is {1 / slower:.1f} times as fast"
    if chosen.behind is not None:
        return f"{other.name} is at most two points ahead, and {paced}"
    how = "is surely" if other.behind is not None and (other.behind.low or 0.0) > 0 else "may be"
    return f"{other.name} {how} behind, by {_said(other.behind)}, and {paced}"


def _speed_of(each: Candidate) -> float:
    return each.texts_per_second or 0.0


def _value(interval: Interval | None) -> float:
    return interval.value if interval is not None and interval.value is not None else float("-inf")


def _said(interval: Interval | None) -> str:
    if interval is None or interval.low is None:
        return "not known"
    return interval.in_words()
