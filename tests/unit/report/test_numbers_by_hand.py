"""Every figure of a report, counted again by plain Python from the votes, labels and predictions behind it."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curation.errors import TwofoldError
from curation.project.artifacts import read_table, write_json, write_table
from curation.project.asked import asking
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import records_flagged
from curation.project.folder import Project, Round
from curation.project.records import by_id, table, votes_schema
from curation.project.step import Context
from curation.steps import check, evaluate, relabel, report, review, split
from curation.steps import map as map_step
from evaluation import CLASSIFICATION

TOPICS = ("bill", "parcel", "praise")
N = 150
PEOPLE = {"agreed", "adjudicated", "discarded"}


def _rows(rng: random.Random) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
    """Return records about three topics, a third of them labelled wrong, and what they are really about."""
    truth = {f"r{i:03d}": TOPICS[i % 3] for i in range(N)}
    given = {i: rng.choice(TOPICS) if rng.random() < 0.5 else topic for i, topic in truth.items()}
    words = [f"{a}{b}" for a in "bcdfghklmn" for b in ("alo", "eru", "ino", "osi", "uta")]
    text = {i: f"{' '.join(rng.sample(words, 9))} {topic}" for i, topic in truth.items()}
    for copy, label in zip(("r002", "r148", "r149"), TOPICS, strict=True):
        text[copy], given[copy] = text["r002"], label
    return [(i, text[i], given[i]) for i in truth], truth


def _predict(context: Context) -> None:
    """Stand in for a model: right on most records, another one in every round."""
    rng = random.Random(context.round.number)
    part = by_id(context.round.table("split.parquet"), "part")
    rows = []
    for n, i in enumerate(sorted(part)):
        guess = n % 3 if rng.random() < 0.7 + 0.1 * context.round.number else rng.randrange(3)
        probs = [0.8 if k == guess else 0.1 for k in range(3)]
        rows.append({"record_id": i, "part": part[i], "value": TOPICS[guess], "confidence": 0.8})
        rows[-1]["pred_probs"] = probs
    context.round.write_table("predictions.parquet", table(rows, evaluate.predictions_schema(pa.string())))


def _learn(project: Project, round_: Round) -> None:
    context = Context(project=project, round=round_)
    check.run(context)
    split.run(context)
    round_.write_json("augmentation.json", {"kept": 0, "rejected": {}, "gain": None})
    history = [{"epoch": 1, "train_loss": 1.0, "validation_loss": 1.0, "macro_f1": 0.5, "accuracy": 0.5}]
    config = {"method": "lora", "model": "stand-in"}
    write_json(round_.path("model") / "training.json", {"config": config, "best_epoch": 1, "history": history})
    evaluate.run(context)
    relabel.run(context)
    report.run(context)


def _votes(ids: list[str], truth: dict[str, str], rng: random.Random) -> list[dict[str, Any]]:
    """Let three people read every record; some discard, one reads only every second; olga settles what differs."""
    rows = []
    for n, i in enumerate(ids):
        said = []
        for name, skill in (("ana", 0.9), ("ben", 0.75), ("cem", 0.8)):
            if name == "cem" and n % 2:
                continue
            label = truth[i] if rng.random() < skill else rng.choice(TOPICS)
            if n in (5, 6, 7):  # everybody errs, and the check doubts what they agree on
                label = TOPICS[(TOPICS.index(truth[i]) + 1) % 3]
            if n in (10, 65):  # nobody settles what these two differ on
                label = TOPICS[name == "ben"]
            status = "discarded" if n % 17 == 3 and name != "cem" else "submitted"
            rows.append({"record_id": i, "reviewer": name, "role": "annotator", "status": status})
            rows[-1]["value"] = label if status == "submitted" else None
            said.append(rows[-1]["value"])
        if len(set(said) - {None}) > 1 and n not in (10, 65):
            rows.append({"record_id": i, "reviewer": "olga", "role": "adjudicator", "status": "submitted"})
            rows[-1]["value"] = truth[i]
    return rows


@pytest.fixture
def made(make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> tuple[Project, dict[str, Any]]:
    """A project of two rounds, with eighty records read in the second, and its last report."""
    rng = random.Random(5)
    rows, truth = _rows(rng)
    corners = np.eye(16)[[i % 3 for i in range(N)]] + np.random.default_rng(0).normal(scale=0.2, size=(N, 16))
    corners[148] = corners[149] = corners[2]
    monkeypatch.setattr(EmbeddingStore, "matrix", corners.astype(np.float32))
    monkeypatch.setattr(evaluate, "_predict", _predict)
    project = make_project(rows, TOPICS)
    gold = [{"record_id": i, "value": truth[i]} for i in sorted(truth)[:100]]
    write_table(project.path("gold.parquet"), table(gold, pa.schema({"record_id": pa.string(), "value": pa.string()})))
    first, second = project.round(0), project.round(1)
    map_step.run(Context(project=project, round=first))
    _learn(project, first)
    queue = first.table("queue.parquet")
    batch = (
        queue.slice(5, 60).to_pylist() + queue.slice(queue.num_rows - 20).to_pylist()
    )  # most wrong ones stay unread; the last are test records
    second.write_table("batch.parquet", table(batch, queue.schema))
    second.write_json("asked.json", asking(project.config, project.guidelines).model_dump(mode="json"))
    votes = _votes([row["record_id"] for row in batch], truth, rng)
    write_table(second.path("votes/0001.parquet"), table(votes, votes_schema(pa.string())))
    review.run(Context(project=project, round=second))
    _learn(project, second)
    return project, second.json("report.json")


def _labels(round_: Round) -> dict[str, str | None]:
    return by_id(round_.table("labels.parquet"), "value")


def _given_labels(project: Project) -> dict[str, list[tuple[str, str]]]:
    """Return the (reviewer, label) of every label that an annotator gave, by record."""
    found: dict[str, list[tuple[str, str]]] = {}
    for vote in project.round(1).votes().to_pylist():
        if vote["role"] == "annotator" and vote["status"] == "submitted":
            found.setdefault(vote["record_id"], []).append((vote["reviewer"], vote["value"]))
    return found


def test_what_people_did_in_a_round(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    decided = Counter(row["method"] for row in project.round(1).table("decisions.parquet").to_pylist())
    row = found["rounds"][1]
    assert row["sent"] == 80 == sum(decided.values())
    assert row["answered"] == 80 - decided["undecided"]
    parts = [row[name] for name in ("agreed", "adjudicated", "discarded", "disputed")]
    assert parts == [decided[name] for name in ("agreed", "adjudicated", "discarded", "disputed")]
    assert sum(parts) == row["answered"]
    assert all(parts[:3])
    before, after = _labels(project.round(0)), _labels(project.round(1))
    changed = [i for i in after if before[i] and after[i] and before[i] != after[i]]
    assert row["changed"] == len(changed) == len(found["review"]["changed"]) > 30
    assert row["labelled"] == sum(label is not None for label in after.values())
    assert {r["label"]: r["now"] for r in found["labels"]} == {t: list(after.values()).count(t) for t in TOPICS}
    assert {r["label"]: r["given"] for r in found["labels"]} == {t: list(before.values()).count(t) for t in TOPICS}


def test_wrong_labels_found_are_those_settled_outside_the_test_part(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    before, after = _labels(project.round(0)), _labels(project.round(1))
    source = by_id(project.round(1).table("labels.parquet"), "source")
    batch = project.round(1).table("batch.parquet").to_pylist()
    settled = [r["record_id"] for r in batch if r["kind"] != "test part" and source[r["record_id"]] == "agreed"]
    settled += [r["record_id"] for r in batch if r["kind"] != "test part" and source[r["record_id"]] == "adjudicated"]
    row = found["rounds"][1]
    assert row["reviewed"] == len(settled)
    assert row["found_wrong"] == sum(before[i] != after[i] for i in settled) > 0


def test_reviewers(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    said = _given_labels(project)
    votes = project.round(1).votes().to_pylist()
    rows = {row["reviewer"]: row for row in found["review"]["reviewers"]}
    assert set(rows) == {"ana", "ben", "cem", "olga"}
    for name in ("ana", "ben", "cem"):
        mine = {i: label for i, all_of in said.items() for who, label in all_of if who == name}
        others = [(label, mine[i]) for i in mine for who, label in said[i] if who != name]
        assert rows[name]["votes"] == len(mine)
        assert rows[name]["compared"] == len(others)
        assert rows[name]["with_others"]["value"] == pytest.approx(sum(a == b for a, b in others) / len(others))
        assert rows[name]["with_others"]["low"] < rows[name]["with_others"]["value"] < rows[name]["with_others"]["high"]
        assert rows[name]["discarded"] == sum(v["reviewer"] == name and v["status"] == "discarded" for v in votes)
        assert rows[name]["estimated_accuracy"]["value"] != rows[name]["with_others"]["value"]
    assert rows["olga"]["votes"] == sum(v["reviewer"] == "olga" for v in votes)
    assert (rows["olga"]["with_others"], rows["olga"]["role"]) == (None, "adjudicator")


def test_one_answer_of_every_record_with_two_is_held_out_once(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    several = [labels for labels in _given_labels(project).values() if len(labels) > 1]
    bands = found["review"]["believed"]
    assert sum(band["answers"] for band in bands) == len(several) > 0
    for band in bands:
        assert band["agreed"]["value"] * band["answers"] == pytest.approx(
            round(band["agreed"]["value"] * band["answers"])
        )
        assert band["agreed"]["low"] <= band["agreed"]["value"] <= band["agreed"]["high"]


def test_agreement_of_all_and_of_each_two(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    several = {i: labels for i, labels in _given_labels(project).items() if len(labels) > 1}
    agreement = found["review"]["agreement"]
    assert agreement["records"] == len(several)
    shares = [_share_of_pairs([label for _, label in labels]) for labels in several.values()]
    assert agreement["observed"]["value"] == pytest.approx(sum(shares) / len(shares))
    assert agreement["alpha"]["value"] == pytest.approx(_alpha([[x for _, x in one] for one in several.values()]))
    for pair in agreement["pairs"]:
        both = [dict(labels) for labels in several.values() if {pair["first"], pair["second"]} <= dict(labels).keys()]
        assert pair["n"] == len(both)
        assert pair["kappa"]["value"] == pytest.approx(_kappa([(d[pair["first"]], d[pair["second"]]) for d in both]))


def _share_of_pairs(labels: list[str]) -> float:
    pairs = list(combinations(labels, 2))
    return sum(a == b for a, b in pairs) / len(pairs)


def _alpha(records: list[list[str]]) -> float:
    """Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, nominal data: 1 - observed over expected."""
    values = [label for record in records for label in record]
    n, counts = len(values), Counter(values)
    differ = sum(
        sum(a != b for j, a in enumerate(record) for k, b in enumerate(record) if j != k) / (len(record) - 1)
        for record in records
    )
    expected = sum(counts[a] * counts[b] for a in counts for b in counts if a != b) / (n - 1)
    return 1 - differ / expected


def test_the_alpha_of_these_tests_is_that_of_krippendorffs_published_example() -> None:
    # Krippendorff (2011), section C: four observers, twelve units, nominal: .743.
    observers = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    units = [[label for label in unit if label != "."] for unit in zip(*(o.split() for o in observers), strict=True)]
    assert _alpha([unit for unit in units if len(unit) > 1]) == pytest.approx(0.743, abs=0.0005)


def _kappa(pairs: list[tuple[str, str]]) -> float:
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[label] * second[label] for label in first) / n**2
    return (observed - chance) / (1 - chance)


def test_labels_mixed_up_count_records_on_which_two_people_differ(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    counted: Counter[tuple[str, str]] = Counter()
    for labels in _given_labels(project).values():
        counted.update(combinations(sorted({label for _, label in labels}), 2))
    assert {(c["first"], c["second"]): c["n"] for c in found["review"]["confusions"]} == counted


def test_gold_is_compared_on_what_people_settled_and_says_how_many_there_are(
    made: tuple[Project, dict[str, Any]],
) -> None:
    project, found = made
    gold = by_id(read_table(project.path("gold.parquet")), "value")
    decided = by_id(project.round(1).table("decisions.parquet"), "value")
    ids = [i for i in gold if decided.get(i) is not None]
    assert (found["gold"]["known"], found["gold"]["n"]) == (100, len(ids))
    assert 0 < len(ids) < 80
    rows = {row["what"]: row for row in found["gold"]["rows"]}
    stages = {"given labels": _labels(project.round(0)), "decisions after adjudication": decided}
    stages["consensus before adjudication"] = by_id(project.round(1).table("consensus.parquet"), "value")
    for what, labels in stages.items():
        known = [i for i in ids if labels.get(i) is not None]
        assert rows[what]["n"] == len(known)
        assert rows[what]["accuracy"]["value"] == pytest.approx(sum(labels[i] == gold[i] for i in known) / len(known))


def test_doubted_labels_are_counted_once_apart_where_people_settled_them(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    round_ = project.round(1)
    source = by_id(round_.table("labels.parquet"), "source")
    doubted = [row["record_id"] for row in round_.table("quality.parquet").to_pylist() if row["is_issue"]]
    settled = [i for i in doubted if source[i] in PEOPLE]
    checks = found["checks"]
    assert 0 < len(settled) < len(doubted)
    assert checks["worst_labels"]["total"] == len(doubted) - len(settled)
    assert checks["settled_labels"]["total"] == len(settled)
    assert all(source[row["record_id"]] not in PEOPLE for row in checks["worst_labels"]["rows"])
    assert {row["settled"] for row in checks["worst_labels"]["rows"]} <= {None}
    assert all(source[row["record_id"]] == row["settled"] for row in checks["settled_labels"]["rows"])
    assert sum(region["likely_wrong"] for region in checks["regions"]) == len(doubted) - len(settled)
    assert sum(found["map"]["flag"]) == len(doubted) - len(settled)
    flags = {(f["check"], f["record_id"]) for f in round_.table("flags.parquet").to_pylist()}
    assert checks["counts"] == Counter(name for name, _ in flags)
    assert checks["counts"].get("label", 0) == checks["worst_labels"]["total"]


def test_copies_are_groups_of_records(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    sizes = Counter(by_id(project.round(1).table("groups.parquet"), "group").values())
    assert found["checks"]["duplicates"]["total"] == sum(n > 1 for n in sizes.values())
    assert ["r002", "r148", "r149"] in [row["ids"] for row in found["checks"]["duplicates"]["rows"]]


def test_a_record_with_two_copies_has_two_flags_and_is_one_flagged_record() -> None:
    pairs = [("a", "near_duplicate"), ("a", "near_duplicate"), ("b", "near_duplicate"), ("a", "label")]
    assert records_flagged({"record_id": i, "check": name} for i, name in pairs) == {"near_duplicate": 2, "label": 1}


def test_a_disputed_record_waits_with_its_dispute_in_the_test_part_too(made: tuple[Project, dict[str, Any]]) -> None:
    project, _ = made
    decisions = project.round(1).table("decisions.parquet").to_pylist()
    disputes = {row["record_id"]: row["reason"] for row in decisions if row["method"] == "disputed"}
    queue = {row["record_id"]: row for row in project.round(1).table("queue.parquet").to_pylist()}
    assert {i: queue[i]["reason"] for i in disputes} == disputes
    assert "test part" in {queue[i]["kind"] for i in disputes}


def test_every_model_is_scored_on_the_same_records_with_todays_labels(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    round_, labels = project.round(1), _labels(project.round(1))
    part = by_id(round_.table("split.parquet"), "part")
    source = by_id(round_.table("labels.parquet"), "source")
    ids = [i for i in part if part[i] == "test" and labels[i] is not None]
    on = {"part": "test", "records": len(ids), "labels_of_round": 1}
    on["settled_by_people"] = sum(source[i] in PEOPLE for i in ids)
    assert found["model"]["measured_on"] == found["rounds_measured_on"] == on
    assert 0 < on["settled_by_people"] < on["records"]
    right = []
    for number in (0, 1):
        said = by_id(project.round(number).table("predictions.parquet"), "value")
        right.append({i: said[i] == labels[i] for i in ids})
        accuracy = sum(right[-1].values()) / len(ids)
        assert found["rounds"][number]["accuracy"]["value"] == pytest.approx(accuracy)
        assert found["rounds"][number]["macro_f1"]["value"] == pytest.approx(_macro_f1(said, labels, ids))
    assert found["model"]["before"]["accuracy"] == found["rounds"][0]["accuracy"]
    assert found["model"]["evaluation"]["accuracy"] == found["rounds"][1]["accuracy"]
    assert found["model"]["before_round"] == 0
    assert found["model"]["comparison"]["wins"] == sum(right[1][i] and not right[0][i] for i in ids)
    assert found["model"]["comparison"]["losses"] == sum(right[0][i] and not right[1][i] for i in ids)
    counts = Counter(part.values())
    assert found["model"]["parts"] == {p: counts[p] for p in ("train", "validation", "test", "excluded")}
    labelled = Counter(part[i] for i in part if labels[i] is not None)
    assert found["model"]["labelled_parts"] == {p: labelled[p] for p in ("train", "validation", "test", "excluded")}


def _macro_f1(said: dict[str, str], labels: dict[str, str | None], ids: list[str]) -> float:
    scores = []
    for topic in TOPICS:
        both = sum(said[i] == labels[i] == topic for i in ids)
        scores.append(2 * both / (sum(said[i] == topic for i in ids) + sum(labels[i] == topic for i in ids)))
    return sum(scores) / len(scores)


def test_mistakes_and_the_queue_are_counted_whole_though_the_page_shows_their_head(
    made: tuple[Project, dict[str, Any]],
) -> None:
    project, found = made
    labels, round_ = _labels(project.round(1)), project.round(1)
    part, said = (by_id(round_.table(f"{n}.parquet"), c) for n, c in (("split", "part"), ("predictions", "value")))
    wrong = [i for i in part if part[i] in ("validation", "test") and labels[i] and said[i] != labels[i]]
    assert found["errors"]["total"] == len(wrong) == sum(found["errors"]["verdicts"].values())
    source = by_id(round_.table("labels.parquet"), "source")
    assert found["queue"]["total"] == sum(how not in PEOPLE for how in source.values())
    assert found["queue"]["total"] == sum(found["queue"]["kinds"].values()) > len(found["queue"]["rows"]) == 30


def test_cue_words_carry_both_values_under_their_names(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    assert found["checks"]["cues"] == project.round(1).json("checks.json")["cues"]
    assert {cue["word"] for cue in found["checks"]["cues"]} == set(TOPICS)
    for cue in found["checks"]["cues"]:
        assert cue["p_value"] <= cue["q_value"]
        assert "p" not in cue


def test_the_advice_counts_what_its_sentences_name(made: tuple[Project, dict[str, Any]]) -> None:
    _, found = made
    row, on = found["rounds"][1], found["model"]["measured_on"]
    said = " ".join(found["next"])
    assert f"{row['found_wrong']} of the {row['reviewed']} labels that people settled proved wrong" in said
    assert row["disputed"] > 0
    assert f"{row['disputed']} record{'s' * (row['disputed'] > 1)} still disputed" in said
    unread = on["records"] - on["settled_by_people"]
    assert f"on {on['records']} test records; people have not settled the labels of {unread} of them" in said


def test_the_model_is_held_against_each_reader_of_a_test_record(made: tuple[Project, dict[str, Any]]) -> None:
    project, found = made
    part = by_id(project.round(1).table("split.parquet"), "part")
    predicted = by_id(project.round(1).table("predictions.parquet"), "value")
    said: dict[str, list[str]] = {}
    for vote in project.round(1).votes().to_pylist():
        if (vote["role"], vote["status"]) == ("annotator", "submitted") and part.get(vote["record_id"]) == "test":
            said.setdefault(vote["record_id"], []).append(vote["value"])
    several = {i: answers for i, answers in said.items() if len(answers) > 1}
    assert len(several) == found["model"]["readers"]["records"] > 0
    agree = [np.mean([a == b for a, b in combinations(answers, 2)]) for answers in several.values()]
    right = [answers.count(predicted[i]) / len(answers) for i, answers in several.items()]
    shares = {"model": np.mean(right), "readers": np.mean(agree)}
    for name, share in shares.items():
        assert found["model"]["readers"][name]["value"] == pytest.approx(share)


def test_the_report_is_plain_json(made: tuple[Project, dict[str, Any]]) -> None:
    assert json.loads(json.dumps(made[1]))["schema"] == 3


def test_a_metric_that_somebody_installed_is_counted_and_makes_the_scores_anew(
    made: tuple[Project, dict[str, Any]], install: Callable[..., Path]
) -> None:
    project, report_before = made
    context = Context(project=project, round=project.round(1))
    assert report_before["model"]["evaluation"]["metrics"].keys() == CLASSIFICATION.keys()
    depends_on = evaluate.STEP.depends_on(project.config)
    install("shop", _MISSED, "twofold.metrics", bills_missed="shop:bills_missed")
    assert evaluate.STEP.depends_on(project.config) != depends_on
    evaluate.run(context)
    report.run(context)
    model = context.round.json("report.json")["model"]
    labels, part = _labels(context.round), by_id(context.round.table("split.parquet"), "part")
    for scores, round_ in ((model["evaluation"], context.round), (model["before"], project.round(0))):
        said = by_id(round_.table("predictions.parquet"), "value")
        wrong = [i for i in said if part[i] == "test" and labels.get(i) == "bill" != said[i]]
        found = scores["metrics"]["bills_missed"]
        assert found["low"] <= found["value"] == len(wrong) <= found["high"]
    assert "bills_<wbr>missed" in context.round.path("report.html").read_text()


def test_a_metric_that_gives_no_number_ends_the_step_in_one_line(
    made: tuple[Project, dict[str, Any]], install: Callable[..., Path]
) -> None:
    project, _ = made
    install("shop", "bills_missed = None", "twofold.metrics", bills_missed="shop:bills_missed")
    with pytest.raises(TwofoldError, match=r"'bills_missed' of shop .* expected a function or a class, got NoneType"):
        evaluate.run(Context(project=project, round=project.round(1)))


_MISSED = """
    def bills_missed(labels, predicted, label_names):
        bill = label_names.index("bill")
        return ((labels == bill) & (predicted != bill)).sum()
"""
