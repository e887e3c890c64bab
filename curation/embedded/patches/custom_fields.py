"""Custom fields: pages of HTML and scripts, made by leads; refused unless the owner has turned them on.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from typing import Any

from argilla_server.api.handlers.v1 import fields
from argilla_server.api.handlers.v1.datasets import datasets
from argilla_server.enums import FieldType
from argilla_server.errors import ForbiddenOperationError
from fastapi import FastAPI

from curation.embedded.home.permissions import permitted
from curation.embedded.patches.guards import Handler, put_guards

OFF = (
    "custom fields run scripts of whoever makes them, and are off; the owner of the server turns them on"
    " (`twofold serve --allow-custom-fields`)"
)


def guard_custom_fields(api: FastAPI) -> None:
    """Put guarded handlers before Argilla's own.

    Args:
        api: Argilla's application of version 1 of its API.
    """
    put_guards(api, {datasets.create_dataset_field: _created, fields.update_field: _changed})


async def _created(handler: Handler, *, field_create: Any, **rest: Any) -> Any:
    _check(field_create)
    return await handler(field_create=field_create, **rest)


async def _changed(handler: Handler, *, field_update: Any, **rest: Any) -> Any:
    _check(field_update)
    return await handler(field_update=field_update, **rest)


def _check(field: Any) -> None:
    if field.settings is not None and field.settings.type == FieldType.custom and not permitted().custom_fields:
        raise ForbiddenOperationError(OFF)
