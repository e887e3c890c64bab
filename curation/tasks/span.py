"""Any number of marked passages of one text field, each with a label."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from curation.errors import suggest
from curation.tasks import limits
from curation.tasks.kind import Kind, Moves, Options, Question
from curation.tasks.multi_label import NONE, rarest
from curation.tasks.names import Name, all_different
from curation.tasks.passage_cues import passage_cues

if TYPE_CHECKING:
    import pyarrow as pa

Spans = Sequence[Mapping[str, Any]]
"""Passages as `start` (of the first character), `end` (after the last one), in characters, and `label`."""

NOTHING = "(not marked)"
"""What a reader chose who left unmarked what another one marked."""

BETWEEN = "; "
_SHOWN = re.compile(r"(\d+)-(\d+) (.*)", re.DOTALL)


class Span(Question):
    """A question with marked passages for an answer.

    Attributes:
        labels: What a passage can be, in the order in which annotators see them; no two alike, none with a `;`.
        field: The text field that is marked; the first one of the task by default.
        overlapping: Whether passages may overlap.
    """

    kind: str = "span"
    labels: tuple[Name, ...] = Field(min_length=1)
    field: str = "text"
    overlapping: bool = False

    @field_validator("labels")
    @classmethod
    def _fit(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := limits.too_many_labels(len(labels)):
            raise ValueError(wrong)
        bad = next((label for label in labels if ";" in label or label in (NONE, NOTHING)), None)
        if bad is not None:
            raise ValueError(f"a label is no {NONE!r} or {NOTHING!r}, and has no ';' between passages; came {bad!r}")
        return all_different("labels", labels)


def _value() -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.struct({"start": pa.int64(), "end": pa.int64(), "label": pa.string()}))


def _read(cell: str) -> list[dict[str, Any]]:
    """Read passages from JSON, as objects or as lists of start, end and label, or as they are shown.

    Raises:
        ValueError: They are written otherwise.
    """
    if cell == NONE:
        return []
    if not cell.startswith("["):
        found = [_SHOWN.fullmatch(part) for part in cell.split(BETWEEN)]
        return [_passage([int(m[1]), int(m[2]), m[3]] if m else cell) for m in found]
    try:
        listed = json.loads(cell)
    except ValueError:
        listed = cell
    return [_passage(each) for each in (listed if isinstance(listed, list) else [listed])]


def _passage(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        given = [given.get("start"), given.get("end"), given.get("label", given.get("type"))]
    if not isinstance(given, list) or len(given) != 3 or not _is_passage(*given):
        raise ValueError(f"expected passages as start, end and label, in characters, came {given!r:.80}")
    return {"start": given[0], "end": given[1], "label": given[2].strip()}


def _is_passage(start: Any, end: Any, label: Any) -> bool:
    whole = all(isinstance(at, int) and not isinstance(at, bool) for at in (start, end))
    return whole and isinstance(label, str) and 0 <= start < end


def _parse(question: Span, cell: str) -> list[dict[str, Any]]:
    found = in_order(_read(cell))
    for passage in found:
        if passage["label"] not in question.labels:
            label = passage["label"]
            raise ValueError(f"label {label!r} is not in the task{suggest(label, question.labels)}")
    for first, second in pairwise(found):
        if first == second:
            raise ValueError(f"passage {_show([first])!r} stands there twice")
        if second["start"] < first["end"] and not question.overlapping:
            raise ValueError(f"passages {_show([first, second])!r} overlap; `overlapping = true` allows that")
    return found


def in_order(spans: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return passages by their start, end and label: the one order in which they are kept."""
    plain = ({name: span[name] for name in ("start", "end", "label")} for span in spans)
    return sorted(plain, key=lambda span: (span["start"], span["end"], span["label"]))


def _fits(question: Span, spans: Spans, fields: Mapping[str, str]) -> None:
    """Raise a ValueError where a passage ends after its text does."""
    length = len(fields[question.field])
    for span in spans:
        if span["end"] > length:
            raise ValueError(f"passage {_show([span])!r} ends outside its text, which has {length} characters")


def _moved(question: Span, spans: Spans, moves: Moves) -> list[dict[str, Any]]:
    """Return passages by their places in the repaired text.

    Raises:
        ValueError: Nothing is left of a passage.
    """
    before = sorted({at for span in spans for at in (span["start"], span["end"])})
    now = dict(zip(before, moves(question.field, before), strict=True))
    found = [{**span, "start": now[span["start"]], "end": now[span["end"]]} for span in spans]
    empty = next((span for span, new in zip(spans, found, strict=True) if new["start"] >= new["end"]), None)
    if empty is not None:
        raise ValueError(f"passage {_show([empty])!r} marks characters that show nothing, and were left out")
    return in_order(found)


def _show(spans: Spans) -> str:
    return BETWEEN.join(f"{s['start']}-{s['end']} {s['label']}" for s in in_order(spans)) or NONE


def _marked(spans: Spans, question: Span, fields: Mapping[str, str]) -> str:
    """Return the text with its passages in brackets, each with its label behind it, such as `[John](PER) left`."""
    text = fields[question.field]
    ends: dict[int, list[str]] = {}
    for span in in_order(spans):
        ends.setdefault(span["end"], []).append(f"]({span['label']})")
    starts = [span["start"] for span in spans]
    parts = ["".join(ends.get(i, ())) + "[" * starts.count(i) + c for i, c in enumerate(text)]
    return "".join(parts) + "".join(ends.get(len(text), ()))


def _argilla(fixed: Mapping[str, Any], options: Options) -> dict[str, Any]:
    return {
        "type": "span",
        "field": fixed["field"],
        "allow_overlapping": fixed["overlapping"],
        "options": [{"value": value, "text": text} for value, text in options.items()],
    }


def _encode(spans: Spans, options: Mapping[str, str]) -> list[dict[str, Any]] | None:
    if any(span["label"] not in options for span in spans):
        return None
    return in_order({**span, "label": options[span["label"]]} for span in spans)


def _decode(stored: Spans, labels: Options) -> list[dict[str, Any]]:
    return in_order({**span, "label": labels.get(span["label"], span["label"])} for span in stored)


def _to_page(fixed: Mapping[str, Any], spans: Spans, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return passages by the places that a browser counts, where a character such as an emoji takes two."""
    text = fields[fixed["field"]]

    def place(at: int) -> int:
        return len(text[:at].encode("utf-16-le")) // 2

    return in_order({**span, "start": place(span["start"]), "end": place(span["end"])} for span in spans)


def _from_page(fixed: Mapping[str, Any], spans: Spans, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return passages that a browser counted by characters; what it counts beyond the text ends with it."""
    units = fields[fixed["field"]].encode("utf-16-le")
    place = {at: len(units[: 2 * at].decode("utf-16-le", "ignore")) for s in spans for at in (s["start"], s["end"])}
    return in_order({**s, "start": place[s["start"]], "end": place[s["end"]]} for s in spans)


def _page_fields(fixed: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, str]:
    """Return the texts with blanks behind the one that is marked, as many as a browser counts more than Argilla does.

    Argilla refuses a passage that ends after the characters of its text, and the page counts in another way.
    """
    text = fields[fixed["field"]]
    return {**fields, fixed["field"]: text + " " * sum(c > "\uffff" for c in text)}


def _units(spans: Spans, question: Span) -> dict[str, str]:
    """Return a choice for every passage: what it is. Where passages may overlap, each label of one is by itself."""
    apart = question.overlapping
    return {f"{s['start']}-{s['end']}" + (f" {s['label']}" if apart else ""): s["label"] for s in spans}


def _place(unit: str) -> tuple[int, int]:
    start, end = map(int, unit.split(" ")[0].split("-"))
    return start, end


def _cues(unit: str, question: Span, fields: Mapping[str, str]) -> list[str]:
    """Return what a passage and the words beside it show, and its label where each label is a unit by itself."""
    found, label = passage_cues(fields[question.field], *_place(unit)), unit.partition(" ")[2]
    return [*found, *(f"{cue} {label}" for cue in found)] if label else found


def _fold(choices: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the passages that are something; of two that overlap, where they may not, the longer one."""
    found = []
    for unit, label in choices.items():
        start, end = _place(unit)
        if label != NOTHING:
            found.append({"start": start, "end": end, "label": label})
    if any(" " in unit for unit in choices):
        return in_order(found)
    kept: list[dict[str, Any]] = []
    for span in sorted(in_order(found), key=lambda span: int(span["start"]) - int(span["end"])):
        if all(span["end"] <= other["start"] or other["end"] <= span["start"] for other in kept):
            kept.append(span)
    return in_order(kept)


def _strata(answers: Sequence[Spans | None]) -> list[str | None]:
    return rarest([None if spans is None else sorted({span["label"] for span in spans}) for spans in answers])


def _feature(question: Span) -> Any:
    import datasets

    at = datasets.Value("int64")
    return datasets.List({"start": at, "end": at, "label": datasets.ClassLabel(names=list(question.labels))})


KIND = Kind(
    name="span",
    column="spans",
    settings=Span,
    value=_value,
    parse=_parse,
    fits=_fits,
    moved=_moved,
    show=_show,
    marked=_marked,
    argilla=_argilla,
    encode=_encode,
    decode=_decode,
    to_page=_to_page,
    from_page=_from_page,
    page_fields=_page_fields,
    units=_units,
    fold=_fold,
    absent=NOTHING,
    cues=_cues,
    choices=lambda question: (*question.labels, NOTHING),
    agreement="span",
    guide="mark every passage that one of the labels fits",
    fewest_labels=1,
    labels=lambda question: question.labels,
    read=_read,
    mentions=lambda spans: {span["label"] for span in spans},
    strata=_strata,
    strata_names=lambda question: (*question.labels, NONE),
    alike=lambda spans: ", ".join(span["label"] for span in in_order(spans)) or NONE,  # places differ between copies
    recipe="token_classification",
    target=in_order,
    learnt=_feature,
    of_target=lambda question, spans: in_order(spans),
    varied=False,  # other words have other places
    feature=_feature,
)
