"""One label more in a data set that is open.

Argilla refuses to change the number of options; adding one makes no answer invalid.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from argilla_server.api.policies.v1 import QuestionPolicy, authorize
from argilla_server.api.schemas.v1.questions import OptionSettingsCreate
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.models import Question, Record, User
from argilla_server.settings import settings
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from curation.embedded.patches.authorship import check_unread


class Options(BaseModel):
    """All options of a question, in the order in which they are shown."""

    options: list[OptionSettingsCreate] = Field(
        ..., min_length=2, max_length=settings.label_selection_options_max_items
    )


async def set_options(db: AsyncSession, user: User, question_id: UUID, options: Sequence[OptionSettingsCreate]) -> None:
    """Give a question these options.

    Raises:
        ForbiddenOperationError: Others have answered it, and `user` is not the owner.
        UnprocessableEntityError: One that it has is missing, or one stands there twice.
    """
    question = await Question.get_or_raise(db, question_id, options=[selectinload(Question.dataset)])
    await authorize(user, QuestionPolicy.update(question))
    await check_unread(db, user, Record.dataset_id == question.dataset_id)
    values = [option.value for option in options]
    missing = {option["value"] for option in question.settings.get("options", ())} - set(values)
    if missing or len(set(values)) < len(values):
        raise UnprocessableEntityError(
            f"expected every option that the question has, each once; missing: {sorted(missing)}"
        )
    await question.update(db, settings={**question.settings, "options": [option.model_dump() for option in options]})
