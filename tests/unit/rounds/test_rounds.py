from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.rounds.loop import LEARN, Next, Situation, next_step, steps_upto


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Situation(number=0), Next.LEARN),
        (Situation(number=0, learned=True, queued=5), Next.NEXT_ROUND),
        (Situation(number=1), Next.PUSH),
        (Situation(number=1, sent=True), Next.PULL),
        (Situation(number=1, sent=True, undecided=3), Next.PULL),
        (Situation(number=1, sent=True, undecided=0, disputed=2), Next.PULL),
        (Situation(number=1, sent=True, undecided=0), Next.LEARN),
        (Situation(number=1, sent=True, undecided=3, go_on=True), Next.LEARN),
        (Situation(number=1, sent=True, go_on=True), Next.PULL),
        (Situation(number=2, sent=True, undecided=0, learned=True), Next.FINISHED),
    ],
)
def test_what_a_round_needs_now(now, expected):
    assert next_step(now) is expected


situations = st.builds(
    Situation,
    number=st.integers(0, 3),
    sent=st.booleans(),
    undecided=st.none() | st.integers(0, 3),
    disputed=st.integers(0, 3),
    learned=st.booleans(),
    queued=st.integers(0, 3),
    go_on=st.booleans(),
)


def test_people_are_done_when_nothing_is_undecided_or_disputed():
    assert Situation(number=0).people_are_done
    assert Situation(number=1, sent=True, undecided=0).people_are_done
    assert not Situation(number=1, sent=True).people_are_done
    assert not Situation(number=1, sent=True, undecided=0, disputed=1).people_are_done


@given(situations)
def test_nothing_is_learned_from_a_round_that_people_have_not_finished(now):
    if now.number and not now.go_on and (now.undecided != 0 or now.disputed):
        assert next_step(now) in (Next.PUSH, Next.PULL)


def test_every_step_comes_after_the_steps_that_make_what_it_needs():
    made = {"labels.parquet"}  # by `init` and by `review`
    for step in LEARN:
        assert set(step.needs) <= made, step.name
        made |= set(step.makes)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("check", ["map", "check"]),
        ("train", ["map", "check", "split", "augment", "train"]),
        ("relabel", ["map", "check", "split", "relabel"]),
        ("bias", ["map", "check", "bias"]),
        ("report", ["map", "check", "bias", "split", "relabel", "report"]),
    ],
)
def test_a_step_is_run_after_those_that_it_needs_and_no_others(name, steps):
    assert [step.name for step in steps_upto(name)] == steps
