"""Label Studio's JSON: tasks with `data` and `annotations`; see https://labelstud.io/guide/export.

Of several annotations of a task the one that is `ground_truth` counts, else what most of them say. Cancelled ones are
no answers, and what a model said (`predictions`) is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from curation.sources.shapes.shape import Flat, Shape, of_most, passage, texts_of
from curation.sources.values import described
from curation.tasks.orders import in_words

_PASSAGES = ("labels", "hypertextlabels")
_WRITTEN = "textarea"
_SIDES = {"left": "first", "right": "second"}
_BUCKETS = "items were put into buckets, which are in no order: it comes in without an answer"
_REST = "_"  # what a `Ranker` calls the items that nobody has put into a bucket


def _is_one(found: Mapping[str, Any]) -> bool:
    return isinstance(found.get("data"), Mapping) and any(key in found for key in ("annotations", "completions"))


def _flat(found: Mapping[str, Any]) -> Flat:
    data, meta = found.get("data"), found.get("meta")
    if not isinstance(data, Mapping):
        raise ValueError(f"expected a task with 'data', came {described(found)}")
    fields = texts_of(data) | _items(data)
    given = [_said(each, fields) for each in _annotations(found)]
    answers, doubts = {}, {}
    for name in dict.fromkeys(name for said in given for name in said):
        nothing: list[Any] | None = [] if any(isinstance(said.get(name), list) for said in given) else None
        answers[name], doubts[name] = of_most([said.get(name, nothing) for said in given])
    return Flat(
        fields=fields,
        answers=answers,
        answered=bool(given),
        record_id=_id(meta, found),
        written=frozenset(each["from_name"] for each in _results(found) if each.get("type") == _WRITTEN),
        doubt=next(filter(None, [*doubts.values(), _BUCKETS if _has_buckets(found) else None]), None),
    )


def _items(data: Mapping[str, Any]) -> dict[str, str]:
    """Return every list of items with ids, which people put in order, as a text of its own.

    Items whose texts are columns, and those that say no more than their id, need none.
    """
    found = {}
    for column, listed in data.items():
        if isinstance(listed, list) and listed and all(isinstance(each, Mapping) and "id" in each for each in listed):
            said = {str(each["id"]): _says(each) for each in listed}
            if any(text and data.get(name) != text for name, text in said.items()):
                found[str(column)] = "\n".join(f"{name}: {text}" for name, text in said.items())
    return found


def _says(item: Mapping[str, Any]) -> str:
    """Return what an item of a list says beyond its id."""
    parts = [item.get(part) for part in ("title", "body", "html")]
    return "\n".join(part for part in parts if isinstance(part, str) and part and part != str(item["id"]))


def _has_buckets(found: Mapping[str, Any]) -> bool:
    return any(each.get("type") == "ranker" and _ranked(each["value"]) is None for each in _results(found))


def _id(meta: Any, found: Mapping[str, Any]) -> Any:
    ours = meta.get("record_id") if isinstance(meta, Mapping) else None
    return found.get("id") if ours is None else ours


def _annotations(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the annotations that count."""
    listed = found.get("annotations", found.get("completions")) or []
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
        raise ValueError(f"expected a list of annotations, came {described(listed)}")
    there = [each for each in listed if not each.get("was_cancelled")]
    return [each for each in there if each.get("ground_truth")][:1] or there


def _results(found: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for annotation in _annotations(found):
        results = annotation.get("result") or []
        if not isinstance(results, list) or not all(isinstance(each, Mapping) for each in results):
            raise ValueError(f"expected a list under 'result', came {described(results)}")
        yield from (each for each in results if isinstance(each.get("value"), Mapping) and "from_name" in each)


def _said(annotation: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what one annotation says, by question."""
    said: dict[str, Any] = defaultdict(list)
    for result in _results({"annotations": [annotation]}):
        name, type_, value = result["from_name"], result.get("type"), result["value"]
        if type_ in _PASSAGES:
            said[name] += _passages(value, _text(result, fields), value.get(type_, value.get("labels")))
        elif type_ == "choices":
            said[name] += _names(value.get("choices"))
        elif type_ == "pairwise":
            said[name] = _side(value.get("selected"))
        elif type_ == "ranker":
            said[name] = _ranked(value)
        elif type_ == "rating":
            said[name] = value.get("rating")
        elif type_ == _WRITTEN:
            written = value.get("text")
            said[name] = "\n".join(map(str, written)) if isinstance(written, list) else written
    return {name: _in_order(value) for name, value in said.items()}


def _in_order(value: Any) -> Any:
    """Return what has no order of its own in one, so that equal answers are equal."""
    is_listed = isinstance(value, list) and value and isinstance(value[0], dict)
    return sorted(value, key=lambda p: (p["start"], p["end"], p["label"])) if is_listed else value


def _names(given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ValueError(f"expected a list of choices, came {described(given)}")
    return given


def _side(selected: Any) -> str:
    if selected not in _SIDES:
        raise ValueError(f"expected 'left' or 'right' under 'selected', came {described(selected)}")
    return _SIDES[selected]


def _ranked(value: Mapping[str, Any]) -> str | None:
    """Return an order, the first item the best; None where items were put into buckets, which are in no order.

    Raises:
        ValueError: It is written otherwise.
    """
    found = value.get("ranker")
    groups = [found] if isinstance(found, list) else list(found.values()) if isinstance(found, Mapping) else []
    if not groups or not all(isinstance(group, list) for group in groups):
        raise ValueError(f"expected lists of ids under 'ranker', came {described(found)}")
    if isinstance(found, Mapping) and (len(groups) > 1 or _REST in found):
        return None
    return in_words([[str(name)] for name in groups[0]])


def _text(result: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    """Return the text that a result is about: that of its tag's name, or the first one."""
    return fields.get(str(result.get("to_name")), next(iter(fields.values()), ""))


def _passages(value: Mapping[str, Any], text: str, labels: Any) -> list[dict[str, Any]]:
    places = value.get("globalOffsets", value)
    start, end = _in_characters(text, places.get("start"), places.get("end"), value.get("text"))
    return [passage(start, end, label) for label in _names(labels)]


def _in_characters(text: str, start: Any, end: Any, marked: Any) -> tuple[Any, Any]:
    """Return places in characters: before 1.4 they were counted as a browser does, where an emoji takes two.

    Raises:
        ValueError: What stands there is not what was marked.
    """
    if not isinstance(start, int) or not isinstance(end, int) or not isinstance(marked, str):
        return start, end
    if _same(text[start:end], marked):
        return start, end
    units = text.encode("utf-16-le")
    before, inside = (units[2 * a : 2 * b].decode("utf-16-le", "ignore") for a, b in ((0, start), (start, end)))
    if not _same(inside, marked):
        raise ValueError(f"expected {marked!r:.60} from {start} to {end} of the text, came {text[start:end]!r:.60}")
    return len(before), len(before) + len(inside)


def _same(one: str, other: str) -> bool:
    """Whether two passages are the same but for blanks, which Label Studio writes as they are shown."""
    return one.replace("\\n", "\n").split() == other.replace("\\n", "\n").split()


SHAPE = Shape(name="labelstudio", says="a Label Studio export", is_one=_is_one, flat=_flat)
