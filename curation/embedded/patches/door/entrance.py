"""The door as a whole.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from curation.embedded.patches.door.bodies import with_limited_bodies
from curation.embedded.patches.door.failures import answer_failures, with_neutral_failures
from curation.embedded.patches.door.keys import KeyCheck
from curation.embedded.patches.door.known_hosts import with_known_hosts
from curation.embedded.patches.door.strict_json import refuse_loose_json
from curation.embedded.patches.door.targets import with_plain_targets


def behind_door(app: FastAPI, api: FastAPI, known: frozenset[str]) -> ASGIApp:
    """Put the door before Argilla; to be called once in a process.

    Args:
        app: Argilla's application.
        api: Version 1 of its API, which is mounted in it.
        known: The names of hosts that it answers for.
    """
    refuse_loose_json()
    answer_failures(app)
    asked = with_plain_targets(with_limited_bodies(app, KeyCheck(api).is_known))
    return with_neutral_failures(with_known_hosts(asked, known))
