"""Bringing the settings of an open data set to what a round asks now; nothing that people answered is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from curation.annotation.spec import DatasetSpec
from curation.errors import TwofoldError

CONTENTS = "twofold_records"
"""Where a data set is marked with the hash of the records that it was made for."""


def adjust(http: httpx.Client, dataset_id: str, spec: DatasetSpec, url: str) -> None:
    """Change what differs and can change.

    Args:
        http: A client of the server, with an owner's key.
        dataset_id: The data set, published.
        spec: What it is to be.
        url: The server, for errors.

    Raises:
        TwofoldError: It holds other records, shows other fields, or asks for other labels than those.
        httpx.HTTPError: The server refuses, or is not to be reached.
    """
    held = _got(http, f"/api/v1/datasets/{dataset_id}")
    if (held["metadata"] or {}).get(CONTENTS, spec.contents) != spec.contents:
        raise TwofoldError(
            f"data set {spec.name} at {url} holds the records of another project of the same name;"
            " nothing was sent: choose another name in twofold.toml, and add the reviewers again"
        )
    questions = _questions(http, dataset_id, spec, url)
    changes: dict[str, Any] = {}
    if (held["guidelines"] or "").strip() != spec.guidelines.strip():
        changes["guidelines"] = spec.guidelines or None
    if held["distribution"]["min_submitted"] != spec.required:
        changes["distribution"] = {"strategy": "overlap", "min_submitted": spec.required}
    if changes:  # not otherwise: Argilla counts the status of all records anew
        http.patch(f"/api/v1/datasets/{dataset_id}", json=changes).raise_for_status()
    for question in questions:
        _adjust_options(http, question, spec.questions[question["name"]].settings)


def can_add_labels(http: httpx.Client, dataset_id: str) -> bool:
    """Whether the server lets an open data set have one label more; Argilla by itself does not."""
    return http.get(f"/api/v1/twofold/datasets/{dataset_id}").status_code == httpx.codes.OK


def _questions(http: httpx.Client, dataset_id: str, spec: DatasetSpec, url: str) -> list[dict[str, Any]]:
    """Return the questions that the data set asks; an optional one may be missing, as one that is open takes none."""
    questions: dict[str, dict[str, Any]] = {
        each["name"]: each for each in _got(http, f"/api/v1/datasets/{dataset_id}/questions")["items"]
    }
    fields = {each["name"] for each in _got(http, f"/api/v1/datasets/{dataset_id}/fields")["items"]}
    needed = {name for name, posed in spec.questions.items() if not posed.is_optional}
    where = f"data set {spec.name} at {url}"
    again = "nothing was sent: choose another name in twofold.toml, and add the reviewers again"
    if not needed <= questions.keys() <= spec.questions.keys() or fields != set(spec.fields):
        shown = f"{', '.join(sorted(fields))} and asks for {', '.join(questions)}"
        raise TwofoldError(f"{where} was made with other settings (it shows {shown}); {again}")
    for name, found in questions.items():
        settings = spec.questions[name].settings
        held, wanted = found["settings"]["type"], settings["type"]
        if held != wanted:
            raise TwofoldError(f"{where} asks for another kind of answer ({held}, not {wanted}); {again}")
        offered = _options(found["settings"])
        if not offered.keys() <= _options(settings).keys():
            raise TwofoldError(f"{where} was made with other labels ({', '.join(map(str, offered))}); {again}")
    return list(questions.values())


def _adjust_options(http: httpx.Client, question: dict[str, Any], posed: Mapping[str, Any]) -> None:
    held, wanted = _options(question["settings"]), _options(posed)
    if held == wanted:
        return
    options = posed["options"]
    if held.keys() == wanted.keys():
        settings = {"type": question["settings"]["type"], "options": options}
        http.patch(f"/api/v1/questions/{question['id']}", json={"settings": settings}).raise_for_status()
        return
    http.put(f"/api/v1/twofold/questions/{question['id']}/options", json={"options": options}).raise_for_status()


def _options(settings: Mapping[str, Any]) -> dict[Any, str | None]:
    """Return what is read at every option that a question has, by its value, sorted."""
    found = {option["value"]: option.get("text") for option in settings.get("options") or ()}
    return dict(sorted(found.items()))


def _got(http: httpx.Client, path: str) -> Any:
    return http.get(path).raise_for_status().json()
