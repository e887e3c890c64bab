"""What each reviewer still has to do, over the real API."""

import pytest
from reviews import Argilla, Dataset, terms

pytestmark = pytest.mark.server

NAMES = ["a", "b", "c", "d", "e", "f"]


@pytest.fixture(scope="module")
def reviews(ana: Argilla, ben: Argilla, dataset: Dataset) -> Dataset:
    """Ana: a and b submitted, c discarded, d a draft. Ben: a submitted. Two submitted responses complete a."""
    dataset.add(*({"external_id": name, "fields": {"text": f"Review {name}"}} for name in NAMES))
    dataset.respond(ana, "a", sentiment="good")
    dataset.respond(ana, "b", sentiment="bad")
    dataset.respond(ana, "c", status="discarded")
    dataset.respond(ana, "d", status="draft", stars=3)
    dataset.respond(ben, "a", sentiment="bad")
    return dataset


@pytest.mark.parametrize(
    ("status", "of_ana", "of_ben"),
    [
        (["pending"], {"e", "f"}, {"b", "c", "d", "e", "f"}),
        (["submitted"], {"a", "b"}, {"a"}),
        (["discarded"], {"c"}, set()),
        (["draft"], {"d"}, set()),
        (["pending", "draft"], {"d", "e", "f"}, {"b", "c", "d", "e", "f"}),
        (["submitted", "discarded", "draft", "pending"], set(NAMES), set(NAMES)),
    ],
)
def test_each_reviewer_has_queues_of_their_own(
    ana: Argilla, ben: Argilla, reviews: Dataset, status: list[str], of_ana: set[str], of_ben: set[str]
) -> None:
    for user, expected in ((ana, of_ana), (ben, of_ben)):
        page = reviews.page(user, where=[terms("response.status", *status)])
        assert {item["record"]["external_id"] for item in page["items"]} == expected
        assert page["total"] == len(expected)


def test_the_owner_sees_everybodys_responses_at_once(olga: Argilla, reviews: Dataset) -> None:
    def found(*status: str) -> set[str]:
        return set(reviews.search(olga, everyone=True, where=[terms("response.status", *status)]))

    assert found("submitted") == {"a", "b"}
    assert found("draft", "discarded") == {"c", "d"}
    assert found("pending") == {"e", "f"}
    assert found("pending", "submitted") == {"a", "b", "e", "f"}


def test_completed_records_leave_the_queue_that_the_ui_shows(ben: Argilla, reviews: Dataset) -> None:
    queue = [terms("record.status", "pending"), terms("response.status", "pending")]
    assert set(reviews.search(ben, where=queue)) == {"b", "c", "d", "e", "f"}
    assert reviews.search(ben, where=[terms("record.status", "completed")]) == ["a"]


def test_progress_counts_records_and_each_reviewers_responses(
    ana: Argilla, ben: Argilla, olga: Argilla, reviews: Dataset
) -> None:
    progress = olga.get(f"/datasets/{reviews.id}/progress")
    assert {key: progress[key] for key in ("total", "completed", "pending")} == {
        "total": 6,
        "completed": 1,
        "pending": 5,
    }
    assert {user["username"] for user in progress["users"]} == {"ana", "ben"}
    of_ana = {"total": 6, "submitted": 2, "discarded": 1, "draft": 1, "pending": 2}
    assert ana.get(f"/me/datasets/{reviews.id}/metrics")["responses"] == of_ana
    of_ben = {"total": 6, "submitted": 1, "discarded": 0, "draft": 0, "pending": 5}
    assert ben.get(f"/me/datasets/{reviews.id}/metrics")["responses"] == of_ben


def test_a_response_moves_a_record_from_queue_to_queue_at_once(ana: Argilla, empty_dataset: Dataset) -> None:
    empty_dataset.add({"external_id": "a", "fields": {"text": "Only one"}})

    def queues() -> list[str]:
        statuses = ("pending", "draft", "submitted", "discarded")
        return [s for s in statuses if empty_dataset.search(ana, where=[terms("response.status", s)])]

    assert queues() == ["pending"]
    response = empty_dataset.respond(ana, "a", status="draft")
    assert queues() == ["draft"]
    ana.put(f"/responses/{response}", {"values": {"sentiment": {"value": "good"}}, "status": "submitted"})
    assert queues() == ["submitted"]
    ana.put(f"/responses/{response}", {"status": "discarded"})
    assert queues() == ["discarded"]
    ana.delete(f"/responses/{response}")
    assert queues() == ["pending"]


def test_responses_in_bulk_are_searchable(ana: Argilla, empty_dataset: Dataset) -> None:
    empty_dataset.add(*({"external_id": name, "fields": {"text": name}} for name in NAMES))
    values = {"sentiment": {"value": "mixed"}}
    responses = [{"record_id": empty_dataset.records[name], "values": values, "status": "submitted"} for name in "ab"]
    ana.post("/me/responses/bulk", {"items": responses})
    assert set(empty_dataset.search(ana, where=[terms("response.sentiment", "mixed")])) == {"a", "b"}


def test_each_reviewer_reads_in_an_order_of_their_own_that_stays(
    ana: Argilla, ben: Argilla, olga: Argilla, empty_dataset: Dataset
) -> None:
    names = [str(number) for number in range(60)]
    empty_dataset.add(*({"external_id": name, "fields": {"text": name}} for name in names))
    of_ana = empty_dataset.search(ana)
    assert of_ana == empty_dataset.search(ana)
    assert of_ana != empty_dataset.search(ben)
    assert sorted(of_ana) == sorted(names)
    pages = [empty_dataset.search(ana, offset=offset, limit=7) for offset in range(0, 63, 7)]
    assert [name for page in pages for name in page] == of_ana
    assert empty_dataset.search(olga, everyone=True) == names


def test_new_records_leave_the_order_of_the_others_as_it_was(ana: Argilla, empty_dataset: Dataset) -> None:
    empty_dataset.add(*({"external_id": f"old {n}", "fields": {"text": "old"}} for n in range(20)))
    before = empty_dataset.search(ana)
    empty_dataset.add(*({"external_id": f"new {n}", "fields": {"text": "new"}} for n in range(20)))
    after = empty_dataset.search(ana)
    assert [name for name in after if name in before] == before


def test_a_draft_dataset_has_no_progress(olga: Argilla, workspace: str) -> None:
    draft = olga.post("/datasets", {"name": "a draft", "workspace_id": workspace})["id"]
    assert olga.get(f"/datasets/{draft}/progress")["total"] == 0
    assert olga.post(f"/me/datasets/{draft}/records/search", {})["total"] == 0
