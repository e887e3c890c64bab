"""Preferences that contradict all other pairs are doubted; where nothing tells, nothing is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from curation.project.records import by_id
from curation.quality import preference_quality
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.ingest import Intake, ingest
from curation.tasks.kinds import kind_named

WORDS = ["lamp", "bicycle", "piano", "kettle", "tent", "violin", "carpet", "sofa", "canoe", "helmet"]
Pair = tuple[str, str]


def answered(pairs: list[Pair], score: dict[str, float], rng: np.random.Generator) -> list[str]:
    return ["first" if rng.random() < 1 / (1 + np.exp(score[b] - score[a])) else "second" for a, b in pairs]


def turned(answers: list[str], rng: np.random.Generator, share: float = 0.1) -> tuple[list[str], np.ndarray]:
    wrong = rng.random(len(answers)) < share
    other = {"first": "second", "second": "first"}
    return [other[answer] if bad else answer for answer, bad in zip(answers, wrong, strict=True)], wrong


def test_texts_that_stand_in_many_pairs_tell_by_themselves() -> None:
    rng = np.random.default_rng(0)
    score = {f"{word} {n}": float(4 * rng.standard_normal()) for n in range(4) for word in WORDS}
    names = sorted(score)
    pairs = [tuple(map(str, rng.choice(names, 2, replace=False))) for _ in range(600)]
    given, wrong = turned(answered(pairs, score, rng), rng)  # type: ignore[arg-type]
    found = preference_quality(given, texts=pairs)  # type: ignore[arg-type]
    assert roc_auc_score(wrong, 1 - found.score) > 0.9
    assert wrong[found.is_issue].mean() > 0.7
    assert all(found.suggested[i] != given[i] for i in np.flatnonzero(found.is_issue))
    assert abs((1 - found.score).mean() - wrong.mean()) < 0.08


def test_words_tell_where_no_text_comes_twice() -> None:
    rng = np.random.default_rng(1)
    texts = [f"{'Thank you, ' if n % 2 else 'Rubbish, '}the {rng.choice(WORDS)} {n}." for n in range(400)]
    score = {text: 3.0 * text.startswith("Thank") for text in texts}
    pairs = [(texts[i], texts[j]) for i, j in rng.permutation(400).reshape(-1, 2)]
    given, wrong = turned(answered(pairs, score, rng), rng)
    apart = np.array([score[a] != score[b] for a, b in pairs])
    found = preference_quality(given, texts=pairs)
    assert roc_auc_score(wrong[apart], 1 - found.score[apart]) > 0.85


def test_what_stands_first_plays_no_part() -> None:
    rng = np.random.default_rng(2)
    score = {word: float(n) for n, word in enumerate(WORDS)}
    pairs = [tuple(map(str, rng.choice(WORDS, 2, replace=False))) for _ in range(100)]
    given = answered(pairs, score, rng)  # type: ignore[arg-type]
    given[3] = "equal"
    other = {"first": "second", "second": "first", "equal": "equal"}
    one = preference_quality(given, texts=pairs)  # type: ignore[arg-type]
    two = preference_quality([other[answer] for answer in given], texts=[(b, a) for a, b in pairs])
    assert one.score == pytest.approx(two.score, abs=1e-3)
    assert [other[str(answer)] for answer in one.suggested] == two.suggested.tolist()


def test_answers_at_random_are_not_judged() -> None:
    rng = np.random.default_rng(3)
    pairs = [(f"{rng.choice(WORDS)} {n}", f"{rng.choice(WORDS)} {n + 500}") for n in range(200)]
    found = preference_quality(rng.choice(["first", "second"], 200).tolist(), texts=pairs)
    assert set(found.score) == {0.5}
    assert not found.is_issue.any()


def test_answers_that_are_open_are_not_taken_for_slips() -> None:
    """Texts say a little of which is preferred, and nobody slips: half of what is most open goes either way."""
    rng = np.random.default_rng(0)
    words = [f"{first}{second}rt" for first in "bcdfghklmn" for second in "aeiou"]
    worth = dict(zip(words, rng.normal(size=len(words)), strict=True))
    pairs = [tuple(" ".join(rng.choice(words, 4)) for _ in range(2)) for _ in range(500)]
    ahead = np.array([sum(worth[w] for w in a.split()) - sum(worth[w] for w in b.split()) for a, b in pairs])
    given = np.where(rng.logistic(size=500) < 0.25 * ahead + 0.6, "first", "second").tolist()
    found = preference_quality(given, texts=pairs)
    assert not found.is_issue.any()
    assert found.note.startswith("Nothing given here tells the preferences better than chance (")


@pytest.mark.parametrize(
    ("labels", "texts", "message"),
    [
        (["first", "other"], [("a", "b")] * 2, "labels: "),
        (["first", "first"], [("a", "b")] * 2, "labels: expected at least two different answers, all 2 are alike"),
        (["first", "second"], [("a", "b")], "texts: expected 2 pairs, one for each label, got 1"),
        (["first", "second"], ["ab", "cd"], "texts: row 0: expected two texts, got 'ab'"),
    ],
)
def test_bad_input_is_one_line(labels: list[str], texts: list[Pair], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        preference_quality(labels, texts=texts)


def test_a_project_flags_the_answer_against_all_others(tmp_path: Path) -> None:
    rows = [(f"Thank you, the {a} is fine.", f"Rubbish, this {b}.") for a in WORDS for b in WORDS[:4]]
    lines = [(a, b, "first") if n % 2 else (b, a, "second") for n, (a, b) in enumerate(rows)]
    lines[7] = (*lines[7][:2], "second")
    data = tmp_path / "pairs.csv"
    body = "".join(f'p{n:02},"{a}","{b}",{answer}\n' for n, (a, b, answer) in enumerate(lines))
    data.write_text(f"id,one,two,better\n{body}", encoding="utf-8")
    columns = Columns(fields={"one": "one", "two": "two"}, label="better", record_id="id")
    project = ingest(Intake(folder=tmp_path / "p", data=data, columns=columns, kind=kind_named("preference")))
    list(learn(project, project.round(0), "check", lambda _: lambda done, total: None))
    round_ = project.round(0)
    flags = [row for row in round_.table("flags.parquet").to_pylist() if row["check"] == "label"]
    assert [(row["record_id"], row["suggested"]) for row in flags] == [("p07", "first")]
    assert by_id(round_.table("quality.parquet"), "reason")["p07"].startswith(
        "answered 'second', and by all other pairs"
    )
