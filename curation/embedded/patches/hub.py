"""Import from and export to the Hugging Face Hub: off unless the owner turns it on, and then the Hub and nothing else.

Argilla hands a data set's name to the `datasets` library, which reads it from the server's disk where a folder or a
file has that name, before it thinks of the Hub: votes of other projects, a copy of the credentials. Even a data set
of the Hub may name files of the disk, or of any address, as its own. And an export sends every vote wherever its
token allows. Both the routes and the jobs check, as a job may have been queued earlier.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from argilla_server.api.handlers.v1.datasets import datasets
from argilla_server.api.policies.v1 import DatasetPolicy, authorize
from argilla_server.contexts import hub
from argilla_server.errors import ForbiddenOperationError
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.models import Dataset
from fastapi import FastAPI

from curation.embedded.home.permissions import permitted
from curation.embedded.patches.guards import Handler, put_guards
from curation.embedded.patches.replace import replaced

OFF = (
    "import from and export to the Hugging Face Hub are off; the owner of the server turns them on"
    " (`twofold serve --allow-hub`)"
)
Export = Callable[..., None]

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_PART}/{_PART}")


def guard_hub_routes(api: FastAPI) -> None:
    """Put guarded handlers before Argilla's own.

    Args:
        api: Argilla's application of version 1 of its API.
    """
    put_guards(api, {datasets.import_dataset_from_hub: _import, datasets.export_dataset_to_hub: _export})


def guard_hub_jobs() -> None:
    """Have this process, a worker, check each job as well; to be called once."""
    replaced(
        hub,
        "HubDataset",
        CheckedHubDataset,
        parameters=("name", "subset", "split", "mapping"),
        reason="a job imports from the Hub alone, and where the owner allows it",
        test="test_a_job_that_waits_in_the_queue_is_checked_too",
    )
    replaced(
        hub.HubDatasetExporter,
        "export_to",
        _checked(hub.HubDatasetExporter.export_to),
        parameters=("self", "name", "subset", "split", "private", "token"),
        reason="a job sends nothing to the Hub unless the owner allows it",
        test="test_a_job_that_waits_in_the_queue_is_checked_too",
    )


def check_hub(name: str) -> None:
    """Refuse what may not be imported or exported.

    Args:
        name: What is asked for.

    Raises:
        ForbiddenOperationError: The owner has not turned it on.
        UnprocessableEntityError: The name is not one of the Hub, or the disk has something of that name.
    """
    if not permitted().hub:
        raise ForbiddenOperationError(OFF)
    if not _NAME.fullmatch(name) or ".." in name or "--" in name or Path(name.split("/")[0]).exists():
        raise UnprocessableEntityError(f"expected `owner/name` of a data set of the Hugging Face Hub, found {name!r}")


class CheckedHubDataset(hub.HubDataset):  # type: ignore[misc]
    """A data set of the Hub, read without the server's own token, and no files but its own."""

    def __init__(self, name: str, subset: str, split: str, mapping: Any) -> None:
        check_hub(name)
        from datasets import load_dataset_builder

        builder = load_dataset_builder(path=name, name=subset, token=False)
        check_files(name, builder.config.data_files)
        self.dataset = builder.as_streaming_dataset(split=split)
        self.split = split
        self.mapping = mapping
        self.mapping_feature_names = mapping.sources
        self.row_idx = hub.RESET_ROW_IDX


def check_files(name: str, files: Mapping[Any, Iterable[Any]] | None) -> None:
    """Refuse a data set of the Hub whose files lie elsewhere: a card may name any.

    Raises:
        UnprocessableEntityError: One does.
    """
    own = re.compile(rf"hf://datasets/{re.escape(name)}(@[0-9a-f]+)?/(?!.*(^|/)\.\.(/|$)).*", re.IGNORECASE)
    for file in (str(file) for files_of_split in (files or {}).values() for file in files_of_split):
        if not own.fullmatch(file):
            raise UnprocessableEntityError(f"{name}: expected files of this data set alone, found {file}")
    if not files:
        raise UnprocessableEntityError(f"{name}: expected a data set that is made of files, found none")


def _checked(export: Export) -> Export:
    def export_to(self: hub.HubDatasetExporter, name: str, *rest: Any, **named: Any) -> None:
        check_hub(name)
        export(self, name, *rest, **named)

    return export_to


async def _import(handler: Handler, *, db: Any, dataset_id: Any, current_user: Any, hub_dataset: Any) -> Any:
    await authorize(current_user, DatasetPolicy.import_from_hub(await Dataset.get_or_raise(db, dataset_id)))
    check_hub(hub_dataset.name)
    return await handler(db=db, dataset_id=dataset_id, current_user=current_user, hub_dataset=hub_dataset)


async def _export(handler: Handler, *, db: Any, dataset_id: Any, current_user: Any, hub_dataset: Any) -> Any:
    await authorize(current_user, DatasetPolicy.export_to_hub(await Dataset.get_or_raise(db, dataset_id)))
    check_hub(hub_dataset.name)
    return await handler(db=db, dataset_id=dataset_id, current_user=current_user, hub_dataset=hub_dataset)
