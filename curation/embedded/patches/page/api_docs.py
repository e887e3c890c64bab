"""The address of Argilla's API pages, without pages that a browser would have to fetch from elsewhere."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>API</title>
<p>What each route takes and gives, for any reader of OpenAPI: <a href="openapi.json">openapi.json</a></p></html>
"""


def keep_api_docs_local(api: FastAPI) -> None:
    """Answer at the addresses of FastAPI's pages, whose scripts and styles come from the internet.

    Args:
        api: Argilla's application of version 1 of its API.
    """

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(_PAGE)

    paths = [path for path in (api.docs_url, api.swagger_ui_oauth2_redirect_url, api.redoc_url) if path]
    api.router.routes[:0] = [Route(path, page, include_in_schema=False) for path in paths]
