"""A browser page that remembers all that went wrong on it."""

from __future__ import annotations

from typing import Any

# A toast is gone after some seconds: it is told to the console, which is listened to.
TELL_TOASTS = """
new MutationObserver(changes => {
  for (const change of changes) for (const node of change.addedNodes) {
    if (node.matches?.('.toast-danger, .toast-warning')) console.error('toast: ' + node.innerText)
  }
}).observe(document, {childList: true, subtree: true})
"""


def watch(page: Any, url: str) -> list[str]:
    """Return a list that grows with every error of a page that may ask nobody but `url` for anything.

    What counts: a console error, an exception, an error toast, an answer of 400 or more, a request that failed.
    """
    problems: list[str] = []
    ours = (url, "data:", "blob:", "about:")
    page.add_init_script(TELL_TOASTS)
    page.on("request", lambda sent: None if sent.url.startswith(ours) else problems.append(f"asked {sent.url}"))
    page.on("requestfailed", lambda sent: _failed(sent, problems))
    page.on("response", lambda got: problems.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("console", lambda said: problems.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(f"exception: {error}"))
    return problems


def _failed(sent: Any, problems: list[str]) -> None:
    if sent.failure != "net::ERR_ABORTED":  # a page that is left gives up what it has asked for
        problems.append(f"{sent.method} {sent.url}: {sent.failure}")


def sign_in(page: Any, url: str, username: str, password: str) -> None:
    """Sign in by hand, and wait for the list of data sets."""
    page.goto(f"{url}/sign-in")
    page.fill("input[name=Username]", username)
    page.fill("input[name=Password]", password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Your datasets").wait_for()
