"""Every table that comes out has the texts, the label and the suggestion, and nothing in it is lost or mixed up."""

from __future__ import annotations

import csv
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from curation.cli import cli
from curation.errors import TwofoldError
from curation.exports.export import EXPORTS, export_hf, exported, flags, label_ranking, rounds_with
from curation.project.embeddings import EmbeddingStore
from curation.project.flagging import Check, share_as_bad
from curation.project.folder import Project, open_project
from curation.project.records import QUALITY, SOFT, by_id, column, decisions_schema, queue_schema, table, votes_schema
from curation.rounds.loop import learn
from curation.sources.cleaning import Columns
from curation.steps.evaluate import predictions_schema
from curation.steps.ingest import Intake, ingest

Make = Callable[..., Project]
TOPICS = {
    "question": ["Where is my parcel number {}?", "When does shop {} open?", "How do I return item {}?"],
    "complaint": ["Parcel {} came broken again.", "Shop {} was rude to me.", "Item {} is not what I ordered."],
}


def rows(n: int = 24) -> list[tuple[str, str, str]]:
    """Messages with their labels, in turn, the first of them wrong."""
    labels = ["question", "complaint"] * n
    found = [(f"r{i:02d}", TOPICS[labels[i]][i // 2 % 3].format(i), labels[i]) for i in range(n)]
    return [(*found[0][:2], "complaint"), *found[1:]]


def learned(project: Project, upto: str = "relabel") -> Project:
    list(learn(project, project.round(0), upto, lambda _: lambda done, total: None))
    return project


def answered(project: Project, number: int, answers: dict[str, Sequence[str]]) -> None:
    """Write a round in which two people answered, and agreed or not."""
    round_, at = project.round(number), datetime(2026, 3, number, tzinfo=UTC)
    sent = {"kind": "not read yet", "reason": "-", "priority": 0.5, "suggested": "question", "suggested_prob": 0.75}
    vote = {"role": "annotator", "status": "submitted", "submitted_at": at}
    votes = [
        {"record_id": i, "reviewer": name, "value": label, **vote}
        for i, said in answers.items()
        for name, label in zip(("ana", "ben"), said, strict=True)
    ]
    settled = {"method": "agreed", "confidence": 0.9, "votes": 2, "reason": "all 2 reviewers agree"}
    batch = [{"record_id": i, **sent} for i in answers]
    decisions = [{"record_id": i, "value": said[0], **settled} for i, said in answers.items()]
    round_.write_table("batch.parquet", table(batch, queue_schema(pa.string())))
    round_.write_table("votes/0001.parquet", table(votes, votes_schema(pa.string())))
    round_.write_table("decisions.parquet", table(decisions, decisions_schema(pa.string())))


@pytest.fixture(scope="module")
def learned_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project up to its first queue, to be copied."""
    folder = tmp_path_factory.mktemp("learned")
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("id", "text", "label"), *rows()])
    columns = Columns(fields={"text": "text"}, label="label", record_id="id")
    return learned(ingest(Intake(folder=folder / "project", data=path, columns=columns, labels=None)))


@pytest.fixture
def reviewed(learned_once: Project, tmp_path: Path) -> Project:
    """A project of which two rounds were read, one record in both."""
    project = open_project(shutil.copytree(learned_once.folder, tmp_path / "project"))
    answered(project, 1, {"r00": ["question"] * 2, "r01": ["complaint"] * 2})
    answered(project, 2, {"r01": ["question"] * 2, "r02": ["question"] * 2})
    return project


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_every_table_has_texts_label_suggestion_id_and_row(reviewed: Project) -> None:
    predictions = [{"record_id": i, "part": "test", "value": "question", "confidence": 0.8} for i in ("r03", "r04")]
    reviewed.round(0).write_table("predictions.parquet", table(predictions, predictions_schema(pa.string())))
    texts = {i: text for i, text, _ in rows()}
    for what in ("flags", "errors", "queue", "decisions", "votes"):
        found = exported(reviewed, what)
        assert {"record_id", "text", "label", "suggested", "suggested_prob", "source_row"} <= set(found.column_names)
        assert found.column_names[0] == "record_id"
        assert [texts[i] for i in column(found, "record_id")] == column(found, "text")


def test_votes_of_all_rounds_come_out_once_each_with_their_round(reviewed: Project) -> None:
    found = exported(reviewed, "votes").to_pylist()
    seen = [(vote["round"], vote["record_id"], vote["reviewer"]) for vote in found]
    sent = [(1, "r00"), (1, "r01"), (2, "r01"), (2, "r02")]
    assert seen == [(number, i, name) for number, i in sent for name in ("ana", "ben")]
    assert {vote["suggested"] for vote in found} == {"question"}
    assert [vote["record_id"] for vote in exported(reviewed, "votes", 2).to_pylist()] == ["r01", "r01", "r02", "r02"]


def test_every_column_of_the_votes_comes_out(reviewed: Project) -> None:
    round_ = reviewed.round(2)
    marked = [{**vote, "gone": vote["reviewer"] == "ana"} for vote in round_.votes().to_pylist()]
    round_.write_table("votes/0002.parquet", table(marked, votes_schema(pa.string())))
    found = exported(reviewed, "votes")
    assert {*votes_schema(pa.string()).names, "label"} - {"value"} <= set(found.column_names)
    assert column(found, "gone") == [None] * 4 + [True, False] * 2


def test_the_newest_decision_on_a_record_counts_and_says_its_round(reviewed: Project) -> None:
    found = exported(reviewed, "decisions")
    assert found.column_names[:5] == ["record_id", "label", "method", "confidence", "votes"]
    said = [(d["record_id"], d["label"], d["round"]) for d in found.to_pylist()]
    assert said == [("r00", "question", 1), ("r01", "question", 2), ("r02", "question", 2)]
    first = [(d["record_id"], d["label"]) for d in exported(reviewed, "decisions", 1).to_pylist()]
    assert first == [("r00", "question"), ("r01", "complaint")]


@pytest.mark.parametrize(
    ("what", "number", "message"),
    [
        ("votes", 7, "there is no round 7 (there are 0 to 2)"),
        ("votes", 0, "round 000 has no votes yet (run `twofold pull`)"),
        ("queue", 1, "round 001 has no queue yet (run `twofold relabel`)"),
        ("flags", 2, "round 002 has no flags yet (run `twofold check`)"),
        ("errors", None, "no round has predictions yet (run `twofold evaluate`)"),
    ],
)
def test_what_is_missing_is_one_clear_line(reviewed: Project, what: str, number: int | None, message: str) -> None:
    with pytest.raises(TwofoldError) as error:
        exported(reviewed, what, number)
    assert str(error.value).endswith(message)


@pytest.mark.parametrize("what", sorted(set(EXPORTS) - {"dataset", "labels", "systems", "comparisons"}))
def test_a_project_in_which_nothing_happened_says_so_for_every_table(make_project: Make, what: str) -> None:
    with pytest.raises(TwofoldError, match=r"no round has .* yet"):
        exported(make_project(rows()), what)


def named_project(tmp_path: Path, *fields: str) -> Project:
    """A project whose text fields have these names."""
    path = tmp_path / "named.csv"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["number", *(f"column {n}" for n, _ in enumerate(fields)), "answer"])
        writer.writerows([i, *(f"{text} {field}" for field in fields), label] for i, text, label in rows())
    columns = Columns(
        fields={field: f"column {n}" for n, field in enumerate(fields)}, label="answer", record_id="number"
    )
    return ingest(Intake(folder=tmp_path / "named", data=path, columns=columns, labels=None))


@pytest.mark.parametrize(
    "fields",
    [
        ("source", "target"),
        ("record_id", "part"),
        ("suggested", "score"),
        ("source_row", "round"),
        ("check", "reason"),
        ("source", "twofold_source"),
        ("=text", "method"),
    ],
)
def test_text_columns_keep_their_names_and_nothing_overwrites_them(fields: tuple[str, str], tmp_path: Path) -> None:
    project = learned(named_project(tmp_path, *fields))
    answered(project, 1, {"r00": ["question"] * 2})
    for what in ("flags", "queue", "decisions", "votes", "labels", "dataset"):
        found = exported(project, what)
        ours = "twofold_record_id" if "record_id" in fields else "record_id"
        assert len(set(found.column_names)) == len(found.column_names)
        for i, *said in zip(*(column(found, name) for name in (ours, *fields)), strict=True):
            text = next(text for known, text, _ in rows() if known == i)
            assert said == [f"{text} {field}" for field in fields], what


def test_a_column_of_ours_with_the_name_of_a_text_field_stands_apart(tmp_path: Path) -> None:
    project = learned(named_project(tmp_path, "source", "twofold_source"), "split")
    found = exported(project, "dataset")
    assert column(found, "twofold_twofold_source") == ["given"] * 24


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "hf"])
def test_every_format_holds_the_same_rows(reviewed: Project, form: str, tmp_path: Path) -> None:
    to = tmp_path / "out"
    for what in ("votes", "dataset"):
        assert run("export", reviewed.folder, "--what", what, "--format", form, "--out", to / what).exit_code == 0
    expected = [(v["record_id"], v["reviewer"], v["text"]) for v in exported(reviewed, "votes").to_pylist()]
    assert [(v["record_id"], v["reviewer"], v["text"]) for v in read(to / "votes", form)] == expected
    dataset = {(d["record_id"], d["text"], d["source"], d["part"]) for d in exported(reviewed, "dataset").to_pylist()}
    assert {(d["record_id"], d["text"], d["source"], d["part"]) for d in read(to / "dataset", form)} == dataset


def read(path: Path, form: str) -> list[dict[str, Any]]:
    if form == "csv":
        with path.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    if form == "jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if form == "parquet":
        return list(pq.read_table(path).to_pylist())
    import datasets

    found = datasets.load_from_disk(str(path))
    parts = found.values() if isinstance(found, dict) else [found]
    return [row for part in parts for row in part]


def test_a_saved_data_set_knows_the_names_of_its_labels(reviewed: Project, tmp_path: Path) -> None:
    import datasets

    export_hf(reviewed, tmp_path / "hf")
    found = datasets.load_from_disk(str(tmp_path / "hf"))
    assert set(found) == {"train", "validation", "test"}
    labels = by_id(exported(reviewed, "dataset"), "label")
    for part in found.values():
        names = part.features["label"].int2str(part["label"])
        assert dict(zip(part["record_id"], names, strict=True)) == {i: labels[i] for i in part["record_id"]}
    with pytest.raises(TwofoldError, match="is there already"):
        export_hf(reviewed, tmp_path / "hf")


def test_scores_of_flags_are_shares_of_records_whatever_a_check_measures(make_project: Make, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    copies = [("c0", "Where is my parcel number 3?", "question"), ("c1", "where is my parcel number 3", "complaint")]
    vectors = np.random.default_rng(0).normal(scale=0.1, size=(26, 8)) + 3 * np.eye(8)[0]
    vectors[5] = [0, 0, 9, 0, 0, 0, 0, 0]
    monkeypatch.setattr(EmbeddingStore, "matrix", vectors.astype(np.float32))
    project = learned(make_project([*rows(), *copies]), "check")
    found = flags(project).to_pylist()
    assert {row["check"] for row in found} >= {Check.CONFLICTING_COPY, Check.OUTLIER}
    assert all(0 < row["score"] <= 1 for row in found)
    assert [row["score"] for row in found] == sorted(row["score"] for row in found)
    worst = {row["check"]: row for row in reversed(found)}
    assert worst["conflicting_copy"]["score"] == pytest.approx(2 / 26)  # two records of 26 have so near a copy
    assert (worst["conflicting_copy"]["value"], worst["conflicting_copy"]["measure"]) == (1, "similarity")
    assert worst["outlier"]["score"] == pytest.approx(1 / 26)
    assert worst["outlier"]["value"] < 0.5


def test_the_scale_counts_records_that_look_as_bad() -> None:
    assert share_as_bad([0.1, 0.4], among=[0.1, 0.4, 0.4, 0.9], low_is_bad=True).tolist() == [0.25, 0.75]
    assert share_as_bad([0.9, 0.4], among=[0.1, 0.4, 0.4, 0.9], low_is_bad=False).tolist() == [0.25, 0.75]
    assert share_as_bad([], among=[], low_is_bad=True).tolist() == []


def test_every_label_is_ranked_worst_first_on_the_same_scale(reviewed: Project) -> None:
    ranked = label_ranking(reviewed)
    assert ranked.num_rows == 24
    assert ranked.column_names == flags(reviewed).column_names
    assert column(ranked, "score") == sorted(column(ranked, "score"))
    assert column(ranked, "value") == sorted(column(ranked, "value"), reverse=True)
    assert set(column(ranked, "measure")) == {"probability that the label is wrong"}


def test_what_the_check_says_of_a_label_has_one_name_and_one_number_everywhere(reviewed: Project) -> None:
    quality = {row["record_id"]: row for row in reviewed.round(0).table("quality.parquet").to_pylist()}
    assert reviewed.round(0).table("quality.parquet").schema == QUALITY
    assert all(row["is_issue"] == (row["p_wrong"] > 0.5) for row in quality.values())
    doubted = {row["record_id"]: row for row in flags(reviewed, check="label").to_pylist()}
    assert doubted.keys() == {i for i, row in quality.items() if row["is_issue"]} != set()
    queue = exported(reviewed, "queue").to_pylist()
    waiting = [row for row in queue if row["kind"] == "the label looks wrong" and row["record_id"] in doubted]
    assert waiting
    for found in (*doubted.values(), *label_ranking(reviewed).to_pylist(), *waiting):
        said = quality[found["record_id"]]
        assert (found["suggested"], found["suggested_prob"]) == (said["suggested"], said["suggested_prob"])
        assert found.get("priority", found.get("value")) == said["p_wrong"]


def test_what_cleanlab_says_of_a_label_stands_beside_it_and_nowhere_else(reviewed: Project) -> None:
    quality = by_id(reviewed.round(0).table("quality.parquet"), "cleanlab_p_wrong")
    assert all(0 <= p <= 1 for p in quality.values())
    assert max(quality, key=lambda i: quality[i]) == "r00"  # the one that is wrong
    assert {row["record_id"]: row["cleanlab_p_wrong"] for row in label_ranking(reviewed).to_pylist()} == quality
    of_labels = {str(Check.LABEL), str(Check.SETTLED_LABEL)}
    for row in flags(reviewed).to_pylist():
        assert row["cleanlab_p_wrong"] == (quality[row["record_id"]] if row["check"] in of_labels else None)


def test_flags_of_a_version_that_did_not_ask_cleanlab_open(reviewed: Project) -> None:
    round_ = reviewed.round(0)
    for name in ("quality.parquet", "flags.parquet"):
        round_.write_table(name, round_.table(name).drop_columns(["cleanlab_p_wrong"]))
    assert set(column(flags(reviewed), "cleanlab_p_wrong")) == {None}
    assert set(column(label_ranking(reviewed), "cleanlab_p_wrong")) == {None}


def test_a_check_that_is_not_there_is_an_error_with_the_near_name(reviewed: Project) -> None:
    with pytest.raises(TwofoldError, match=r"no check 'lable' \(did you mean 'label'\?\)"):
        flags(reviewed, check="lable")
    assert flags(reviewed, check="outlier").column_names == flags(reviewed).column_names


def test_flags_says_that_labels_were_not_checked_in_place_of_an_empty_table(make_project: Make) -> None:
    texts = ["My parcel never came.", "Opening hours on Sunday?", "Refund my money!", "Is the red one in stock?"]
    project = make_project([(str(i), text, ["complaint", "question"][i % 2]) for i, text in enumerate(texts)])
    learned(project, "check")
    result = run("flags", project.folder)
    assert (result.exit_code, result.stdout) == (0, "")
    labels = "twofold: too few labels to check (4, needs 20)\n"
    outliers = "twofold: too few texts that can be read to tell outliers (4, needs 11)\n"
    assert result.stderr == labels + outliers
    assert run("flags", project.folder, "--check", "near_duplicate").stdout.startswith("record_id,check,score,reason,")
    assert run("flags", project.folder, "--check", "outlier").stderr == outliers
    ranked = run("flags", project.folder, "--all")
    assert (ranked.stdout, ranked.stderr) == ("", labels)


def test_the_commands_guard_formulas_unless_told_not_to(make_project: Make) -> None:
    texts = [("a", "=HYPERLINK(1)", "x"), ("b", "-2+3", "y"), ("c", "fine", "x"), ("d", "also fine", "y")]
    project = learned(make_project(texts))
    guarded = run("export", project.folder, "--what", "dataset").stdout
    assert "'=HYPERLINK(1)" in guarded
    assert "'-2+3" in guarded
    raw = run("export", project.folder, "--what", "dataset", "--raw").stdout
    assert guarded.replace("'=", "=").replace("'-", "-") == raw


def test_on_a_terminal_control_characters_are_spelled_out(make_project: Make) -> None:
    project = make_project(
        [("a", "one", "x"), ("b", "turned \u202e text", "y"), ("c", "fine", "x"), ("d", "good", "y")]
    )
    assert "\u202e" in run("export", project.folder, "--what", "labels").stdout
    shown = on_a_terminal("export", str(project.folder), "--what", "labels")
    assert "\u202e" not in shown
    assert "turned \\u202e text" in shown


def on_a_terminal(*arguments: str) -> str:
    ours, theirs = pty.openpty()
    code = "from curation.cli import main; main()"
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=theirs, stdin=theirs)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # Linux says so when the other end is closed
        while part := os.read(ours, 4096):
            seen += part
    os.close(ours)
    assert process.wait() == 0
    return seen.decode()


def test_the_rounds_that_have_something_are_found_oldest_first(reviewed: Project) -> None:
    assert [round_.number for round_ in rounds_with(reviewed, "votes")] == [1, 2]


def test_soft_labels_stand_beside_the_answers_the_likeliest_first(reviewed: Project) -> None:
    soft = [("r00", "question", 0.8), ("r00", "complaint", 0.2), ("r01", "complaint", 0.9)]
    newer = [("r01", "question", 0.7), ("r01", "complaint", 0.3)]
    for number, rows_ in ((1, soft), (2, newer)):
        said = [{"record_id": i, "answer": answer, "probability": p} for i, answer, p in rows_]
        reviewed.round(number).write_table("soft.parquet", table(said, SOFT))
    found = run("export", reviewed.folder, "--what", "labels", "--round", "0", "--format", "jsonl", "--soft")
    by_record = {row["record_id"]: row["probabilities"] for row in map(json.loads, found.stdout.splitlines())}
    assert [each["answer"] for each in by_record["r00"]] == ["question", "complaint"]
    assert [each["probability"] for each in by_record["r01"]] == [0.7, 0.3]
    assert by_record["r05"] is None
    cell = run("export", reviewed.folder, "--what", "decisions", "--soft").stdout.splitlines()[1]
    assert '[{""answer"": ""question"", ""probability"": 0.8}' in cell


def test_soft_labels_are_refused_where_there_are_none(reviewed: Project) -> None:
    assert "no round has probabilities yet" in str(run("export", reviewed.folder, "--soft").exception)
    refused = run("export", reviewed.folder, "--what", "votes", "--soft").exception
    assert "--soft goes with labels, decisions, dataset as csv, jsonl, parquet, hf, came votes as csv" in str(refused)
    assert "came labels as spacy" in str(run("export", reviewed.folder, "--format", "spacy", "--soft").exception)


def test_a_saved_data_set_has_a_card_that_the_hub_reads_and_names_nobody(reviewed: Project, tmp_path: Path) -> None:
    import datasets
    from huggingface_hub import DatasetCard

    interval = {"value": 0.5, "low": 0.1, "high": 0.9, "reason": None}
    reviewed.round(1).write_json("review.json", {"agreement": {"alpha": interval}})
    reviewed.round(2).write_json("review.json", {"agreement": {"alpha": {**interval, "value": None, "reason": "why"}}})
    export_hf(reviewed, tmp_path / "hf")
    card, saved = DatasetCard.load(tmp_path / "hf" / "README.md"), datasets.load_from_disk(str(tmp_path / "hf"))
    assert (card.data.license, card.data.task_categories) == ("unknown", ["text-classification"])
    assert card.data.size_categories == ["n<1K"]
    sizes = {split["name"]: split["num_examples"] for split in card.data.dataset_info["splits"]}
    assert sizes == {name: part.num_rows for name, part in saved.items()}
    features = {each["name"]: each["dtype"] for each in card.data.dataset_info["features"]}
    assert features["label"]["class_label"]["names"] == {"0": "complaint", "1": "question"}
    assert "| 1 | 2 | 2 | 0 | 0.50 (0.10 to 0.90) |" in card.text
    assert "| 2 | 2 | 2 | 0 | why |" in card.text
    assert f"- {sum(sizes.values())} answers: came with the data" in card.text
    assert not {"ana", "ben"} & set(card.text.split())
    assert "Licence: not said" in card.text


def test_other_tables_of_a_saved_set_have_no_card(reviewed: Project, tmp_path: Path) -> None:
    export_hf(reviewed, tmp_path / "hf", "decisions")
    assert not (tmp_path / "hf" / "README.md").exists()
