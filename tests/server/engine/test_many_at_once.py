"""Reviewers who search and answer at the same moment wait for one another, and nobody for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from reviews import Argilla, Dataset, terms

pytestmark = pytest.mark.server


def test_forty_requests_at_once_are_all_answered(
    ana: Argilla, ben: Argilla, olga: Argilla, empty_dataset: Dataset
) -> None:
    names = [str(number) for number in range(10)]
    empty_dataset.add(*({"external_id": name, "fields": {"text": f"Review {name}"}} for name in names))

    def answer(user: Argilla, name: str) -> Callable[[], object]:
        return lambda: empty_dataset.respond(user, name, sentiment="good")

    def look(user: Argilla, text: str) -> Callable[[], object]:
        return lambda: empty_dataset.page(user, text=text, where=[terms("response.status", "pending")])

    tasks = [answer(user, name) for name in names for user in (ana, ben)]
    tasks += [look(user, name) for name in names for user in (ana, ben)]
    with ThreadPoolExecutor(len(tasks)) as pool:
        list(pool.map(lambda task: task(), tasks))
    assert set(empty_dataset.search(ana, where=[terms("record.status", "completed")])) == set(names)
    progress = olga.get(f"/datasets/{empty_dataset.id}/progress")
    assert (progress["completed"], progress["total"]) == (10, 10)
