"""Events for webhooks, made only where some webhook listens.

Argilla makes the event of every answer, with the record, its data set and all its settings read anew, before it asks
whether there is a webhook at all: as much work as storing the answer, and mostly for nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from argilla_server.models import Webhook
from argilla_server.webhooks.v1 import records, responses
from argilla_server.webhooks.v1.event import Event
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.patches.replace import replaced

_LISTENED_TO = select(Webhook.events).where(Webhook.enabled)

Build = Callable[[AsyncSession, Any, Any], Awaitable[Event]]


class _Unheard(Event):  # type: ignore[misc]
    """An event that nobody wants to hear of."""

    def __init__(self) -> None:
        """Hold nothing."""

    async def notify(self, _db: AsyncSession) -> list[Any]:
        """Tell nobody."""
        return []


def make_events_only_for_listeners() -> None:
    """Change how this process makes the events of records and answers; to be called once."""
    replaced(
        records,
        "build_record_event",
        _if_heard(records.build_record_event),
        parameters=("db", "record_event", "record"),
        reason="the event of a record is made only where a webhook listens",
        test="test_an_answer_sends_no_more_statements_than_it_did",
    )
    replaced(
        responses,
        "build_response_event",
        _if_heard(responses.build_response_event),
        parameters=("db", "response_event", "response"),
        reason="the event of an answer is made only where a webhook listens",
        test="test_an_answer_sends_no_more_statements_than_it_did",
    )


async def heard(db: AsyncSession) -> set[str]:
    """The events that some webhook listens to."""
    return {event for events in await db.scalars(_LISTENED_TO) for event in events}


def _if_heard(build: Build) -> Build:
    async def build_if_heard(db: AsyncSession, event: Any, instance: Any) -> Event:
        return await build(db, event, instance) if event in await heard(db) else _Unheard()

    return build_if_heard
