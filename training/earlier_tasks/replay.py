"""Records of earlier tasks among the new ones, each paid for by the head of its own task (Robins 1995, rehearsal)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from training.data.records import IntArray, TokenizedRecords

if TYPE_CHECKING:
    from training.earlier_tasks.earlier import EarlierTask
    from training.fit_task import Learnable

Answers: TypeAlias = list[tuple[torch.Tensor, torch.Tensor]]
"""For the new task and each earlier one, which rows of a batch are its own, and what is to be said of them."""


@dataclass(frozen=True, kw_only=True)
class PartLoss:
    """What is paid for the rows of a batch that belong to one task.

    Attributes:
        where: what their table is called.
        rows: their numbers in it.
        mean: their mean loss.
    """

    where: str
    rows: torch.Tensor
    mean: torch.Tensor


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """What is read in training: the n new records, then the m earlier ones, of which every epoch has some.

    Attributes:
        new: the new records.
        earlier: the tasks before by number; the one whose head goes on, if any, is the last.
        replayed: how many earlier records an epoch has.
        seed: from which it follows which.
    """

    new: TokenizedRecords
    earlier: tuple[EarlierTask, ...]
    replayed: int
    seed: int

    def __len__(self) -> int:
        """How many records an epoch has."""
        return len(self.new) + self.replayed

    @cached_property
    def records(self) -> TokenizedRecords:
        """All n + m records."""
        return _together([self.new, *(part.records for part in self.earlier)])

    @cached_property
    def begins(self) -> IntArray:
        """The row at which the new records begin, and those of each earlier task."""
        sizes = [len(self.new), *(len(part.records) for part in self.earlier)]
        return np.cumsum([0, *sizes])[:-1]

    def rows(self, epoch: int) -> IntArray:
        """The rows of an epoch, counted from 0: all new ones, and the next of the earlier ones in a random order.

        When all of these have had their turn they come again in another order, so that every one is replayed as often
        as any other, or once more.
        """
        m = sum(len(part.records) for part in self.earlier)
        turns = np.arange(epoch * self.replayed, (epoch + 1) * self.replayed)
        drawn = [
            np.random.default_rng([self.seed, again]).permutation(m)[turns[turns // m == again] % m]
            for again in np.unique(turns // m)
        ]
        return np.concatenate([np.arange(len(self.new)), len(self.new) + np.concatenate(drawn)])

    def answers(self, rows: IntArray, new: npt.NDArray[Any]) -> Answers:
        """Return what is to be said of the rows of a batch; `new`: (n, ...) that of the new records."""
        part = np.searchsorted(self.begins, rows, side="right") - 1
        found = []
        for at, targets in enumerate([new, *(each.targets for each in self.earlier)]):
            places = np.flatnonzero(part == at)
            found.append((torch.from_numpy(places), torch.from_numpy(targets[rows[places] - self.begins[at]])))
        return found

    def losses(
        self,
        logits: torch.Tensor,
        rows: torch.Tensor,
        answers: Answers,
        *,
        new: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        outputs: int,
    ) -> Iterator[PartLoss]:
        """Yield what is paid for each part of a batch that has rows.

        Args:
            logits: (batch, all outputs) of the new head and of those beside it.
            rows: (batch,) row numbers.
            answers: as above.
            new: mean loss of the new task by logits and targets; earlier ones have those of their heads, as they are.
            outputs: how many the new head has.
        """
        begin = outputs
        for at, (places, targets) in enumerate(answers):
            task = self.earlier[at - 1] if at else None
            columns = slice(0, outputs)
            if task is not None and task.number is not None:
                columns = slice(begin, begin := begin + task.outputs)
            if len(places):
                said = logits[places, columns]
                mean = new(said, targets) if task is None else task.head.loss(said, targets, None, 0.0)
                yield PartLoss(where=_called(task), rows=rows[places] - int(self.begins[at]), mean=mean)


def read_in_training(task: Learnable) -> TokenizedRecords:
    """Return all records that are read in training, not all of them in every epoch."""
    return task.train if task.mixture is None else task.mixture.records


def replayed_records(new: int, share: float) -> int:
    """How many earlier records stand beside `new` ones where they are this share of all, in (0, 1); at least one.

    Example:
        >>> replayed_records(300, 0.25)
        100
    """
    return max(1, round(new * share / (1 - share)))


def _called(task: EarlierTask | None) -> str:
    if task is None:
        return "train"
    return "earlier" if task.number is None else f"earlier, task {task.number}"


def _together(parts: Sequence[TokenizedRecords]) -> TokenizedRecords:
    return TokenizedRecords(
        inputs={name: [row for part in parts for row in part.inputs[name]] for name in parts[0].inputs},
        lengths=np.concatenate([part.lengths for part in parts]),
        labels=None,
    )
