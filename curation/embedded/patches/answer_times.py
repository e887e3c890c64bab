"""An answer that was changed is later than it was before, whatever the clock says.

Of two versions of an answer the later one counts, by the time that the server gave it. A clock that is set back, by
hand or after it ran ahead, would make the newer version the earlier one, and a pull would keep the old one.

Imports `argilla_server`: only for processes whose environment has been configured.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from argilla_server.models import Response
from sqlalchemy import event


def keep_later_answers_later() -> None:
    """Change how this process stores answers; to be called once."""
    event.listen(Response, "before_update", _date)


def _date(mapper: Any, connection: Any, response: Response) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)  # as Argilla stores times
    response.updated_at = max(now, response.updated_at + timedelta(microseconds=1))
