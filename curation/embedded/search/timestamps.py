"""Points in time as search filters give them."""

import re
from datetime import UTC, datetime, timedelta

_ISO = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)([T ](?P<hour>\d\d)(:(?P<minute>\d\d)(:(?P<second>\d\d)"
    r"([.,](?P<fraction>\d{1,9}))?)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?"
)
_UNITS = ("year", "month", "day", "hour", "minute", "second")


def moment(value: object, is_upper: bool | None = None) -> datetime | None:
    """Read a point in time as Elasticsearch does (``strict_date_optional_time || epoch_millis``).

    Args:
        value: ISO 8601 text, as precise as one likes, or milliseconds since 1970.
        is_upper: whether it is the upper end of a range, which means the last moment of what was named: up to
            ``2024-05-31`` includes that day.

    Returns:
        The moment in UTC, without a time zone as in Argilla's tables; None if the value is no point in time.
    """
    match = _ISO.fullmatch(str(value).strip())
    try:
        return _from_iso(match, is_upper) if match else _from_milliseconds(value)
    except (ValueError, OverflowError, OSError):
        return None


def _from_milliseconds(value: object) -> datetime:
    return datetime.fromtimestamp(float(str(value)) / 1000, tz=UTC).replace(tzinfo=None)


def _from_iso(match: re.Match[str], is_upper: bool | None) -> datetime:
    given = [int(match[unit]) for unit in _UNITS if match[unit]]
    year, month, day, hour, minute, second = (*given, *(1, 1, 1, 0, 0, 0)[len(given) :])
    start = datetime(year, month, day, hour, minute, second)
    if match["fraction"]:
        start += timedelta(microseconds=int(match["fraction"][:6].ljust(6, "0")))
    elif is_upper:
        start = _end_of(start, _UNITS[len(given) - 1])
    return start - _offset(match["zone"])


def _end_of(start: datetime, unit: str) -> datetime:
    if unit == "year":
        following = start.replace(year=start.year + 1)
    elif unit == "month":
        following = (start + timedelta(days=31)).replace(day=1)
    else:
        following = start + timedelta(**{f"{unit}s": 1})
    return following - timedelta(microseconds=1)


def _offset(zone: str | None) -> timedelta:
    if zone in (None, "Z"):
        return timedelta()
    digits = str(zone)[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if str(zone).startswith("-") else offset
