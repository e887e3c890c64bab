"""Texts of any length as windows of pieces that overlap, with the place of every piece in its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.data.records import TokenizedRecords, checked_columns, texts_of
from training.data.tagging import IGNORED, IntArray, Passage, tags_of

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True, kw_only=True)
class Window:
    """One stretch of one text; `places` (t, 2) are characters, -1 for what is no piece of the text."""

    record: int
    places: IntArray


CutUp = Callable[[list[str]], tuple[dict[str, list[list[int]]], list[Window], int]]
"""From texts to the inputs of a model by window, the windows in order, and the step from one to the next in pieces."""


@dataclass(frozen=True, kw_only=True)
class WindowedTexts:
    """n texts as w windows.

    Attributes:
        texts: The n texts.
        rows: The w windows as the model reads them; `labels` (w, t) are tags.
        windows: Where they stand.
        step: Pieces from the beginning of one window of a text to that of the next.
        passages: What is marked in each of the texts; `None` where that is not known.
    """

    texts: list[str]
    rows: TokenizedRecords
    windows: list[Window]
    step: int
    passages: list[list[Passage]] | None

    def joined(self, per_window: Sequence[npt.NDArray[Any]]) -> Iterator[tuple[IntArray, npt.NDArray[Any]]]:
        """Yield for every text the (t, 2) places of its pieces, and (t, ...) what was said of them.

        Of a piece that stands in two windows counts what the one says in which it has more around it.

        Args:
            per_window: w arrays (t, ...) over what each window has.
        """
        parts: list[list[tuple[IntArray, npt.NDArray[Any]]]] = [[] for _ in self.texts]
        for window, said in zip(self.windows, per_window, strict=True):
            is_piece = window.places[:, 0] >= 0
            parts[window.record].append((window.places[is_piece], said[: len(is_piece)][is_piece]))
        for of_text in parts:
            yield of_text[0] if len(of_text) == 1 else self._whole(of_text)

    def of(self, texts: IntArray) -> tuple[IntArray, WindowedTexts]:
        """Return the rows of the windows of some texts, and these texts alone, for what is said of those rows."""
        place = {text: at for at, text in enumerate(texts.tolist())}
        rows = np.array([row for row, window in enumerate(self.windows) if window.record in place], dtype=np.int64)
        return rows, WindowedTexts(
            texts=[self.texts[text] for text in texts],
            rows=self.rows.at(rows),
            windows=[replace(self.windows[row], record=place[self.windows[row].record]) for row in rows],
            step=self.step,
            passages=None if self.passages is None else [self.passages[text] for text in texts],
        )

    def _whole(self, parts: Sequence[tuple[IntArray, npt.NDArray[Any]]]) -> tuple[IntArray, npt.NDArray[Any]]:
        at = np.concatenate([k * self.step + np.arange(len(places)) for k, (places, _) in enumerate(parts)])
        around = np.concatenate([np.minimum(np.arange(len(p)), np.arange(len(p))[::-1]) for p, _ in parts])
        order = np.lexsort((-around, at))
        first = order[np.unique(at[order], return_index=True)[1]]
        return np.concatenate([p for p, _ in parts])[first], np.concatenate([said for _, said in parts])[first]


def windowed(
    data: Dataset, cut_up: CutUp, *, text_columns: Sequence[str], label_column: str | None, labels: Sequence[str] = ()
) -> WindowedTexts:
    """Cut the text column of `data` into windows, and tag their pieces unless `label_column` is `None`.

    Raises:
        ValueError: More than one column of texts; a text is not a string; a passage lies outside its text or has an
            unknown label; there is no record.
    """
    columns = checked_columns(data, text_columns)
    if len(columns) != 1:
        raise ValueError(f"text_columns: expected the one column in which passages are marked, got {list(columns)}")
    texts = texts_of(data, columns[0])
    passages = None if label_column is None else passages_in(data, label_column, labels, texts)
    inputs, windows, step = cut_up(texts)
    lengths = np.array([len(ids) for ids in inputs["input_ids"]], dtype=np.int64)
    tags = None if passages is None else _tags(windows, passages, labels, int(lengths.max()))
    origin = np.array([window.record for window in windows], dtype=np.int64)
    rows = TokenizedRecords(inputs=inputs, lengths=lengths, labels=tags, origin=origin)
    return WindowedTexts(texts=texts, rows=rows, windows=windows, step=step, passages=passages)


def holds_passages(data: Dataset, column: str) -> bool:
    """Whether a column holds lists of passages, by its feature."""
    feature = getattr(data.features.get(column), "feature", None)
    return isinstance(feature, dict) and {"start", "end", "label"} <= feature.keys()


def passage_labels(data: Dataset, column: str) -> tuple[str, ...]:
    """Return the labels that passages can have: those of the feature, or those that stand there, sorted.

    Raises:
        ValueError: There is none.
    """
    names = getattr(data.features[column].feature["label"], "names", None)
    if names is None:
        names = sorted({str(passage["label"]) for row in data[column] for passage in row or ()})
    if not names:
        raise ValueError(f"{column}: expected at least one marked passage, got none in {len(data)} records")
    return tuple(names)


def passages_in(data: Dataset, column: str, labels: Sequence[str], texts: Sequence[str]) -> list[list[Passage]]:
    """Return the passages of every record, their labels by name.

    Raises:
        ValueError: No passages; one that is outside its text, or has another label.
    """
    if not holds_passages(data, column):
        wanted = "a list of passages with start, end and label for every record"
        raise ValueError(f"{column}: expected {wanted}, got {data.features.get(column, 'no such column')}")
    numbered = getattr(data.features[column].feature["label"], "names", None)
    return [
        [_checked(passage, numbered, labels, text, f"{column}: row {row}") for passage in _there(given, column, row)]
        for row, (given, text) in enumerate(zip(data[column], texts, strict=True))
    ]


def _there(given: Any, column: str, row: int) -> Any:
    if given is None:
        raise ValueError(f"{column}: expected a list of passages, got None at row {row}")
    return given


def _checked(passage: Any, numbered: Any, labels: Sequence[str], text: str, where: str) -> Passage:
    start, end, label = passage["start"], passage["end"], passage["label"]
    if start is None or end is None or not 0 <= start < end <= len(text):
        raise ValueError(f"{where}: expected a passage within the {len(text)} characters, got {start} to {end}")
    if numbered is not None:
        label = numbered[label] if label is not None and 0 <= label < len(numbered) else label
    if label not in labels:
        raise ValueError(f"{where}: expected one of the labels {', '.join(labels)}, got {label!r}")
    return {"start": start, "end": end, "label": label}


def _tags(windows: Sequence[Window], passages: Sequence[Sequence[Passage]], labels: Sequence[str], t: int) -> IntArray:
    """Return (w, t) tags. What goes on from before a window goes on in it: tags are of whole texts."""
    tags = np.full((len(windows), t), IGNORED, dtype=np.int64)
    for row, window in enumerate(windows):
        at = np.flatnonzero(window.places[:, 0] >= 0)
        found = tags_of(window.places[at], passages[window.record], labels)
        goes_on = row > 0 and windows[row - 1].record == window.record
        if goes_on and len(at) and found[0] % 2 == 1:
            found[0] += _is_cut(window.places[at[0]], passages[window.record])
        tags[row, at] = found
    return tags


def _is_cut(place: IntArray, passages: Sequence[Passage]) -> bool:
    """Whether the first piece of a window lies behind the beginning of the passage that it is in."""
    over = [p for p in passages if p["start"] < place[1] and p["end"] > place[0]]
    longest = min(over, key=lambda p: (p["start"] - p["end"], p["start"], p["label"]))
    return bool(longest["start"] < place[0])
