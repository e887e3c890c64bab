"""Passages by consensus: readers who miss some, mark others wrongly, and take different borders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.review import consensus
from curation.review.answers import as_units
from curation.review.passage_consensus import PassageConsensus
from curation.review.passage_votes import read_passage_votes
from curation.tasks.span import KIND, NOTHING, Span

TEXT = "Ann Lee saw Paris and Rome in May ."
Passages = list[list[Any]]
Votes = list[tuple[str, str, Passages]]


def marked(votes: Votes, **known: Any) -> PassageConsensus:
    found = consensus(votes, kind="span", **known)
    assert isinstance(found, PassageConsensus)
    return found


def plain(found: PassageConsensus) -> dict[str, Passages]:
    return {i: [[s["start"], s["end"], s["label"]] for s in spans] for i, spans in found.value.items()}


WORDS = [(0, 3), (4, 7), (8, 11), (12, 17), (18, 21), (22, 26), (27, 29), (30, 33)]
_one = st.tuples(st.sampled_from(WORDS), st.sampled_from(["PER", "LOC"]))
ANSWER = st.lists(_one, max_size=4, unique_by=lambda one: one[0]).map(
    lambda found: sorted([start, end, label] for (start, end), label in found)
)
RECORDS = st.dictionaries(st.sampled_from([f"m{i}" for i in range(6)]), ANSWER, min_size=2)


@settings(max_examples=30, deadline=None)
@given(truth=RECORDS, read=st.booleans())
def test_readers_who_are_always_right_make_the_truth(truth: dict[str, Passages], read: bool) -> None:
    votes = [(i, who, spans) for i, spans in truth.items() for who in ("ann", "ben", "cem")]
    found = marked(votes, labels=["PER", "LOC"], texts=dict.fromkeys(truth, TEXT) if read else None)
    assert plain(found) == truth


@settings(max_examples=30, deadline=None)
@given(spans=ANSWER, overlapping=st.booleans())
def test_an_answer_is_what_its_choices_make(spans: Passages, overlapping: bool) -> None:
    answer = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    question = Span(labels=("PER", "LOC"), overlapping=overlapping)
    assert KIND.fold(KIND.units(answer, question)) == answer


@settings(max_examples=20, deadline=None)
@given(
    said=st.dictionaries(st.tuples(st.sampled_from(["m1", "m2", "m3"]), st.sampled_from(["ann", "ben"])), ANSWER),
    seed=st.integers(0, 99),
)
def test_the_order_of_votes_plays_no_part(said: dict[tuple[str, str], Passages], seed: int) -> None:
    votes = [(i, who, spans) for (i, who), spans in sorted(said.items())]
    mixed = [votes[j] for j in np.random.default_rng(seed).permutation(len(votes))]
    texts = dict.fromkeys(("m1", "m2", "m3"), TEXT)
    one, two = (marked(each, labels=["PER", "LOC"], texts=texts) for each in (votes, mixed))
    assert one.label == two.label
    assert one.confidence == two.confidence
    assert one.passages.equals(two.passages)


def crowd(records: int, *, seed: int, wrong: float) -> tuple[Votes, dict[str, Passages], dict[str, str]]:
    """Draw sentences with a person and a place, and two readers of each who take the one for the other."""
    rng, labels = np.random.default_rng(seed), ["PER", "LOC"]
    names = [["Ann", "Ben", "Cem", "Dot", "Eva", "Fay"], ["Rome", "Oslo", "Bonn", "Cork", "Lyon", "Nice"]]
    votes: Votes = []
    truth, texts = {}, {}
    for n in range(records):
        words = [str(rng.choice(group)) for group in names]
        texts[f"m{n:03}"] = text = f"We met {words[0]} near {words[1]} ."
        at = [[text.index(word), text.index(word) + len(word)] for word in words]
        truth[f"m{n:03}"] = [[*place, label] for place, label in zip(at, labels, strict=True)]
        for who in rng.choice(["r1", "r2", "r3", "r4"], 2, replace=False):
            said = [labels[i ^ int(rng.random() < wrong)] for i in range(2)]
            votes.append((f"m{n:03}", str(who), [[*place, label] for place, label in zip(at, said, strict=True)]))
    return votes, truth, texts


def share_right(found: PassageConsensus, truth: dict[str, Passages]) -> float:
    return float(np.mean([plain(found)[i] == truth[i] for i in truth]))


def test_texts_tell_who_is_right_where_two_readers_differ() -> None:
    votes, truth, texts = crowd(150, seed=0, wrong=0.3)
    alone, read = marked(votes), marked(votes, texts=texts)
    assert share_right(alone, truth) < 0.7
    assert share_right(read, truth) > 0.9
    assert set(read.table["method"].to_pylist()) == {"votes and text"}


def test_what_a_record_says_of_itself_is_not_learnt_from_it() -> None:
    from curation.review.cue_opinion import cue_matrix, cue_opinion

    cues = [["a", f"only {i // 4}"] for i in range(40)]
    group = np.arange(40) // 4  # each record has a cue of its own, that all of its units share
    posterior = np.tile([0.5, 0.5], (40, 1))
    posterior[group == 3] = [1.0, 0.0]
    changed = posterior.copy()
    changed[group == 3] = [0.0, 1.0]
    one, two = (cue_opinion(cue_matrix(cues), each, group).expected[group == 3] for each in (posterior, changed))
    assert one == pytest.approx(two, abs=0.02)


def test_of_two_that_overlap_one_is_kept_unless_readers_let_theirs_overlap() -> None:
    votes: Votes = [("m1", "ann", [[0, 7, "PER"]]), ("m1", "ben", [[0, 7, "PER"]]), ("m1", "cem", [[0, 3, "PER"]])]
    assert plain(marked(votes)) == {"m1": [[0, 7, "PER"]]}
    both = [[0, 3, "PER"], [0, 7, "PER"]]
    assert plain(marked([("m1", "ann", both), ("m1", "ben", both)])) == {"m1": both}


def test_passages_say_how_likely_each_of_them_is() -> None:
    votes: Votes = [("m1", "ann", [[0, 3, "PER"]]), ("m1", "ben", [[0, 3, "PER"], [12, 17, "LOC"]])]
    votes += [("m2", "ann", []), ("m2", "ben", [])]
    found = marked(votes)
    rows = found.passages.to_pylist()
    assert [(row["record_id"], row["start"], row["end"], row["label"]) for row in rows] == [
        ("m1", 0, 3, "PER"),
        ("m1", 12, 17, "LOC"),
    ]
    assert rows[0]["chosen"]
    assert rows[0]["probability"] > rows[1]["probability"]
    assert found.value["m2"] == []
    assert found.confidence["m2"] == 1
    assert found.probability("m1", found.label["m1"]) == pytest.approx(found.confidence["m1"])


def test_passages_are_taken_as_mappings_lists_and_arrow_and_a_later_answer_counts() -> None:
    import pandas as pd
    import pyarrow as pa

    spans = [{"start": 0, "end": 3, "label": "PER"}]
    columns = {"record_id": ["m1", "m1"], "reviewer": ["ann", "ben"]}
    tables = [
        [("m1", "ann", spans), ("m1", "ben", [(0, 3, "PER")])],
        pd.DataFrame({**columns, "value": [spans, spans]}),
        pa.table({**columns, "value": pa.array([spans, spans], KIND.value())}),
        pd.DataFrame({**columns, "label": [[[np.int64(0), 3, "PER"]], spans]}),
    ]
    for table in tables:
        assert plain(marked(table)) == {"m1": [[0, 3, "PER"]]}  # type: ignore[arg-type]
    again = [("m1", "ann", [], "2024-05-01T10:00:00Z"), ("m1", "ann", spans, "2024-05-02T10:00:00Z")]
    assert plain(marked(again)) == {"m1": [[0, 3, "PER"]]}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("votes", "known", "message"),
    [
        ([("m1", "ann", [[0, "PER"]])], {}, "votes: row 0: expected passages as start, end and label"),
        ([("m1", "ann", []), ("m1", "ben", [[3, 3, "PER"]])], {}, "votes: row 1: expected passages"),
        ([("m1", "ann", "PER")], {}, "votes: row 0: expected a list of passages, found 'PER'"),
        ([("m1", "ann", [[0, 3, "PER"]])], {"labels": ["LOC"]}, "votes: expected labels of LOC, found 'PER'"),
        ([("m1", "ann", [[0, 3, "PER"]])], {"texts": {}}, "texts of record 'm1': expected a text, found None"),
        ([("m1", "ann", [[0, 9, "PER"]])], {"texts": {"m1": "Ann"}}, "record 'm1': .*ends outside its text"),
    ],
)
def test_what_cannot_be_read_is_one_line(votes: Votes, known: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        marked(votes, **known)


def test_no_votes_and_no_passages_are_no_fault() -> None:
    assert marked([("m1", "ann", [])]).value == {"m1": []}
    assert marked([("m1", "ann", [])], texts={"m1": TEXT}).value == {"m1": []}


def test_cues_of_a_unit_know_its_label_where_each_label_is_a_unit() -> None:
    votes = read_passage_votes([("m1", "ann", [[0, 3, "PER"], [0, 7, "PER"]]), ("m1", "ben", [[0, 3, "LOC"]])])
    units = as_units(votes.table(), KIND, votes.question)
    assert KIND.cues is not None
    for _, unit in units.record.values():
        cues = KIND.cues(unit, votes.question, {"text": TEXT})
        assert any(cue.endswith(unit.partition(" ")[2]) for cue in cues)
    assert set(units.votes["label"].to_pylist()) == {"PER", "LOC", NOTHING}
