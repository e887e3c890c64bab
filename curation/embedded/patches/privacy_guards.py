"""What stock Argilla's API tells people who should not know it, kept from them.

A second reader who has seen the first answer is no second reader. Argilla's pages show annotators their own answers
only; its API says more:

- ``GET /records/{id}`` gives everybody's answers to any member of the workspace, and metadata hidden from annotators;
- a search may filter and sort by hidden metadata, which finds its values out one by one;
- ``GET /datasets/{id}/users/progress`` counts what each colleague submitted and discarded;
- lists of a workspace's people give an admin everybody's API key, the owner's too, and so their votes;
- the web page is given its user's key, and an owner's everybody's, although it works with a token that ends in a day:
  keys are told to those who come with a key of their own.

Each such handler is guarded (see :mod:`curation.embedded.patches.guards`), and means the same to those who may see
all.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from typing import Any

from argilla_server.api.handlers.v1 import records, users, workspaces
from argilla_server.api.handlers.v1.datasets import datasets
from argilla_server.api.handlers.v1.datasets import records as dataset_records
from argilla_server.api.policies.v1 import DatasetPolicy, MetadataPropertyPolicy, RecordPolicy, is_authorized
from argilla_server.api.schemas.v1.datasets import UsersProgress
from argilla_server.api.schemas.v1.records import MetadataFilterScope, Record, SearchRecordsQuery
from argilla_server.api.schemas.v1.users import User as ShownUser
from argilla_server.api.schemas.v1.users import Users
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.models import Dataset, MetadataProperty, User
from argilla_server.models import Record as StoredRecord
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from curation.embedded.patches.api_key import came_with_key
from curation.embedded.patches.guards import Handler, put_guards


def put_privacy_guards(api: FastAPI) -> None:
    """Put guarded handlers before Argilla's own.

    Args:
        api: Argilla's application of version 1 of its API.
    """
    put_guards(api, GUARDS)


async def _record(handler: Handler, *, db: AsyncSession, current_user: User, **rest: Any) -> Any:
    found: StoredRecord = await handler(db=db, current_user=current_user, **rest)
    for vector in found.vectors:  # Argilla forgets to load it, and answers 500 for every record with a vector
        await vector.awaitable_attrs.vector_settings
    if await is_authorized(current_user, DatasetPolicy.list_records_with_all_responses(found.dataset)):
        return found
    await found.dataset.awaitable_attrs.metadata_properties
    shown = Record.model_validate(found)
    own = [response for response in shown.responses or () if response.user_id == current_user.id]
    metadata = shown.metadata and {  # null stays null, as in Argilla's own answer
        name: value
        for name, value in shown.metadata.items()
        if await is_authorized(current_user, RecordPolicy.get_metadata(found, name))
    }
    return JSONResponse(jsonable_encoder(shown.model_copy(update={"responses": own, "metadata": metadata})))


async def _search(
    handler: Handler, *, db: AsyncSession, dataset_id: Any, body: SearchRecordsQuery, current_user: User, **rest: Any
) -> Any:
    for name in _metadata_names(body):
        asked = await MetadataProperty.get_by(db, name=name, dataset_id=dataset_id)
        if asked is None:
            continue  # Argilla says so
        await asked.awaitable_attrs.dataset
        if not await is_authorized(current_user, MetadataPropertyPolicy.get(asked)):
            raise UnprocessableEntityError(f"MetadataProperty not found filtering by name={name}")
    return await handler(db=db, dataset_id=dataset_id, body=body, current_user=current_user, **rest)


def _metadata_names(query: SearchRecordsQuery) -> set[str]:
    scopes = [each.scope for each in (*(query.filters.and_ if query.filters else ()), *(query.sort or ()))]
    return {scope.metadata_property for scope in scopes if isinstance(scope, MetadataFilterScope)}


async def _progress(handler: Handler, *, db: AsyncSession, dataset_id: Any, current_user: User) -> Any:
    everybody: UsersProgress = await handler(db=db, dataset_id=dataset_id, current_user=current_user)
    dataset = await Dataset.get_or_raise(db, dataset_id)
    if await is_authorized(current_user, DatasetPolicy.list_records_with_all_responses(dataset)):
        return everybody
    return UsersProgress(users=[user for user in everybody.users if user.username == current_user.username])


async def _people(handler: Handler, *, current_user: User, **rest: Any) -> Any:
    found: Users = await handler(current_user=current_user, **rest)
    return Users(items=[_without_key(user, current_user) for user in found.items])


async def _person(handler: Handler, *, current_user: User, **rest: Any) -> Any:
    return _without_key(await handler(current_user=current_user, **rest), current_user)


def _without_key(user: Any, asks: User) -> ShownUser:
    shown = ShownUser.model_validate(user)
    may_see = came_with_key(asks) and (asks.is_owner or user.id == asks.id)
    return shown if may_see else shown.model_copy(update={"api_key": ""})


GUARDS: dict[Handler, Handler] = {
    records.get_record: _record,
    dataset_records.search_current_user_dataset_records: _search,
    datasets.get_dataset_users_progress: _progress,
    users.get_current_user: _person,
    users.get_user: _person,
    users.list_users: _people,
    users.create_user: _person,
    users.update_user: _person,
    users.delete_user: _person,
    workspaces.list_workspace_users: _people,
    workspaces.create_workspace_user: _person,
    workspaces.delete_workspace_user: _person,
}
