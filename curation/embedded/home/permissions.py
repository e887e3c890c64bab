"""What a server's owner has turned on although it lets others reach further than the server itself."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace

from curation.embedded.home.files import read_private, write_private
from curation.embedded.home.folder import Home, readable_errors

VARIABLE = "TWOFOLD_ALLOW"
"""Names what is on, separated by blanks or commas, for the processes of a server."""


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """Everything is off where nobody has turned it on.

    Attributes:
        hub: Leads import data sets of the Hugging Face Hub, and export data sets, votes included, to it.
        custom_fields: Leads make fields that are pages of HTML and scripts of their own, shown in a sandbox.
    """

    hub: bool = False
    custom_fields: bool = False

    @property
    def words(self) -> str:
        """As in the environment variable."""
        return " ".join(name.replace("_", "-") for name, is_on in asdict(self).items() if is_on)


def read_permissions(home: Home) -> Permissions:
    """What is on in a home; a file that cannot be read turns nothing on."""
    found = read_private(home.permissions) or {}
    return Permissions(**{name: found.get(name) is True for name in asdict(Permissions())})


def change_permissions(home: Home, **wanted: bool | None) -> Permissions:
    """Turn on and off for the next start of a server; None leaves a permission as it is.

    Args:
        home: One that has been opened.
        wanted: Values of `Permissions`, by name.

    Raises:
        ServerError: The home cannot be written.
    """
    found = read_permissions(home)
    changed = replace(found, **{name: value for name, value in wanted.items() if value is not None})
    if changed != found:
        with readable_errors(home.root):
            write_private(home.permissions, asdict(changed))
    return changed


def permitted() -> Permissions:
    """What is on in this process of a server."""
    words = os.environ.get(VARIABLE, "").replace(",", " ").split()
    return Permissions(**{name: name.replace("_", "-") in words for name in asdict(Permissions())})
