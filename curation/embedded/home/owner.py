"""The owner's account in Argilla's database.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from argilla_server.contexts import accounts
from argilla_server.database import AsyncSessionLocal
from argilla_server.enums import UserRole

from curation.embedded.home.credentials import Credentials


async def set_owner(credentials: Credentials) -> None:
    """Create the owner, or give an owner whose credentials were lost or changed the new password and key."""
    async with AsyncSessionLocal() as session:
        user = await accounts.get_user_by_username(session, credentials.username)
        if user is None:
            attributes = {
                "first_name": credentials.username,
                "last_name": None,
                "username": credentials.username,
                "role": UserRole.owner,
                "password": credentials.password,
            }
            user = await accounts.create_user(session, attributes)
        user.api_key = credentials.api_key
        same = accounts.verify_password(credentials.password, user.password_hash)
        # A new hash of the same password would end the owner's sessions.
        await accounts.update_user(session, user, {} if same else {"password": credentials.password})
