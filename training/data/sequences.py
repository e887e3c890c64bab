"""Token numbers of a language model: cut where they are too long, packed into rows, and put together to batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch

from training.data.chats import UNLEARNT, Tokens
from training.data.records import IntArray, TokenizedRecords

Rows = dict[str, list[list[int]]]
_LENGTHS = "seq_lengths"  # as TRL calls the lengths of what was packed into a row


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Records that fit, and a sentence about those that did not; none where all did."""

    records: TokenizedRecords
    note: str | None


def as_records(rows: Rows) -> TokenizedRecords:
    """Return rows of token numbers as records, their lengths those of `input_ids`."""
    return TokenizedRecords(
        inputs=rows, lengths=np.array([len(ids) for ids in rows["input_ids"]], dtype=np.int64), labels=None
    )


def cut(tokens: Tokens, *, most: int, where: str) -> Cut:
    """Cut conversations to `most` tokens; those of which nothing is left to learn are left out.

    Raises:
        ValueError: Nothing is left to learn.
    """
    lengths = np.array([len(ids) for ids in tokens.input_ids])
    ids, labels = ([row[:most] for row in rows] for rows in (tokens.input_ids, tokens.labels))
    kept = [row for row, own in enumerate(labels) if any(label != UNLEARNT for label in own[1:])]
    said = told_of_cut(int((lengths > most).sum()), len(lengths) - len(kept), len(lengths), most, int(lengths.max()))
    if not kept:
        raise ValueError(f"{where}: expected answers within max_length = {most} tokens, got none: {said}")
    rows = {"input_ids": [ids[row] for row in kept], "labels": [labels[row] for row in kept]}
    records = replace(as_records(rows), origin=np.array(kept, dtype=np.int64))
    return Cut(records=records, note=said and f"{where}: {said}")


def told_of_cut(longer: int, left_out: int, n: int, most: int, longest: int, *, what: str = "records") -> str | None:
    """Say how many records are cut, and how many have no room for their answer; None where all are whole."""
    if not longer and not left_out:
        return None
    said = f"{longer} of {n} {what} are cut at max_length = {most} tokens, the longest has {longest}"
    return said + (f"; {left_out} of them have no room for their answer and are left out" if left_out else "")


def packed(records: TokenizedRecords, *, most: int, split: bool) -> TokenizedRecords:
    """Pack records into rows of `most` tokens, the longest first (Ding et al. 2024), as TRL does.

    Args:
        records: What is packed.
        most: Tokens in a row.
        split: Whether what is longer than a row goes on in another one, rather than being cut.
    """
    import datasets
    from trl import pack_dataset

    rows = datasets.Dataset.from_dict(records.inputs)
    with _no_bars():
        found = pack_dataset(rows, most, "bfd_split" if split else "bfd", {"keep_in_memory": True})
    return as_records({name: list(found[name]) for name in ("input_ids", "labels", _LENGTHS)})


def batch_of(records: TokenizedRecords, rows: IntArray, *, pad: int) -> dict[str, torch.Tensor]:
    """Inputs of some rows, each padded to the longest of them at its end.

    Rows that were packed come with places that begin anew in each part, by which attention tells the parts apart.
    """
    found = records.rows(rows)
    given = {
        "input_ids": filled(found["input_ids"], pad),
        "labels": filled(found["labels"], UNLEARNT),
    }
    if _LENGTHS not in found:
        return {**given, "attention_mask": filled([[1] * len(ids) for ids in found["input_ids"]], 0)}
    starts = filled([[at == 0 for n in lengths for at in range(n)] for lengths in found[_LENGTHS]], 0).bool()
    places = filled([[at for n in lengths for at in range(n)] for lengths in found[_LENGTHS]], 0)
    given["labels"][starts] = UNLEARNT  # the first token of a part is not told by the part before
    return {**given, "position_ids": places}


@contextmanager
def _no_bars() -> Iterator[None]:
    """Within it `datasets` shows no bars of its own."""
    import datasets

    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()


def filled(rows: Sequence[Sequence[int]], value: int) -> torch.Tensor:
    """(n, longest) the rows, filled up with a value at their ends."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])
