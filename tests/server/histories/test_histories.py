"""Random histories of a project hold, and each fault that once was is found when it is put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.histories import run_histories
from benchmarks.history.faults import FAULTS, put_back
from benchmarks.history.model import Key, Model
from benchmarks.history.script import Script, failure
from benchmarks.history.scripts import FOUND, SCRIPTS
from benchmarks.history.service import Service

pytestmark = pytest.mark.server

HISTORIES, STEPS, SEED = 5, 12, 0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("histories") / "home"
        patch.setenv("TWOFOLD_HOME", str(home))
        service = Service(home)
        yield service
        service.stop()


def test_random_histories_hold(service: Service, tmp_path: Path) -> None:
    found = run_histories(service, tmp_path, histories=HISTORIES, steps=STEPS, seed=SEED)
    assert not found.failures, "\n\n".join(map(str, found.failures))
    assert found.histories >= HISTORIES
    assert found.kinds.total() >= HISTORIES * STEPS
    assert {"answer", "round"} <= found.kinds.keys()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_when_it_is_put_back(service: Service, tmp_path: Path, fault: str) -> None:
    assert failure(service, tmp_path, SCRIPTS[fault]) is None
    with put_back(fault):
        assert failure(service, tmp_path, SCRIPTS[fault]) is not None


@pytest.mark.parametrize("script", FOUND.values(), ids=list(FOUND))
def test_what_random_histories_found_holds(service: Service, tmp_path: Path, script: Script) -> None:
    assert failure(service, tmp_path, script) is None


def test_every_fault_has_its_script() -> None:
    assert list(FAULTS) == list(SCRIPTS)


ANA, BEN, EVE = (
    Key(1, role, "r1", name) for role, name in (("annotator", "ana"), ("annotator", "ben"), ("adjudicator", "eve"))
)


@pytest.mark.parametrize(
    ("said", "decision"),
    [
        ([], ("undecided", None)),
        ([(ANA, "submitted", "refund")], ("undecided", None)),
        ([(ANA, "submitted", "refund"), (BEN, "submitted", "refund")], ("agreed", "refund")),
        ([(ANA, "submitted", "refund"), (BEN, "submitted", "praise")], ("disputed", None)),
        ([(ANA, "submitted", "refund"), (BEN, "draft", "refund")], ("undecided", None)),
        ([(ANA, "submitted", "refund"), (BEN, "discarded", None)], ("disputed", None)),
        ([(ANA, "discarded", None), (BEN, "discarded", None)], ("discarded", None)),
        (
            [(ANA, "submitted", "refund"), (BEN, "submitted", "praise"), (EVE, "submitted", "praise")],
            ("adjudicated", "praise"),
        ),
        (
            [(EVE, "submitted", "praise"), (ANA, "submitted", "refund"), (BEN, "submitted", "refund")],
            ("agreed", "refund"),
        ),
        ([(ANA, "submitted", "refund"), (BEN, "submitted", "praise"), (EVE, "discarded", None)], ("discarded", None)),
    ],
)
def test_the_model_decides_by_the_rules(
    said: list[tuple[Key, str, str | None]], decision: tuple[str, str | None]
) -> None:
    model = Model(knows={1: {"ana", "ben"}})
    for key, status, label in said:
        model.answered(key, status, label)
    model.pulled([1])
    assert model.decision(1, "r1", 2) == decision


def test_the_model_keeps_what_was_pulled_and_only_that() -> None:
    model = Model()
    model.answered(ANA, "submitted", "refund")
    model.answered(BEN, "draft", "praise")
    model.pulled([1])
    model.account_deleted("ana")
    model.account_deleted("ben")
    model.pulled([1])
    assert {key.person for key in model.held} == {"ana"}
    model.pulled([1], give_up_missing=True)
    assert not model.held
