"""Somebody has the session of another person and goes on with it after the password changed or the account went."""

from __future__ import annotations

import secrets

import httpx
import pytest
from chairs import Chairs, Person

pytestmark = [pytest.mark.server, pytest.mark.own_accounts]


def sign_in(chairs: Chairs, name: str, password: str) -> httpx.Client:
    answer = chairs.stranger.post("/api/v1/token", data={"username": name, "password": password}).raise_for_status()
    return chairs.target.client(Authorization=f"Bearer {answer.json()['access_token']}")


def status(session: httpx.Client) -> int:
    return session.get("/api/v1/me").status_code


def test_a_session_works_and_ends_with_a_new_password(chairs: Chairs) -> None:
    with sign_in(chairs, chairs.ana.name, chairs.ana.password) as stolen:
        assert status(stolen) == 200
        new = secrets.token_urlsafe()
        chairs.owner.ask("PATCH", f"/users/{chairs.ana.user_id}", json={"password": new}).raise_for_status()
        assert status(stolen) == 401
    with sign_in(chairs, chairs.ana.name, new) as own:
        assert status(own) == 200


def test_a_session_lasts_while_other_things_change(chairs: Chairs) -> None:
    with sign_in(chairs, chairs.ana.name, chairs.ana.password) as own:
        chairs.owner.ask("PATCH", f"/users/{chairs.ana.user_id}", json={"first_name": "Anna"}).raise_for_status()
        chairs.owner.ask("PATCH", f"/users/{chairs.ben.user_id}", json={"password": "another-one"}).raise_for_status()
        assert status(own) == 200


def test_a_session_ends_with_the_account_and_does_not_come_back_with_one_of_the_same_name(chairs: Chairs) -> None:
    ben = chairs.ben
    with sign_in(chairs, ben.name, ben.password) as left:
        assert status(left) == 200
        chairs.owner.ask("DELETE", f"/users/{ben.user_id}").raise_for_status()
        assert status(left) == 401
        again(chairs, ben)
        assert status(left) == 401


def again(chairs: Chairs, person: Person) -> None:
    """Make the account anew, with the same name, id and password."""
    account = {"first_name": person.name, "username": person.name, "password": person.password, "id": person.user_id}
    chairs.owner.made("/users", **account, role="annotator")
