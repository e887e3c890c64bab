"""What a library holds is replaced everywhere, and only where it is what the replacement was made for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from curation.embedded.errors import ServerError
from curation.embedded.patches.replace import replaced


def build_event(db: object, record: object) -> str:
    return "made"


def build_nothing(db: object, record: object) -> str:
    return "left out"


@pytest.fixture
def events() -> Iterator[ModuleType]:
    """A module of Argilla's, and one that has imported a function of it under another name."""
    made, imports_it = ModuleType("argilla_server.made_events"), ModuleType("argilla_server.deletes_records")
    vars(made).update(build_event=build_event, PATIENCE=30)
    vars(imports_it).update(build_event_v1=build_event, LIMIT=30)
    sys.modules.update({module.__name__: module for module in (made, imports_it)})
    yield made
    for module in (made, imports_it):
        del sys.modules[module.__name__]


def put(owner: Any, name: str, new: object, *parameters: str) -> Callable[[], None]:
    return replaced(owner, name, new, parameters=parameters or None, reason="nothing is made for nobody", test="here")


def test_a_module_that_imported_the_name_gets_the_replacement_too(events: Any) -> None:
    importer: Any = sys.modules["argilla_server.deletes_records"]
    put_back = put(events, "build_event", build_nothing, "db", "record")
    assert events.build_event is importer.build_event_v1 is build_nothing
    put_back()
    assert events.build_event is importer.build_event_v1 is build_event


def test_a_number_that_happens_to_be_equal_elsewhere_is_left_alone(events: Any) -> None:
    put(events, "PATIENCE", 60)
    assert (events.PATIENCE, sys.modules["argilla_server.deletes_records"].LIMIT) == (60, 30)  # type: ignore[attr-defined]


def test_a_name_that_is_gone_is_one_line_that_says_what_to_install(events: Any) -> None:
    with pytest.raises(ServerError) as error:
        put(events, "notify", build_nothing, "db")
    line = str(error.value)
    assert line.startswith("argilla-server: expected version 2.8.0, found 2.8.0, which has no")
    assert "`argilla_server.made_events.notify`" in line
    assert line.endswith("(needed so that nothing is made for nobody); install argilla-server==2.8.0")
    assert "\n" not in line


@pytest.mark.parametrize(
    "expected", [("db",), ("record", "db"), ("db", "event"), ("db", "record", "user"), ("db", "event", "...")]
)
def test_other_parameters_are_one_line_that_shows_them(events: Any, expected: tuple[str, ...]) -> None:
    with pytest.raises(ServerError) as error:
        put(events, "build_event", build_nothing, *expected)
    told = f"`argilla_server.made_events.build_event`: it takes (db, record), expected ({', '.join(expected)})"
    assert told in str(error.value)
    assert events.build_event is build_event


def test_what_is_no_function_any_more_is_said_so(events: Any) -> None:
    with pytest.raises(ServerError, match=r"PATIENCE`: it cannot be called, expected \(db\)"):
        put(events, "PATIENCE", build_nothing, "db")


@pytest.mark.parametrize("expected", [("db", "..."), ("db", "record", "..."), ("...",)])
def test_parameters_that_do_not_matter_may_be_left_open(events: Any, expected: tuple[str, ...]) -> None:
    put(events, "build_event", build_nothing, *expected)
    assert events.build_event is build_nothing


def test_a_method_is_named_with_its_class_and_its_library() -> None:
    from starlette.requests import Request

    with pytest.raises(
        ServerError, match=r"^starlette: expected version 0\.46\.2, .*`starlette.requests.Request\.json"
    ):
        put(Request, "json", build_nothing, "self", "strict")
