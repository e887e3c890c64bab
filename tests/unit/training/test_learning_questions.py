"""Several questions of the same records: one run and one folder, each question as if it were alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from training import FitConfig, NumberPredictions, QuestionPredictions, fit, predict
from training.answers.heads import SIGMOID, SOFTMAX
from training.answers.numbers import number_head
from training.answers.questions import Question, questions_head

ASKED = ["about", "moods", "length"]


@pytest.fixture(scope="module")
def rows(dataset: Any) -> dict[str, list[Any]]:
    """Messages with three questions, each unanswered for every fifth record."""
    texts = dataset["text"][:]
    about = [("billing", "shipping")[label] for label in dataset["label"]]
    moods = [[name for name in ("late", "never", "missing") if name in text] for text in texts]
    length = [float(len(text)) for text in texts]
    columns = dict(zip(ASKED, (about, moods, length), strict=True))
    gaps = {
        name: [None if row % 5 == at else value for row, value in enumerate(values)]
        for at, (name, values) in enumerate(columns.items())
    }
    return {"text": texts, **gaps}


def run(rows: Any, model: str, fast: dict[str, Any], folder: Path, columns: Any = ASKED, **more: Any) -> Any:
    config = FitConfig(model=model, **{**fast, "epochs": 12, **more})
    return fit(rows, rows, text_columns=["text"], label_column=columns, config=config, output_dir=folder)


def test_each_question_is_learnt_and_judged_by_its_own_answers(rows: Any, fast: dict[str, Any], tmp_path: Path) -> None:
    result = run(rows, "packaged", fast, tmp_path, method="head", epochs=20)
    best = result.history[result.best_epoch - 1]
    said = predict(tmp_path, {"text": rows["text"]}, text_columns=["text"])
    assert isinstance(said, QuestionPredictions)
    assert list(said.questions) == ASKED
    given = {name: [row for row, value in enumerate(rows[name]) if value is not None] for name in ASKED}
    about = said.questions["about"]
    right = [about.answers[row] == rows["about"][row] for row in given["about"]]
    assert np.mean(right) == best.scores["about.accuracy"] > 0.9
    moods = said.questions["moods"]
    assert moods.threshold == best.scores["moods.threshold"]
    wanted = np.array([[name in rows["moods"][row] for name in moods.label_names] for row in given["moods"]], dtype=int)
    score = f1_score(wanted, moods.labels[given["moods"]], average="macro", zero_division=0)
    assert score == pytest.approx(best.scores["moods.macro_f1"])
    assert score > 0.5
    length = said.questions["length"]
    assert isinstance(length, NumberPredictions)
    off = [abs(length.values[row] - rows["length"][row]) for row in given["length"]]
    assert np.mean(off) == pytest.approx(best.scores["length.mae"], abs=0.01)
    losses = [best.scores[f"{name}.validation_loss"] for name in ASKED]
    assert best.validation_loss == pytest.approx(sum(losses))
    assert said.answers[0].keys() == set(ASKED)
    assert {"about p(billing)", "moods predicted", "length predicted"} <= {*said.to_pandas().columns}


def test_the_loss_is_the_sum_of_those_of_the_questions_for_which_there_are_answers() -> None:
    torch.manual_seed(0)
    asked = [
        Question(name="one", head=SOFTMAX, names=("a", "b", "c")),
        Question(name="some", head=SIGMOID, names=("x", "y")),
        Question(name="much", head=number_head(2.0, 4.0), names=(), spread=4.0),
    ]
    nan = np.nan
    answers = np.array([[2, nan, nan, nan], [0, 1, 0, nan], [nan, 1, 1, nan], [1, nan, nan, 6.0]])
    logits = torch.randn(4, 6)
    head = questions_head(asked)
    wanted = torch.from_numpy(head.targets(answers, 0))
    alone = (
        3 * SOFTMAX.loss(logits[[0, 1, 3], :3], torch.tensor([2, 0, 1]), None, 0.0)
        + 2 * SIGMOID.loss(logits[[1, 2], 3:5], torch.tensor([[1.0, 0.0], [1.0, 1.0]]), None, 0.0)
        + (logits[3, 5] - 1) ** 2
    ) / 4
    assert head.loss(logits, wanted, None, 0.0) == pytest.approx(alone.item(), abs=1e-6)
    halves = sum(head.loss(logits[part], wanted[part], None, 0.0) / 2 for part in (slice(0, 2), slice(2, 4)))
    assert halves == pytest.approx(alone.item(), abs=1e-6)
    nothing = head.loss(logits, torch.full_like(wanted, torch.nan), None, 0.0)
    assert nothing == 0


@pytest.mark.parametrize(
    ("change", "columns", "error"),
    [
        ({}, ["about", "price"], "label_column: no column 'price' in train, there are text, about, moods, length"),
        ({}, ["about", "about"], "label_column: expected a column, or several that differ"),
        ({"about": [None] * 30}, ["about", "length"], "about: expected an answer for at least one record of train"),
        ({"length": [1.0] * 30}, ["about", "length"], "length: expected numbers that differ, got 1.0 in every record"),
        ({"length": [float("inf")] * 30}, ["about", "length"], "length: expected a finite number, got inf at row 0"),
    ],
)
def test_what_cannot_be_learnt_is_one_line(
    rows: Any, tiny_model: str, tmp_path: Path, change: dict[str, Any], columns: list[str], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        run({**rows, **change}, tiny_model, {}, tmp_path / "m", columns)
    assert not (tmp_path / "m").exists()


def test_what_is_not_used_is_refused(rows: Any, tiny_model: str, tmp_path: Path) -> None:
    for name, value in {"scale": "ordinal", "compares": True, "loss": "focal", "class_weights": "balanced"}.items():
        with pytest.raises(ValueError, match=f"{name}: expected .* where several questions are learnt"):
            run(rows, tiny_model, {}, tmp_path, **{name: value})


def test_frozen_layers_and_added_ones_learn_several_questions(
    rows: Any, tiny_model: str, fast: dict[str, Any], tmp_path: Path
) -> None:
    for method in ("head", "prompt"):
        result = run(rows, tiny_model, fast, tmp_path / method, ["about", "length"], method=method, epochs=2)
        said = predict(tmp_path / method, rows, text_columns=["text"]).questions["about"]
        right = [one == other for one, other in zip(said.answers, rows["about"], strict=True) if other]
        assert np.mean(right) == result.history[result.best_epoch - 1].scores["about.accuracy"]
