"""Somebody has seen an API key: what it opens once another was made."""

from __future__ import annotations

import psutil
import pytest
from chairs import Chairs, Target
from cluster_of_processes import command

from curation.embedded import ServerError
from curation.embedded.cluster import roles
from curation.embedded.home.keys import renew_key

pytestmark = [pytest.mark.server, pytest.mark.own_accounts]


def renewed(target: Target, username: str) -> str:
    """Renew a key the way that the operator of this server does."""
    if target.database == "sqlite":
        return renew_key(target.logs.parent, username).api_key
    environment = target.process.environ()
    with psutil.Popen(command("renew-key", username), env=environment, stdout=-1, text=True) as process:
        return str(process.communicate(timeout=120)[0].strip())


def test_the_old_key_opens_nothing_and_the_new_one_is_the_accounts(chairs: Chairs) -> None:
    new = renewed(chairs.target, chairs.ana.name)
    assert chairs.ana.ask("GET", "/me").status_code == 401
    with chairs.target.client(**{"X-Argilla-Api-Key": new}) as ana:
        assert ana.get("/api/v1/me").json()["username"] == chairs.ana.name
    assert chairs.ben.ask("GET", "/me").status_code == 200


def test_in_a_cluster_the_owners_key_is_a_secret_of_the_role_that_sets_it() -> None:
    with pytest.raises(ServerError, match="TWOFOLD_OWNER_API_KEY_FILE points, and run the role `migrate`"):
        roles.renew_key("owner")
