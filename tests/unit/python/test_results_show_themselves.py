"""A result of 10,000 records prints in a few lines, is a table in a notebook, and becomes a data frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import twofold as tf
from evaluation import perplexity_change
from training.results import questions_as_predictions, values_as_predictions

N = 10_000
ODD = "<script>alert(1)</script>"
RNG = np.random.default_rng(0)
CODES = np.arange(N) % 3
LABELS = ["card", "parcel", ODD]
NAMES = [LABELS[code] for code in CODES]
POINTS = np.eye(3)[CODES] + RNG.normal(scale=0.2, size=(N, 3))
PROBS = np.full((N, 3), 0.1) + 0.7 * np.eye(3)[np.where(RNG.random(N) < 0.9, CODES, 0)]
VOTES = {
    "record_id": [f"r{i}" for i in range(N)] * 2,
    "reviewer": [ODD] * N + ["ben"] * N,
    "label": NAMES + [LABELS[code] for code in np.where(RNG.random(N) < 0.8, CODES, 1)],
}
COPIES = pa.table({"parent": np.arange(N), "text": [f"{ODD} {i}" for i in range(N)], "label": NAMES})
MEASURED = tf.Measured(megabytes=9.5, milliseconds=3.25, texts_per_second=300.0)
EPOCHS = tuple(
    tf.EpochResult(epoch=i, train_loss=1 / i, validation_loss=1 / i, macro_f1=0.5, accuracy=0.5) for i in range(1, 99)
)

PARITY = [f"{ODD} {i % 2}" for i in range(N)]


def readers() -> tf.Findings:
    person = np.arange(N) % 50
    return tf.reader_groups(CODES, items=np.arange(N) // 50, readers=person, by={ODD: person % 2}, permutations=99)


def weak() -> Any:
    probs = np.where(np.array(PARITY)[:, None] == PARITY[0], [[0.9, 0.1]], [[0.2, 0.8]])
    return tf.weak_slices(np.zeros(N, dtype=int), probs, label_names=["a", ODD], by={ODD: PARITY})


def explained() -> tf.Explanations:
    return tf.occlusion([f"{ODD} {i % 2}" for i in range(N)], says_a_digit, label_names=["even", ODD])


def says_a_digit(texts: list[str]) -> Any:
    return [[0.2, 0.8] if "1" in text.split() else [0.9, 0.1] for text in texts]


def drifted() -> Any:
    sides = [{"label": NAMES[:n], ODD: CODES[:n], "texts": POINTS[:n, :1] + 1} for n in (60, 90)]
    return tf.drift(sides[0], {**sides[1], "texts": np.ones((90, 1))}, draws=19)


def robust() -> tf.Robustness:
    texts = [f"{ODD} {NAMES[i]} number {i}" for i in range(90)]
    names = ["card", ODD]
    return tf.robustness(texts, [0] * 90, lambda asked: [[0.4, 0.6]] * len(asked), label_names=names, resamples=5)


def behaves() -> tf.BehaviourResult:
    test = {"name": ODD, "texts": [ODD], "expect": ODD}
    return tf.behaviour([test], lambda texts: [[0.9, 0.1]], label_names=["card", ODD])[0]


def amplified() -> tf.Amplifications:
    sides = [f"{ODD}{n}" for n in range(2)] * 45
    columns = {ODD: sides}
    return tf.amplification(NAMES[:90], [ODD] * 90, by=columns, predicted_by=columns)


def swaps() -> tf.Swaps:
    texts = [f"{who} says {ODD} {i}" for i in range(30) for who in ("He", "She")]
    return tf.counterfactual_swaps(texts, says_a_digit, label_names=["even", ODD], resamples=5)


def forgot() -> Any:
    return perplexity_change([-2.0] * 12, [-3.0] * 12, [2] * 12, resamples=5)


def rated() -> tf.RatedSystems:
    return tf.compare_rated_systems([ODD, "base"] * 50, [3, 2, 4, 4] * 25, prompts=[n // 2 for n in range(100)])


def judged() -> tf.SystemComparison:
    sides = ([ODD, "base"] * 50, ["base", ODD] * 50)
    return tf.compare_systems(*sides, ["first"] * 60 + ["second"] * 40, readers=[ODD, "ben"] * 50)


MARKED = [[{"start": 0, "end": 3, "label": name}] for name in NAMES]

# The result, and how many rows it has as a data frame.
RESULTS: dict[str, tuple[Any, int]] = {
    "Agreement": (lambda: tf.agreement(VOTES, resamples=5), 4 + 3 + 1),
    "Score": (lambda: tf.agreement(VOTES, resamples=5).alpha, 1),
    "PairAgreement": (lambda: tf.agreement(VOTES, resamples=5).pairs[0], 1),
    "Consensus": (lambda: tf.consensus(VOTES), N),
    "ItemRanking": (lambda: tf.rank_items([(f"{ODD}{i}", ODD, f"{ODD}{i % 3}", "first") for i in range(50)]), 51),
    "LabelQuality": (lambda: tf.label_quality(NAMES, pred_probs=PROBS, label_names=LABELS), N),
    "MultiLabelQuality": (
        lambda: tf.label_quality([[n] for n in NAMES], kind="multi_label", pred_probs=PROBS, label_names=LABELS),
        N,
    ),
    "RankingQuality": (
        lambda: tf.label_quality([[ODD, "b"], ["b", ODD]] * (N // 2), kind="ranking", texts=[f"{ODD} and"] * N),
        N,
    ),
    "SpanQuality": (lambda: tf.label_quality(MARKED, kind="span", texts=[f"{ODD} and" for _ in MARKED]), N),
    "Duplicates": (lambda: tf.near_duplicates(embeddings=POINTS, threshold=1.0), N),
    "StreamedCopies": (lambda: next(tf.streamed_copies([[f"{ODD} {i}" for i in range(N)]])), N),
    "Outliers": (lambda: tf.Outliers(score=POINTS[:, 0], distance=POINTS[:, 1], is_outlier=CODES == 1), N),
    "NearestNeighbours": (
        lambda: tf.NearestNeighbours(index=np.tile(np.arange(99), (N, 1)), similarity=np.zeros((N, 99))),
        N,
    ),
    "Diversity": (lambda: tf.diversity(POINTS, NAMES), 3 + 1),
    "ClassBalance": (lambda: tf.class_balance(NAMES), 3),
    "Cue": (lambda: tf.cue_words([f"word{code} of <b>" for code in CODES], NAMES)[0], 1),
    "LengthCue": (lambda: tf.length_cues(["a word" if code else "one" for code in CODES], NAMES)[0], 1),
    "Region": (lambda: tf.regions(POINTS, n_regions=40)[0], 1),
    "GroupDifference": (lambda: tf.label_balance(NAMES, by={ODD: PARITY}).rows[0], 1),
    "Findings": (lambda: tf.label_balance(NAMES, by={ODD: PARITY}), 6),
    "SurfaceCue": (lambda: tf.surface_cues(["a word" if code else ODD for code in CODES[:90]], NAMES[:90]).rows[0], 1),
    "ReaderGroup": (lambda: readers().rows[0], 1),
    "RegionShare": (lambda: tf.representativeness(POINTS, POINTS[:99], n_regions=3).rows[0], 1),
    "Reweighting": (lambda: tf.reweighting(NAMES, PARITY), N),
    "Target": (lambda: tf.balance_target(NAMES[:100], PARITY[:100])[0], 1),
    "Forecast": (lambda: tf.forecast(np.full(N, 0.1)), 1),
    "KCenter": (lambda: tf.k_center(POINTS, 500), 500),
    "Selection": (lambda: tf.next_records(POINTS, np.full(N, -1), n_classes=3, size=9), N),
    "Augmented": (
        lambda: tf.Augmented(kept=COPIES, rejected=COPIES.append_column("reason", pa.array([ODD] * N))),
        2 * N,
    ),
    "Gain": (lambda: tf.augmentation_gain(POINTS[:50], CODES[:50], POINTS[:9], np.arange(9)), 1),
    "Splits": (lambda: tf.split([f"{ODD}{i}" for i in range(N)], NAMES), N),
    "Evaluation": (lambda: tf.evaluate(CODES, PROBS, label_names=LABELS, resamples=5), 3),
    "SpanEvaluation": (lambda: tf.evaluate_spans(MARKED, MARKED, label_names=LABELS, resamples=5), 3),
    "NumberEvaluation": (lambda: tf.evaluate_numbers([1.0, 2.0], [1.5, 2.5], resamples=5), 4),
    "TextEvaluation": (lambda: tf.evaluate_texts([ODD, "two fish"], [ODD, "two dishes"], resamples=5), 13),
    "LabelScores": (lambda: tf.evaluate(CODES, PROBS, label_names=LABELS, resamples=5).per_label[2], 1),
    "Interval": (lambda: tf.evaluate(CODES, PROBS, label_names=LABELS, resamples=5).accuracy, 1),
    "Robustness": (robust, 10),
    "Forgetting": (forgot, 3),
    "Harm": (lambda: robust().harms[0], 1),
    "BehaviourResult": (behaves, 1),
    "Amplifications": (lambda: amplified(), 6),
    "Amplification": (lambda: amplified().rows[0], 1),
    "PairLeaning": (lambda: tf.pair_leaning(POINTS[:, 0], POINTS[:, 1], NAMES), 3),
    "KindLeaning": (lambda: tf.pair_leaning([1.0], [2.0], [ODD]).kinds[0], 1),
    "SequentialTest": (lambda: tf.sequential_wins([1, 0, 0.5]), 1),
    "Swaps": (swaps, 1),
    "SwapEffect": (lambda: swaps().pairs[0], 1),
    "SystemComparison": (judged, 1),
    "JudgeAnswers": (lambda: tf.ask_both_ways(lambda a, b: "first", [ODD] * 9, ["base"] * 9), 9),
    "MeasuredJudge": (lambda: tf.measure_judge([["first"] * 2] * 30, ["first"] * 30, resamples=5), 1),
    "RatedSystems": (rated, 1),
    "RatedSystem": (lambda: rated().scores[0], 1),
    "RatedPair": (lambda: rated().pairs[0], 1),
    "SystemPair": (lambda: judged().pairs[0], 1),
    "SystemScore": (lambda: judged().scores[0], 1),
    "ReaderPlace": (lambda: judged().readers[0], 1),
    "BesideReaders": (lambda: tf.beside_readers([[ODD, ODD]] * 9, [ODD] * 9), 1),
    "Comparison": (lambda: tf.compare(CODES, PROBS, PROBS, label_names=LABELS, resamples=5), 1),
    "Slice": (lambda: tf.slices(CODES, PROBS, by={ODD: NAMES}, label_names=LABELS)[0], 1),
    "Drift": (lambda: drifted(), 4),
    "Shift": (lambda: drifted().rows[0], 1),
    "WeakSlice": (lambda: weak()[0], 1),
    "Explanations": (explained, 2 * N),
    "Explanation": (lambda: explained()[0], 2),
    "GlobalWord": (lambda: tf.global_words(explained())[0], 1),
    "Faithfulness": (
        lambda: tf.faithfulness(explained()[:99], says_a_digit, label_names=["even", ODD], resamples=5),
        1,
    ),
    "EpochResult": (lambda: EPOCHS[0], 1),
    "LearningCurve": (
        lambda: tf.learning_curve(lambda train, asked: 1 - np.full(len(asked), 9.0) / len(train), 400),
        8,
    ),
    "SearchResult": (
        lambda: tf.SearchResult(tried=(), goal="accuracy", config=tf.FitConfig(), seconds=9.0, records=(9, 9)),
        0,
    ),
    "FitResult": (
        lambda: tf.FitResult(
            model_dir=Path(ODD) / ("long" * 500),
            best_epoch=3,
            history=EPOCHS,
            padding_waste=0.1,
            config=tf.FitConfig(),
            device="cpu",
            precision="fp32",
        ),
        98,
    ),
    "SpanPredictions": (
        lambda: tf.SpanPredictions(
            pred_probs=PROBS,
            labels=np.eye(3, dtype=int)[CODES],
            confidence=PROBS.max(axis=1),
            label_names=tuple(LABELS),
            threshold=0.5,
            device="cpu",
            precision="fp32",
            spans=[[{**row[0], "confidence": 0.5}] for row in MARKED],
        ),
        N,
    ),
    "Measured": (lambda: MEASURED, 1),
    "Compressed": (
        lambda: tf.Compressed(
            model_dir=Path(ODD), steps=("half of the neurons",), before=MEASURED, after=MEASURED, comparison=None
        ),
        1,
    ),
    "NumberPredictions": (
        lambda: tf.NumberPredictions(
            values=np.arange(N) / 3,
            pred_probs=np.empty((N, 0), dtype=np.float32),
            labels=np.empty((N, 0), dtype=np.int64),
            confidence=np.full(N, np.nan, dtype=np.float32),
            label_names=(),
            threshold=0.5,
            device="cpu",
            precision="fp32",
        ),
        N,
    ),
    "TextPredictions": (
        lambda: tf.TextPredictions(
            pred_probs=np.empty((N, 0)),
            labels=np.empty((N, 0), dtype=int),
            confidence=PROBS.max(axis=1),
            label_names=(),
            threshold=0.5,
            device="cpu",
            precision="fp32",
            texts=(ODD,) * N,
            tokens=np.ones(N, dtype=int),
        ),
        N,
    ),
    "QuestionPredictions": (
        lambda: questions_as_predictions(
            {"size": values_as_predictions(np.arange(N) / 3, device="cpu", precision="fp32")}
        ),
        N,
    ),
    "OrderPredictions": (
        lambda: tf.OrderPredictions(
            pred_probs=PROBS,
            labels=np.argsort(-PROBS, axis=1) + 1,
            confidence=PROBS.max(axis=1),
            label_names=tuple(LABELS),
            threshold=0.5,
            device="cpu",
            precision="fp32",
        ),
        N,
    ),
    "Predictions": (
        lambda: tf.Predictions(
            pred_probs=PROBS,
            labels=CODES,
            confidence=PROBS.max(axis=1),
            label_names=tuple(LABELS),
            threshold=0.5,
            device="cpu",
            precision="fp32",
        ),
        N,
    ),
}
LISTS: dict[str, tuple[Any, int]] = {
    "cue_words": (lambda: tf.cue_words([f"word{code} of <b>" for code in CODES], NAMES), 3),
    "length_cues": (lambda: tf.length_cues(["a word" if code else "one" for code in CODES], NAMES), 3),
    "regions": (lambda: tf.regions(POINTS, n_regions=40), 40),
    "reader_groups": (lambda: readers(), 2),
    "surface_cues": (lambda: tf.surface_cues([ODD] * 90, NAMES[:90]), 24),
    "slices": (lambda: tf.slices(CODES, PROBS, by={"x": np.arange(N) % 100}, label_names=LABELS), 100),
    "weak_slices": (lambda: weak(), 1),
    "no weak slices": (lambda: tf.weak_slices([0, 1], PROBS[:2], label_names=LABELS), 0),
    "no slices": (lambda: tf.slices(CODES, PROBS, by={}, label_names=LABELS), 0),
}


@pytest.mark.parametrize("name", [*RESULTS, *LISTS])
def test_a_result_shows_itself(name: str) -> None:
    make, rows = {**RESULTS, **LISTS}[name]
    found = make()
    assert len(repr(found)) < 1000
    assert max(map(len, repr(found).splitlines())) <= 100
    assert len(found.to_pandas()) == rows
    html = found._repr_html_()
    assert len(html) < 20_000
    assert "<script" not in html
    assert "<b>" not in html.removeprefix("<div><b>")
    assert "<table" in html
    assert html.count("<tr>") <= 1 + 10


def test_every_public_type_is_among_those_tested() -> None:
    types = {name for name in tf.__all__ if isinstance(getattr(tf, name), type)}
    assert types == set(RESULTS) | {"FitConfig"}
    assert tf.Score is tf.Interval
    for name in ("Interval", "Slice", "WeakSlice", "Cue", "Region"):
        assert type(RESULTS[name][0]()).__name__ == name


def test_what_is_printed_holds_the_numbers() -> None:
    said = repr(tf.outliers([[1.0, 0.0], [1.0, 0.1], [1.0, 0.05], [0.0, 1.0]], k=1))
    assert said.splitlines()[0] == "Outliers: records 4, outliers 1"
    assert said.splitlines()[1].split() == ["score", "distance", "is_outlier"]
    assert said.splitlines()[-1].strip() == "(3 of 4 rows; .to_pandas() has all)"


def test_the_frame_of_labels_has_the_columns_of_the_result() -> None:
    found = tf.label_quality(["a", "b"] * 5, pred_probs=[[0.9, 0.1], [0.2, 0.8]] * 5)
    frame = found.to_pandas()
    assert list(frame.columns) == ["score", "is_issue", "suggested", "suggested_prob", "reason"]
    assert frame.score.tolist() == found.score.tolist()


def test_a_list_of_results_is_still_a_list() -> None:
    found = tf.slices([0, 1], [[0.9, 0.1], [0.8, 0.2]], by={"city": ["Oslo", "Rome"]}, label_names=["a", "b"])
    assert found == list(found)
    assert isinstance(found, list)
