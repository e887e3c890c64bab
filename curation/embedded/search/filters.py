"""Argilla's search filters as criteria."""

from argilla_server.enums import ResponseStatus
from argilla_server.errors.future import UnprocessableEntityError
from argilla_server.search_engine.base import (
    AndFilter,
    Filter,
    MetadataFilterScope,
    RangeFilter,
    RecordFilterScope,
    ResponseFilterScope,
    SuggestionFilterScope,
    TermsFilter,
)
from sqlalchemy import false

from curation.embedded.search.comparisons import (
    Comparison,
    as_number,
    as_record_id,
    as_term,
    comparison,
)
from curation.embedded.search.criteria import Criteria
from curation.embedded.search.dataset_index import DatasetIndex, Scope
from curation.embedded.search.parts import Condition, Either, HasValue, Part
from curation.embedded.search.tables import answers, documents, values
from curation.embedded.search.timestamps import moment

_PENDING = "pending"


def criteria_of(index: DatasetIndex, wanted: Filter | None) -> Criteria:
    """Translate a filter.

    Args:
        index: what the index knows of the dataset.
        wanted: any of Argilla's filters, or None for every record.

    Returns:
        The criteria.

    Raises:
        UnprocessableEntityError: for a filter that makes no sense, such as a date that is none.
    """
    columns: list[Condition] = []
    parts: list[Part] = []
    for single in _flat(wanted):
        if isinstance(single.scope, RecordFilterScope):
            columns.append(_record_condition(single))
            continue
        part = _part(index, single)
        if part is None:
            columns.append(false())
        else:
            parts.append(part)
    return Criteria(dataset_id=index.dataset_id, columns=tuple(columns), parts=tuple(parts))


def scope_of(index: DatasetIndex, scope: object) -> Scope | None:
    """The index's scope for one of Argilla's, or None where nothing is indexed (free text, rankings, spans)."""
    if isinstance(scope, MetadataFilterScope):
        return index.scopes.get(("metadata", scope.metadata_property, "value"))
    if isinstance(scope, SuggestionFilterScope):
        # The API makes the text "None" of a property that is null; what it stands for is the default.
        name = "value" if scope.property in (None, "None") else str(scope.property)
        return index.scopes.get(("suggestion", scope.question, name))
    if isinstance(scope, ResponseFilterScope) and scope.question:
        return index.scopes.get(("response", scope.question, "value"))
    if isinstance(scope, ResponseFilterScope) and scope.property == "status":
        return index.response_status
    raise UnprocessableEntityError(f"search: expected a question or the property `status`, found {scope}")


def _flat(wanted: Filter | None) -> list[TermsFilter | RangeFilter]:
    if wanted is None:
        return []
    if isinstance(wanted, AndFilter):
        return [single for part in wanted.filters for single in _flat(part)]
    return [wanted]


def _record_condition(wanted: TermsFilter | RangeFilter) -> Condition:
    name = str(wanted.scope.property)
    if name == "id":
        return comparison(wanted, as_record_id).of(documents.c.record_id)
    convert = moment if name in ("inserted_at", "updated_at") else as_term
    return comparison(wanted, convert).of(documents.c[name])


def _part(index: DatasetIndex, wanted: TermsFilter | RangeFilter) -> Part | None:
    scope = scope_of(index, wanted.scope)
    if scope is None:
        return None
    compared = comparison(wanted, as_number if scope.is_number else as_term)
    if not isinstance(wanted.scope, ResponseFilterScope):
        return HasValue(table=values, scope=scope, comparison=compared)
    user_id = wanted.scope.user.id if wanted.scope.user else None
    answered = HasValue(table=answers, scope=scope, comparison=compared, user_id=user_id)
    return answered if scope != index.response_status else _status(answered)


def _status(answered: HasValue) -> Part:
    """Pending is not stored: it is the records to which this user (or nobody at all) has responded."""
    statuses = answered.comparison.among
    if statuses is None:
        raise UnprocessableEntityError("search: the status of a response has no range; filter it by `terms`")
    if _PENDING not in statuses:
        return answered
    any_status = Comparison(among=tuple(status.value for status in ResponseStatus))
    pending = HasValue(
        table=answers,
        scope=answered.scope,
        comparison=any_status,
        user_id=answered.user_id,
        is_negated=True,
    )
    return pending if len(statuses) == 1 else Either(parts=(pending, answered))
