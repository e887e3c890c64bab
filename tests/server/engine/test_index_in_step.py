"""Every way to change a record shows in the next search."""

import pytest
from reviews import Argilla, Dataset, between, terms
from sqlalchemy import create_engine, text

pytestmark = pytest.mark.server


@pytest.fixture
def reviews(empty_dataset: Dataset) -> Dataset:
    empty_dataset.add(
        {
            "external_id": "a",
            "fields": {"text": "An old text"},
            "metadata": {"shop": "north", "year": 2000},
            "suggestions": {"sentiment": {"value": "good", "score": 0.5, "agent": "bert"}},
            "vectors": {"meaning": [1.0, 0.0]},
        }
    )
    return empty_dataset


def test_a_changed_text_is_found_by_its_new_words_only(ana: Argilla, olga: Argilla, reviews: Dataset) -> None:
    olga.patch(f"/records/{reviews.records['a']}", {"fields": {"text": "A new text"}})
    assert reviews.search(ana, text="old") == []
    assert reviews.search(ana, text="new") == ["a"]


def test_changed_metadata(ana: Argilla, olga: Argilla, reviews: Dataset) -> None:
    olga.patch(f"/records/{reviews.records['a']}", {"metadata": {"shop": "south"}})
    assert reviews.search(ana, where=[terms("metadata.shop", "north")]) == []
    assert reviews.search(ana, where=[between("metadata.year", ge=0)]) == []
    assert reviews.search(ana, where=[terms("metadata.shop", "south")]) == ["a"]


def test_records_upserted_in_bulk(ana: Argilla, olga: Argilla, reviews: Dataset) -> None:
    items = [
        {"external_id": "a", "fields": {"text": "Rewritten"}, "metadata": {"shop": "west"}},
        {"external_id": "b", "fields": {"text": "Added"}},
    ]
    olga.put(f"/datasets/{reviews.id}/records/bulk", {"items": items})
    assert set(reviews.search(olga, text="rewritten | added", everyone=True)) == {"a", "b"}
    assert reviews.search(ana, text="old") == []
    assert reviews.search(ana, where=[terms("metadata.shop", "west")]) == ["a"]
    assert reviews.page(ana)["total"] == 2


def test_changed_and_deleted_suggestions(ana: Argilla, olga: Argilla, reviews: Dataset) -> None:
    record = f"/records/{reviews.records['a']}"
    body = {"question_id": reviews.questions["sentiment"], "value": "bad", "score": 0.9, "agent": "gpt"}
    suggestion = olga.put(f"{record}/suggestions", body)["id"]
    assert reviews.search(ana, where=[terms("suggestion.sentiment", "good")]) == []
    assert reviews.search(ana, where=[terms("suggestion.sentiment.agent", "gpt")]) == ["a"]
    assert reviews.search(ana, where=[between("suggestion.sentiment.score", ge=0.8)]) == ["a"]
    olga.delete(f"{record}/suggestions?ids={suggestion}")
    assert reviews.search(ana, where=[between("suggestion.sentiment.score", ge=0)]) == []


def test_deleted_records(ana: Argilla, olga: Argilla, reviews: Dataset) -> None:
    reviews.add({"external_id": "b", "fields": {"text": "Another old text"}})
    reviews.respond(ana, "a", sentiment="good")
    olga.delete(f"/records/{reviews.records['a']}")
    assert reviews.search(ana, text="old") == ["b"]
    assert reviews.search(ana) == ["b"]
    assert olga.get(f"/datasets/{reviews.id}/progress")["total"] == 1
    assert ana.get(f"/me/datasets/{reviews.id}/metrics")["responses"]["submitted"] == 0
    olga.delete(f"/datasets/{reviews.id}/records?ids={reviews.records['b']}")
    assert reviews.page(ana) == {"items": [], "total": 0}


def test_a_deleted_dataset_leaves_nothing_behind(
    ana: Argilla, olga: Argilla, reviews: Dataset, database_url: str
) -> None:
    reviews.respond(ana, "a", sentiment="good")
    rows_of_dataset = """
        SELECT (SELECT count(*) FROM twofold_documents WHERE dataset_id = :id)
             + (SELECT count(*) FROM twofold_scopes WHERE dataset_id = :id)
             + (SELECT count(*) FROM twofold_slots WHERE dataset_id = :id)
    """
    orphans = """
        SELECT (SELECT count(*) FROM twofold_values WHERE docid NOT IN (SELECT docid FROM twofold_documents))
             + (SELECT count(*) FROM twofold_answers WHERE docid NOT IN (SELECT docid FROM twofold_documents))
             + (SELECT count(*) FROM twofold_text WHERE {docid} NOT IN (SELECT docid FROM twofold_documents))
    """
    engine = create_engine(database_url.replace("+aiosqlite", "").replace("+asyncpg", ""))
    is_sqlite = engine.dialect.name == "sqlite"
    dataset_id = reviews.id.replace("-", "") if is_sqlite else reviews.id
    with engine.connect() as connection:
        assert connection.scalar(text(rows_of_dataset), {"id": dataset_id}) > 0
    olga.delete(f"/datasets/{reviews.id}")
    with engine.connect() as connection:
        assert connection.scalar(text(rows_of_dataset), {"id": dataset_id}) == 0
        assert connection.scalar(text(orphans.format(docid="rowid" if is_sqlite else "docid"))) == 0
    engine.dispose()
