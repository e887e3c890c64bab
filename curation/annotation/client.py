"""The one module that imports the Argilla SDK."""

from __future__ import annotations

import logging
import secrets
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any, TypeVar, cast

import numpy as np
from pydantic import ValidationError, create_model

from curation.annotation.adjusting import CONTENTS, adjust, can_add_labels
from curation.annotation.plain_text import shown_as_written
from curation.annotation.pulling import responses
from curation.annotation.pushing import push
from curation.annotation.reach import check_is_argilla
from curation.annotation.record_list import delete_unanswered, list_records, take_back_suggestions
from curation.annotation.spec import Answer, DatasetSpec, Given, Outgoing, Posed, Progress, answer_of
from curation.errors import TwofoldError

VECTOR = "meaning"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class NewReviewer:
    """A person just added; the password is shown once and kept nowhere."""

    username: str
    password: str


class ArgillaClient:
    """A connection to one Argilla server, as its owner.

    Every call is safe to repeat: what is already there is left as it is, or brought up to date.
    """

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url.rstrip("/")
        for name in ("argilla", "httpx"):
            logging.getLogger(name).setLevel(logging.WARNING)
        if not api_key.isascii() or not api_key.isprintable():
            raise TwofoldError(f"Argilla at {self.url}: an API key has letters, digits and signs of ASCII only")
        with self._clear_errors():
            import argilla

            check_is_argilla(self.url)
            self._sdk: Any = argilla
            self._client: Any = argilla.Argilla(api_url=self.url, api_key=api_key, retries=2)

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Turn the SDK's and the network's errors into one line."""
        import httpx
        from argilla._exceptions import ArgillaError

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # the SDK warns of everything not found
                yield
        except httpx.HTTPStatusError as error:
            detail = _line(error.response.text)
            raise TwofoldError(f"Argilla at {self.url}: {error.response.status_code}, {detail}") from error
        except httpx.HTTPError as error:
            raise TwofoldError(
                f"Argilla at {self.url} does not answer ({type(error).__name__}); is `twofold serve` running?"
            ) from error
        except ArgillaError as error:
            if "Credentials" in type(error).__name__ or getattr(error, "status_code", 0) in (401, 403):
                raise TwofoldError(f"Argilla at {self.url} refuses the API key, or its user may not do this") from error
            raise TwofoldError(f"Argilla at {self.url}: {_line(str(error)) or type(error).__name__}") from error
        except ValidationError as error:
            raise TwofoldError(f"Argilla at {self.url} would not take this: {_line(str(error))}") from error
        except JSONDecodeError as error:
            raise TwofoldError(f"Argilla at {self.url} did not answer with JSON: is a proxy before it?") from error

    def _each(self, steps: Iterator[T]) -> Iterator[T]:
        """Go through what the server gives, with clear errors in between but not in what is done with it."""
        ended = object()
        while True:
            with self._clear_errors():
                step = next(steps, ended)
            if step is ended:
                return
            yield cast(T, step)

    # People

    def add_reviewer(self, username: str, workspace: str, *, role: str = "annotator") -> NewReviewer | None:
        """Create an account, or let an existing one into the workspace.

        Args:
            username: Who.
            workspace: Made if it does not exist.
            role: Argilla's: an `annotator` sees the own answers, an `admin` everybody's in the workspace.

        Returns:
            The new account with its password, or None if the person was there already.

        Raises:
            TwofoldError: The account is there with another role, which decides what it sees in every workspace.
        """
        with self._clear_errors():
            user = self._client.users(username)
            new = None
            if user is None:
                new = NewReviewer(username=username, password=secrets.token_urlsafe(12))
                user = self._sdk.User(
                    username=username,
                    first_name=username,
                    role=role,
                    password=new.password,
                    client=self._client,
                ).create()
            elif (found := str(user.role.value)) != role:
                raise TwofoldError(
                    f"{username!r} is {found} in Argilla, and so in every workspace; to take part as {role}, this"
                    " person needs a second account: choose another name"
                )
            members = self._workspace(workspace)
            if username not in {member.username for member in members.users}:
                user.add_to_workspace(members)
            return new

    def reviewers(self, workspace: str, *, role: str = "annotator") -> list[str]:
        """Return the names of people of one of Argilla's roles in a workspace, sorted; none without a workspace."""
        with self._clear_errors():
            found = self._client.workspaces(workspace)
            if found is None:
                return []
            return sorted(user.username for user in found.users if str(user.role.value) == role)

    def remove_reviewer(self, username: str, workspace: str) -> bool:
        """Take somebody out of a workspace; the account and the answers stay."""
        with self._clear_errors():
            found = self._client.workspaces(workspace)
            user = self._client.users(username)
            if found is None or user is None or username not in {u.username for u in found.users}:
                return False
            user.remove_from_workspace(found)
            return True

    def reset_password(self, username: str) -> NewReviewer:
        """Give somebody a new random password; the old one stops working.

        Raises:
            TwofoldError: There is no such user.
        """
        with self._clear_errors():
            user = self._client.users(username)
            if user is None:
                raise TwofoldError(f"Argilla at {self.url} has no user {username!r}")
            new = NewReviewer(username=username, password=secrets.token_urlsafe(12))
            answer = self._client.http_client.patch(f"/api/v1/users/{user.id}", json={"password": new.password})
            answer.raise_for_status()
            return new

    def _workspace(self, name: str) -> Any:
        found = self._client.workspaces(name)
        return found if found is not None else self._sdk.Workspace(name=name, client=self._client).create()

    # Data sets

    def ensure_dataset(self, spec: DatasetSpec) -> Any:
        """Create and publish the data set, or bring the settings of the one that is there to what `spec` says.

        One left half-made by a kill is made again. Guidelines, the number of answers required and what is read at a
        label can change while people answer; labels are added where the server can do that; nothing is taken away.

        Raises:
            TwofoldError: It is there and holds the records of another project, or asks for other labels or fields.
        """
        with self._clear_errors():
            workspace = self._workspace(spec.workspace)
            found = self._client.datasets(spec.name, workspace=workspace)
            if found is not None and not _is_published(found):
                found.delete()  # a draft: nobody can have answered in it
                found = None
            if found is None:
                return self._create(spec, workspace)
            adjust(self._client.http_client, str(found.id), spec, self.url)
            return found

    def _create(self, spec: DatasetSpec, workspace: Any) -> Any:
        sdk = self._sdk
        settings = sdk.Settings(
            guidelines=spec.guidelines or None,
            fields=[self._field(spec, name) for name in spec.fields],
            questions=[_question(name, posed) for name, posed in spec.questions.items()],
            metadata=[self._metadata(name, kind) for name, kind in spec.metadata.items()],
            vectors=[sdk.VectorField(name=VECTOR, dimensions=spec.vector_size)] if spec.vector_size else [],
            distribution=sdk.TaskDistribution(min_submitted=spec.required),
        )
        dataset = sdk.Dataset(name=spec.name, workspace=workspace, settings=settings, client=self._client)
        # The SDK leaves out what the server has room for: a mark, there from the start. One that is set later would
        # make Argilla count the status of all records anew.
        model = create_model("MarkedDataset", __base__=type(dataset._model), metadata=(dict[str, str], ...))
        dataset._model = model(name=spec.name, metadata={CONTENTS: spec.contents})
        return dataset.create()

    def _field(self, spec: DatasetSpec, name: str) -> Any:
        title = spec.fields[name]
        if name in spec.custom:
            return self._sdk.CustomField(name=name, title=title, template=spec.custom[name])
        made = self._sdk.ChatField if name in spec.chat else self._sdk.TextField
        return made(name=name, title=title, use_markdown=False)

    def _metadata(self, name: str, kind: str) -> Any:
        sdk = self._sdk
        kinds = {
            "terms": sdk.TermsMetadataProperty,
            "integer": sdk.IntegerMetadataProperty,
            "float": sdk.FloatMetadataProperty,
        }
        return kinds[kind](name=name, title=_title(name), visible_for_annotators=False)

    def dataset(self, name: str, workspace: str) -> Any | None:
        """Return the data set, or None; one left half-made by a kill is none, and is made again by `ensure_dataset`."""
        with self._clear_errors():
            members = self._client.workspaces(workspace)
            found = None if members is None else self._client.datasets(name, workspace=members)
            return found if found is not None and _is_published(found) else None

    def upload(self, dataset: Any, records: Iterable[Outgoing]) -> Iterator[int]:
        """Send records in batches, yielding how many are through; one that is there is brought up to date.

        Answers that people gave are never touched. See :mod:`curation.annotation.pushing`.
        """
        questions = _question_ids(dataset)
        items = (_item(record, questions) for record in records)
        yield from self._each(push(self._client.http_client, str(dataset.id), items))

    def upload_answered(self, dataset: Any, records: Iterable[Outgoing]) -> Iterator[int]:
        """Send records with answers that people have given to them elsewhere, so that these people are not asked again.

        Only answers of people who have an account, and none here yet to that record, may come along.
        """
        questions, users = _question_ids(dataset), {n: i for i, n in self._usernames().items()}
        items = (
            {**_item(record, questions), "responses": [_response(given, users) for given in record.given]}
            for record in records
        )
        yield from self._each(push(self._client.http_client, str(dataset.id), items, with_answers=True))

    def answered(self, dataset: Any) -> dict[str, set[str]]:
        """Return who has begun or given an answer to each record that a data set holds, by record id."""
        names, found = self._usernames(), {}
        with self._clear_errors():
            for record in list_records(self._client.http_client, str(dataset.id), include="responses"):
                people = {names.get(r["user_id"], r["user_id"]) for r in record.get("responses") or ()}
                found[record["external_id"]] = people
        return found

    def accounts(self) -> set[str]:
        """Return the names of everybody who has an account."""
        return set(self._usernames().values())

    def count_anew(self, dataset: Any, required: int) -> None:
        """Let the server see anew which records have enough answers; it does so when it is told how many that is."""
        with self._clear_errors():
            settings = {"distribution": {"strategy": "overlap", "min_submitted": required}}
            self._client.http_client.patch(f"/api/v1/datasets/{dataset.id}", json=settings).raise_for_status()

    def can_add_labels(self, dataset: Any) -> bool:
        """Whether this server lets an open data set have one label more."""
        with self._clear_errors():
            return can_add_labels(self._client.http_client, str(dataset.id))

    def take_back_suggestions(self, dataset: Any) -> None:
        """Show no suggestion any more in a data set."""
        with self._clear_errors():
            take_back_suggestions(self._client.http_client, str(dataset.id))

    def record_ids(self, dataset: Any) -> set[str]:
        """Return the ids of the records that a data set holds."""
        with self._clear_errors():
            return {record["external_id"] for record in list_records(self._client.http_client, str(dataset.id))}

    def withdraw(self, dataset: Any, record_ids: Iterable[str]) -> int:
        """Take records out that nobody has answered, and return how many that were; an answered one stays."""
        with self._clear_errors():
            return delete_unanswered(self._client.http_client, str(dataset.id), sorted(record_ids))

    # Answers

    def answers(self, dataset: Any) -> Iterator[Answer]:
        """Return every answer in a data set, in the order in which records were sent; a page is in memory at a time."""
        names = self._usernames()
        for response in self._each(responses(self._client.http_client, str(dataset.id))):
            yield answer_of(response, response["external_id"], names)

    def _usernames(self) -> dict[str, str]:
        with self._clear_errors():
            return {str(user.id): user.username for user in self._client.users}

    def progress(self, dataset: Any) -> Progress:
        """Say where a data set stands."""
        with self._clear_errors():
            counts = dataset.progress(with_users_distribution=True)
        people = {
            name: sum(part["submitted"] for part in done.values()) for name, done in (counts.get("users") or {}).items()
        }
        return Progress(total=counts["total"], completed=counts["completed"], by_reviewer=people)


def _is_published(dataset: Any) -> bool:
    return str(dataset.api_model().status) == "ready"


def _question_ids(dataset: Any) -> dict[str, str]:
    return {question.name: str(question.id) for question in dataset.settings.questions}


def _question(name: str, posed: Posed) -> Any:
    from argilla._models import QuestionModel
    from argilla.settings._question import question_from_model

    title, required = posed.title or _title(name), not posed.is_optional
    return question_from_model(QuestionModel(name=name, title=title, required=required, settings=dict(posed.settings)))


def _title(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def _response(given: Given, users: Mapping[str, str]) -> dict[str, Any]:
    values = {question: {"value": value} for question, value in given.values.items()} or None
    return {"user_id": users[given.reviewer], "status": given.status, "values": values}


def _item(record: Outgoing, question_ids: Mapping[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {
        "external_id": record.record_id,
        "fields": {
            name: shown_as_written(value) if isinstance(value, str) else value for name, value in record.fields.items()
        },
        "metadata": dict(record.metadata),
    }
    if record.suggestions:
        item["suggestions"] = [
            {
                "question_id": question_ids[question],
                "value": suggested.value,
                # Argilla takes one score for each item of a list, and what is known is how sure all of it is.
                "score": None if isinstance(suggested.value, list) else suggested.score,
                "agent": suggested.agent,
                "type": "model",
            }
            for question, suggested in record.suggestions.items()
        ]
    if record.vector is not None:
        item["vectors"] = {VECTOR: np.asarray(record.vector, dtype=np.float64).tolist()}
    return item
