"""A walk through every page of the web UI, as the owner and as an annotator: nothing may go wrong on any of them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import every_kind
import httpx
import pytest
from playwright.sync_api import expect
from watched_page import sign_in, watch

from curation.embedded import Server

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.server, pytest.mark.browser]

PEOPLE = ("owner", "annotator")


@dataclass(frozen=True, kw_only=True)
class Bistro:
    """A workspace with two data sets of every kind: one partly answered by everybody, one to be answered."""

    url: str
    workspace: str
    answered: Any
    fresh: Any
    names: dict[str, str]
    contexts: dict[str, Any]

    def open(self, page: Any, query: str = "", dataset: Any = None) -> None:
        """Open a data set and wait for its first record."""
        page.goto(f"{self.url}/dataset/{(dataset or self.answered).id}/annotation-mode?{query}")
        expect(page.locator(".record").first).to_be_visible()

    def answers(self, dataset: Any, username: str) -> dict[str, dict[str, Any]]:
        """Return what somebody answered, by status and question: the newest of each status."""
        headers = {"X-Argilla-Api-Key": dataset._client.api_key}
        url = f"{self.url}/api/v1/datasets/{dataset.id}/records?include=responses"
        person = str(dataset._client.users(username).id)
        found = [a for r in httpx.get(url, headers=headers).json()["items"] for a in r["responses"]]
        found.sort(key=lambda answer: answer["updated_at"])
        return {
            answer["status"]: {name: value["value"] for name, value in (answer["values"] or {}).items()}
            for answer in found
            if answer["user_id"] == person
        }


@pytest.fixture(scope="module")
def bistro(argilla_server: Server, browser: Any) -> Bistro:
    """What the walk goes through, and a signed-in browser context of each person."""
    import argilla as sdk

    client = sdk.Argilla(api_url=argilla_server.url, api_key=argilla_server.api_key)
    name = f"bistro-{uuid.uuid4().hex[:6]}"
    workspace = sdk.Workspace(name=name, client=client).create()
    ana = sdk.User(username=f"{name}-ana", first_name="Ana", password="ana's password", client=client).create()
    ana.add_to_workspace(workspace)
    owner = json.loads(argilla_server.credentials_file.read_text(encoding="utf-8"))
    passwords = {owner["username"]: owner["password"], ana.username: "ana's password"}
    people = [client.users(username) for username in passwords]
    datasets = [
        sdk.Dataset(name=kind, workspace=workspace, settings=every_kind.settings(sdk), client=client).create()
        for kind in (f"{name}-answered", f"{name}-fresh")
    ]
    for dataset, answering in zip(datasets, (people, []), strict=True):
        dataset.records.log(every_kind.records(sdk, answering, custom=not answering))
    contexts = {}
    for username, password in passwords.items():
        contexts[username] = browser.new_context(viewport={"width": 1400, "height": 900})
        sign_in(contexts[username].new_page(), argilla_server.url, username, password)
    names = dict(zip(PEOPLE, passwords, strict=True))
    answered, fresh = datasets
    return Bistro(
        url=argilla_server.url, workspace=name, answered=answered, fresh=fresh, names=names, contexts=contexts
    )


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(bistro: Bistro, person: str) -> Iterator[Any]:
    """A page of somebody who has signed in; whatever goes wrong on it fails the test."""
    page = bistro.contexts[bistro.names[person]].new_page()
    page.set_default_timeout(20_000)
    problems = watch(page, bistro.url)
    yield page
    page.wait_for_timeout(300)  # "networkidle" never comes where an iframe of a custom field was replaced
    found = list(problems)
    page.close()
    assert found == []


def shows(page: Any, total: int) -> None:
    """Wait until the page counts so many records."""
    expect(page.get_by_label("Total Records")).to_have_text(f"of {total}")


def test_home_lists_the_data_sets(page: Any, bistro: Bistro, person: str) -> None:
    page.goto(bistro.url)
    expect(page.get_by_text(bistro.answered.name)).to_be_visible()
    page.get_by_text("Workspaces").first.click()
    page.get_by_text(f"{bistro.workspace} (2)").click()
    page.mouse.click(700, 20)  # the bar at the top: below it, a data set may lie there
    page.get_by_text("Sort", exact=True).click()
    page.locator(".dropdown__content, .sort").first.wait_for()
    page.mouse.click(700, 20)
    expect(page.get_by_text(bistro.fresh.name)).to_be_visible()


def test_guidelines_and_progress(page: Any, bistro: Bistro) -> None:
    bistro.open(page)
    page.locator(".wrapper__left .panel__header").click()
    expect(page.get_by_role("heading", name="How to read a review")).to_be_visible()
    page.locator(".wrapper__right .panel__header").click()
    mine = [label.split() for label in page.locator(".my-progress__list li").all_inner_texts()]
    assert {name.lower(): int(n) for name, n in mine} == {"pending": 8, "draft": 1, "discarded": 1, "submitted": 2}
    expect(page.locator(".team-progress__info")).to_have_text("2 of 12")


def test_every_status(page: Any, bistro: Bistro) -> None:
    bistro.open(page)
    for status, total in {"draft": 1, "discarded": 1, "submitted": 2, "pending": 8}.items():
        page.get_by_label("Filter Records by Status").click()
        page.get_by_role("radio").filter(has_text=status).click()
        shows(page, total)
        expect(page.get_by_label("Status of Record").first).to_have_text(status)


def options(*chosen: str) -> Callable[[Any], None]:
    """Choose options of a list."""

    def choose(menu: Any) -> None:
        for option in chosen:
            menu.locator(".labels-selector__item").filter(has_text=option).click()

    return choose


def at_least(value: str) -> Callable[[Any], None]:
    """Move the lower end of a range."""

    def choose(menu: Any) -> None:
        number = menu.locator("input[type=number]").first
        number.fill(value)
        number.blur()  # Enter would submit the answers, wherever the keyboard is

    return choose


FILTERS: list[tuple[str, str, list[str], Callable[[Any], None], int]] = [
    ("pending", "metadata", ["shop"], options("north"), 4),
    ("pending", "metadata", ["year"], at_least("2026"), 6),
    ("pending", "metadata", ["weight"], at_least("2"), 4),
    ("pending", "suggestion", ["mood", "Suggestion values"], options("bad"), 5),
    ("pending", "suggestion", ["topics", "Suggestion values"], options("taste", "service"), 8),
    ("pending", "suggestion", ["mood", "Score"], at_least("0.7"), 5),
    ("pending", "suggestion", ["stars", "Agent"], options("bot"), 8),
    ("submitted", "responses", ["mood"], options("good"), 1),
    ("submitted", "responses", ["topics"], options("price"), 1),
    ("submitted", "responses", ["stars"], at_least("3"), 1),
]


def test_every_filter(page: Any, bistro: Bistro) -> None:
    opened = None
    for status, kind, path, choose, total in FILTERS:
        if status != opened:
            bistro.open(page, f"status={status}")
            page.get_by_role("button", name="Filters").click()
            opened = status
        menu = page.locator(f".{kind}-filter")
        menu.locator(".filter-button__button").first.click()
        for step in path:
            menu.locator(".category__item").get_by_text(step, exact=True).click()
        choose(menu)
        page.mouse.click(600, 700)
        shows(page, total)
        page.get_by_role("button", name="Reset").click()
        shows(page, {"pending": 8, "submitted": 2}[status])


SORTS = (
    "metadata.year.desc~record.inserted_at.asc~record.updated_at.asc~suggestion.mood.score.asc"
    "~suggestion.topics.score.asc~suggestion.stars.score.asc~suggestion.stars.value.asc~response.stars.asc"
    "~metadata.shop.asc~metadata.weight.asc"
)
"""All that the page offers, in its own words."""


def test_every_sort(page: Any, bistro: Bistro) -> None:
    bistro.open(page)
    menu = page.locator(".sort-filter")
    menu.locator(".filter-button__button").first.click()
    menu.get_by_title("year").get_by_role("button").click()
    expect(page.get_by_label("Data Record Field").first).to_contain_text(every_kind.tale(4))
    menu.locator(".sort-selector-item__direction").click()
    expect(page.get_by_label("Data Record Field").first).to_contain_text(every_kind.tale(11))
    bistro.open(page, f"sort={SORTS}")
    shows(page, 8)
    expect(page.locator(".sort-button__text")).to_have_text("(10)")
    expect(page.get_by_label("Data Record Field").first).to_contain_text(every_kind.tale(11))


def test_search(page: Any, bistro: Bistro) -> None:
    bistro.open(page)
    page.locator(".search-area__icon").first.click()
    query = page.get_by_placeholder("Introduce a query")
    for words, total in {"soup": 5, '"fair price"': 1, "soup -cake": 3}.items():
        query.fill(words)
        query.press("Enter")
        shows(page, total)
    page.locator(".search-area__fields").click()
    page.locator(".search-area__fields").get_by_text("notes").click()
    expect(page.get_by_text("no pending records matching your query")).to_be_visible()  # no soup in the notes
    query.fill("phone")
    query.press("Enter")
    shows(page, 8)


def test_find_similar(page: Any, bistro: Bistro) -> None:
    bistro.open(page)
    page.get_by_role("button", name="Find similar").click()
    shows(page, 7)
    nearest = float(page.locator(".similarity-score").inner_text().strip("%"))
    assert nearest > 95
    page.locator(".similarity-reference__dropdown").nth(1).click()
    page.locator(".similarity-reference__dropdown").nth(1).get_by_text("least").click()
    expect(page.locator(".similarity-score")).not_to_have_text(f"{nearest}%")


OLDEST_FIRST = "sort=metadata.year.asc"
"""For those who answer: by default everybody has an order of their own, and others look at the newest record."""


def test_bulk_view(page: Any, bistro: Bistro, person: str) -> None:
    bistro.open(page, OLDEST_FIRST, dataset=bistro.fresh)
    page.get_by_label("Switch to Bulk Mode").click()
    boxes = page.locator(".record .checkbox__container")
    expect(boxes).to_have_count(10)
    for number in (0, 1):
        boxes.nth(number).click()
    page.get_by_label("Question: mood").get_by_text("mixed").click()
    page.get_by_label("Question: topics").get_by_text("price").click()
    with page.expect_response("**/responses/bulk"):
        page.get_by_role("button", name="Submit").click()
    expect(boxes).to_have_count(10)
    found = bistro.answers(bistro.fresh, bistro.names[person])["submitted"]
    assert (found["mood"], found["topics"]) == ("mixed", ["price"])


def test_every_kind_of_field(page: Any, bistro: Bistro) -> None:
    bistro.open(page, "sort=metadata.year.desc", dataset=bistro.fresh)
    expect(page.locator(".record").get_by_text(every_kind.tale(11))).to_have_count(2)  # as a text, and in the talk
    expect(page.locator(".record em")).to_have_text("day 11")
    assert page.locator(".record img").evaluate("image => image.naturalWidth") == 60
    expect(page.frame_locator(".custom_field_component iframe >> nth=0").get_by_text("Table")).to_be_visible()
    expect(page.frame_locator(".custom_field_component iframe >> nth=1").get_by_text("110")).to_be_visible()


def test_every_kind_of_question(page: Any, bistro: Bistro, person: str) -> None:
    bistro.open(page, OLDEST_FIRST, dataset=bistro.fresh)
    page.get_by_label("Question: mood").get_by_text("mixed").click()
    page.get_by_label("Question: topics").get_by_text("price").click()
    page.get_by_label("Question: stars").get_by_text("2", exact=True).click()
    ranking = page.get_by_label("Question: order")
    for place, dish in enumerate(("fish", "cake", "soup")):
        ranking.locator(f"#{dish}").drag_to(ranking.locator(".draggable__slot-box").nth(place))
    page.get_by_label("Question: names").get_by_text("person").click()
    page.locator(".span-annotation__field").dblclick(position={"x": 8, "y": 10})
    comment = page.get_by_label("Question: comment").locator("[contenteditable]")
    comment.fill("Nobody said why.")
    with page.expect_response("**/responses**"):
        page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_label("Status of Record")).to_have_text("draft")
    with page.expect_response("**/responses**"):
        page.get_by_role("button", name="Submit").click()
    found = bistro.answers(bistro.fresh, bistro.names[person])["submitted"]
    assert {"person"} <= {span["label"] for span in found.pop("names")}
    assert "price" in found.pop("topics")
    found["order"].sort(key=lambda place: place["rank"])
    assert found == {
        "mood": "mixed",
        "stars": 2,
        "order": [{"value": dish, "rank": rank} for rank, dish in enumerate(("fish", "cake", "soup"), 1)],
        "comment": "Nobody said why.",
    }
    with page.expect_response("**/responses**"):
        page.get_by_role("button", name="Discard").click()
    assert "discarded" in bistro.answers(bistro.fresh, bistro.names[person])


def test_user_settings(page: Any, bistro: Bistro, person: str) -> None:
    page.goto(f"{bistro.url}/user-settings")
    expect(page.get_by_text(bistro.names[person], exact=True).first).to_be_visible()
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_text("System", exact=True).click()
    page.locator("label[for=de]").click()
    expect(page.get_by_text("Sprache")).to_be_visible()
    page.locator("label[for=en]").click()
    expect(page.get_by_text("Language")).to_be_visible()


annotator_only = pytest.mark.parametrize("person", ["annotator"])
owner_only = pytest.mark.parametrize("person", ["owner"])


FITS = """() => [...document.querySelectorAll('html, .record, .questions-form')]
    .every(part => part.scrollWidth <= part.clientWidth + 1)"""


@annotator_only
def test_hard_texts_and_many_labels_leave_the_page_usable(page: Any, bistro: Bistro, person: str) -> None:
    import argilla as sdk

    client = bistro.answered._client
    dataset = sdk.Dataset(
        name=f"{bistro.workspace}-hard",
        workspace=bistro.workspace,
        settings=every_kind.hard_settings(sdk),
        client=client,
    ).create()
    dataset.records.log([sdk.Record(id=name, fields={"text": text}) for name, text in every_kind.HARD_TEXTS.items()])
    bistro.open(page, dataset=dataset)
    for number in range(1, 5):
        expect(page.get_by_label("Current Record")).to_have_text(str(number))
        expect(page.locator(".record")).to_be_visible()
        assert page.evaluate(FITS)
        expect(page.get_by_role("button", name="Submit")).to_be_in_viewport()
        page.keyboard.press("ArrowRight")
    page.get_by_placeholder("Search labels").fill("intent 33")
    page.get_by_label("Question: intent").get_by_text("intent 33").click()
    with page.expect_response("**/responses**"):
        page.get_by_role("button", name="Submit").click()
    found = bistro.answers(dataset, bistro.names[person])["submitted"]
    assert found == {"intent": every_kind.MANY_LABELS[33]}


@annotator_only
def test_an_annotator_sees_the_settings_of_a_data_set_and_cannot_change_them(page: Any, bistro: Bistro) -> None:
    page.goto(f"{bistro.url}/dataset/{bistro.fresh.id}/settings")
    expect(page.get_by_role("heading", name="How to read a review")).to_be_visible()
    expect(page.get_by_role("button", name="Update")).to_have_count(0)


@owner_only
def test_the_owner_changes_the_settings_of_a_data_set_on_every_tab(page: Any, bistro: Bistro) -> None:
    page.goto(f"{bistro.url}/dataset/{bistro.fresh.id}/settings")
    page.locator("#contentId").fill("# Read slowly")
    save(page, page.locator("form").last)
    for tab in ("Fields", "Questions", "Metadata", "Vectors"):
        page.locator(".tab__button").get_by_text(tab, exact=True).click()
        form = page.locator(f".settings__edition-form__{tab.lower()}").first
        form.locator("input").first.fill(f"First of {tab}")
        save(page, form)
    headers = {"X-Argilla-Api-Key": bistro.fresh._client.api_key}
    stored = [
        httpx.get(f"{bistro.url}/api/v1/{path}", headers=headers).json()
        for path in (
            f"datasets/{bistro.fresh.id}/fields",
            f"datasets/{bistro.fresh.id}/questions",
            f"me/datasets/{bistro.fresh.id}/metadata-properties",
            f"datasets/{bistro.fresh.id}/vectors-settings",
        )
    ]
    titles = [{each["title"] for each in listed["items"]} for listed in stored]
    assert all(
        f"First of {tab}" in of for tab, of in zip(("Fields", "Questions", "Metadata", "Vectors"), titles, strict=True)
    )
    page.locator(".tab__button").get_by_text("Danger zone").click()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()


def save(page: Any, form: Any) -> None:
    """Send a form and wait until the server has taken it."""
    with page.expect_response(lambda got: got.request.method == "PATCH"):
        form.get_by_role("button", name="Update").click()


@owner_only
def test_the_owner_opens_import_and_export(page: Any, bistro: Bistro) -> None:
    page.goto(bistro.url)
    page.get_by_role("button", name="Import dataset from Hugging Face").click()
    expect(page.get_by_placeholder("Paste a repo id")).to_be_visible()
    page.get_by_text("Close").click()
    page.get_by_role("button", name="Import from Python").click()
    expect(page.get_by_text("import argilla as rg")).to_be_visible()
    bistro.open(page)
    page.get_by_role("button", name="Push to Hub").click()
    expect(page.get_by_text("Hugging Face token")).to_be_visible()


def test_a_wrong_password_is_refused_in_words_and_signing_out_works(browser: Any, bistro: Bistro) -> None:
    page = browser.new_context().new_page()
    problems = watch(page, bistro.url)
    username = bistro.names["annotator"]
    page.goto(bistro.url)
    page.fill("input[name=Username]", username)
    page.fill("input[name=Password]", "not her password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Wrong username or password")).to_be_visible()
    assert any("401" in problem for problem in problems)
    page.goto("about:blank")  # the refusal also comes as a toast, which may be told after its sentence is seen
    problems.clear()
    sign_in(page, bistro.url, username, "ana's password")
    page.goto(bistro.url, wait_until="networkidle")  # what is still asked for would be refused after signing out
    page.get_by_label("User Button").click()
    page.get_by_text("Log out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert problems == []
    page.context.close()
