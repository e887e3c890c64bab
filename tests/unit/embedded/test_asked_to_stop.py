"""A supervisor that is asked to stop stops in order, whatever becomes of the exception that says so."""

from __future__ import annotations

import signal
from types import SimpleNamespace
from typing import Any

import pytest

from curation.embedded.run import stopping, supervisor


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    monkeypatch.setattr(stopping, "_requested", False)
    monkeypatch.setattr(supervisor, "on_signals", lambda handler: None)
    return []


def run(noted: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, start: Any) -> None:
    services: Any = SimpleNamespace(stop=lambda: None, note=lambda state, error="": noted.append((state, error)))
    monkeypatch.setattr(supervisor, "start", start)
    supervisor._run(services, supervisor.Address(), None)


def test_what_compiled_code_makes_of_the_exception_is_no_failure(
    noted: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(services: object, address: object) -> None:
        try:
            stopping.request_stop(signal.SIGTERM, None)
        except stopping.StopRequested:
            raise TypeError("Error building a validator: StopRequested") from None

    run(noted, monkeypatch, start)
    assert noted == [("stopped", "")]


def test_what_fails_unasked_is_a_failure(noted: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def start(services: object, address: object) -> None:
        raise TypeError("broken")

    with pytest.raises(TypeError):
        run(noted, monkeypatch, start)
    assert noted == [("failed", "TypeError: broken")]
