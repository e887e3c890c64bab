"""Which histories there are: hypothesis draws the steps, a world takes them, and all is checked after each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from benchmarks.history.checks import Watch
from benchmarks.history.script import Failure, new_world, said, step
from benchmarks.history.service import Service

FLAG = st.integers(0, 1)
SELDOM = st.sampled_from([0, 0, 0, 1])
WHO = st.integers(0, 4)
DATASET = st.sampled_from([0, 0, 0, 1, 2])
COUNT = st.integers(0, 4)
SHIFT = st.sampled_from([0, 0, 0, 1, 2])
LABEL = st.integers(0, 5)
COMMAND = st.integers(0, 3)
PENDING, SUBMIT = st.just(0), st.just(0)

STEPS: Mapping[str, tuple[int, tuple[st.SearchStrategy[int], ...]]] = {
    "answer": (22, (WHO, DATASET, PENDING, SUBMIT, COUNT, SHIFT)),
    "change": (8, (WHO, DATASET, st.integers(1, 3), st.sampled_from([0, 0, 1, 2]), COUNT, SHIFT)),
    "begin": (6, (WHO, DATASET, PENDING, st.integers(1, 2), COUNT, SHIFT)),
    "all_answer": (10, (st.sampled_from([0, 0, 1, 3]),)),
    "round": (14, (SELDOM,)),
    "pull": (4, ()),
    "review": (4, ()),
    "push": (4, (SELDOM,)),
    "look": (2, ()),
    "give_up_missing": (2, ()),
    "required": (3, (st.integers(2, 4),)),
    "batch_size": (2, (st.integers(2, 8),)),
    "suggestions": (1, (FLAG,)),
    "guidelines": (1, (st.integers(0, 9),)),
    "add_label": (2, ()),
    "spoil_labels": (3, (LABEL, COMMAND)),
    "rename_label": (2, (LABEL,)),
    "merge_labels": (2, (LABEL, LABEL)),
    "add": (5, (WHO, SELDOM)),
    "remove": (3, (WHO, SELDOM)),
    "delete_account": (3, (WHO,)),
    "backup": (2, ()),
    "restore": (2, (FLAG,)),
    "delete_dataset": (1, (st.integers(0, 3),)),
    "restart": (1, ()),
    "kill_server": (3, (st.sampled_from([0, 0, 1, 2, 3]), st.integers(0, 7))),
    "kill_command": (5, (COMMAND, st.integers(1, 40))),
}
"""How often each kind of step is drawn, and the numbers that it takes."""

HEAVY = ("restore", "restart")


def steps() -> st.SearchStrategy[tuple[str, tuple[int, ...]]]:
    """Draw one step."""
    kinds = [kind for kind, (weight, _) in STEPS.items() for _ in range(weight)]
    return st.sampled_from(kinds).flatmap(lambda kind: st.tuples(st.just(kind), st.tuples(*STEPS[kind][1])))


class Histories(RuleBasedStateMachine):
    """Random steps; set `service` and `folder` in a subclass.

    Attributes:
        goes_on: Whether to keep failures in `failures` and go on with the next history, rather than to raise.
        heavy: How many restores and restarts a history may have at most: each takes seconds.
    """

    service: ClassVar[Service]
    folder: ClassVar[Path]
    goes_on: ClassVar[bool] = False
    heavy: ClassVar[int] = 1
    kinds: ClassVar[Counter[str]] = Counter()
    refusals: ClassVar[Counter[str]] = Counter()
    failures: ClassVar[list[Failure]] = []
    histories: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.world = self.stack.enter_context(new_world(self.service, self.folder))
        self.watch = Watch(self.world)
        self.has_failed = False
        self.heavy_left = self.heavy

    def step(self, kind: str, *numbers: int) -> None:
        """Take a step and check."""
        if self.has_failed:
            return
        type(self).kinds[kind] += 1
        try:
            step(self.world, self.watch, kind, *numbers)
        except Exception as error:
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """Keep the failure, or raise it with its script."""
        self.has_failed = True
        found = Failure(message=said(error), script=list(self.world.steps), told=list(self.world.told))
        if not self.goes_on:
            raise AssertionError(str(found)) from error
        self.failures.append(found)

    def teardown(self) -> None:
        """Let people do what is asked of them until the project is further."""
        try:
            type(self).histories += 1
            if self.world.steps:
                self.step("finish")
            self.refusals.update(self.world.refusals)
        finally:
            self.stack.close()

    @initialize(records=st.integers(8, 16), given=FLAG, required=st.sampled_from([2, 2, 3]), batch=st.integers(3, 6))
    def start(self, records: int, given: int, required: int, batch: int) -> None:
        self.step("start", records, given, required, batch)
        for who, role in ((0, 0), (1, 0), (3, 1)):
            self.step("add", who, role)
        self.step("round", 0)

    @rule(drawn=steps())
    def step_of_a_kind(self, drawn: tuple[str, tuple[int, ...]]) -> None:
        kind, numbers = drawn
        if kind in HEAVY:
            if not self.heavy_left:
                return
            self.heavy_left -= 1
        self.step(kind, *numbers)
