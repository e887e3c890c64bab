"""Guards before Argilla's own routes: each sees a request first, and may refuse it or change what comes of it.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from inspect import Parameter, signature, unwrap
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter

from curation.embedded.patches.replace import misfit

Handler = Callable[..., Awaitable[Any]]

_REASON = "a guard sees each of its requests first"


def put_guards(api: FastAPI, guards: Mapping[Handler, Handler]) -> None:
    """Put guarded handlers before Argilla's own, each with the signature and path of the one that it guards.

    Args:
        api: Argilla's application of version 1 of its API.
        guards: A guard for each handler; it is called with the handler and the handler's arguments.

    Raises:
        ServerError: Argilla has no route with such a handler any more, or it takes other arguments.
    """
    # Guards may stand one before the other: the first route of a handler is the one that answers.
    found = {unwrap(route.endpoint): route for route in reversed(api.routes) if isinstance(route, APIRoute)}
    router = APIRouter(dependency_overrides_provider=api)
    for handler, guard in guards.items():
        route = _fitting(found.get(unwrap(handler)), handler, guard)
        router.add_api_route(
            route.path,
            _guarded(route.endpoint, guard),
            methods=sorted(route.methods),
            response_model=route.response_model,
            response_model_exclude_unset=route.response_model_exclude_unset,
            status_code=route.status_code,
            include_in_schema=False,  # Argilla's own describes it
        )
    api.router.routes[:0] = router.routes


def _fitting(route: APIRoute | None, handler: Handler, guard: Handler) -> APIRoute:
    taken = signature(handler).parameters
    needed = [each.name for each in signature(guard).parameters.values() if each.kind is Parameter.KEYWORD_ONLY]
    name = f"{handler.__module__}.{handler.__name__}"
    if route is None:
        raise misfit(handler, f"has no route with `{name}`", _REASON)
    if not set(needed) <= set(taken):
        what = f"has another `{name}`: it takes ({', '.join(taken)}), expected ({', '.join(needed)}) among them"
        raise misfit(handler, what, _REASON)
    return route


def _guarded(handler: Handler, guard: Handler) -> Handler:
    @wraps(handler)  # FastAPI reads the handler's parameters from the signature that this carries over
    async def guarded(**arguments: Any) -> Any:
        return await guard(handler, **arguments)

    return guarded
