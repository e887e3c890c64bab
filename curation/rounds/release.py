"""Whether the model of a round meets what `twofold.toml` asks of it, point by point."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from curation.errors import TwofoldError, suggest
from curation.monitoring.history import looks
from curation.project.folder import Project, Round
from curation.project.labelled import current_values, fields_by_id, records_by_part, tested_values
from curation.project.reads import content_hash
from curation.project.records import by_id
from curation.project.standing import Part
from curation.sources.beside import metadata_of
from evaluation.intervals import Interval, quantile_interval, wilson_interval, with_width
from evaluation.requirements import Requirement, paired_difference, require

_TIMED = 30  # records that are asked one by one


@dataclass(frozen=True)
class _Tested:
    """What is known of the model of a round and its test part."""

    project: Project
    round: Round

    @cached_property
    def found(self) -> Mapping[str, Any]:
        """The evaluation."""
        return dict(self.round.json("evaluation.json"))

    @cached_property
    def tried(self) -> Mapping[str, Any]:
        """What came of behavioural tests and of changed texts."""
        return dict(self.round.json("behaviour.json"))

    @cached_property
    def answers(self) -> Mapping[str, str | None]:
        """What is right for each record of the test part, in words, by id."""
        return self.project.config.task.worded(tested_values(self.project, self.round))

    @cached_property
    def is_right(self) -> Mapping[str, bool]:
        """Whether the model is right there."""
        said = by_id(self.round.table("predictions.parquet"), "value")
        words = self.project.config.task.in_words
        return {i: words(said[i]) == answer for i, answer in self.answers.items()}

    @property
    def records(self) -> int:
        """How many records the test part has."""
        return len(self.answers)

    @cached_property
    def measures(self) -> Mapping[str, Interval]:
        """Every measure of the evaluation that has a value, by name."""
        test = self.found["test"]
        every = {**test, **test.get("metrics", {})}
        found = {name: _interval(each) for name, each in every.items() if _is_interval(each)}
        counted = {"accuracy": wilson_interval(sum(self.is_right.values()), self.records)} if self.records else {}
        return {**{name: with_width(each, records=self.records) for name, each in found.items()}, **counted}


def held_against_gate(project: Project, round_: Round) -> list[Requirement]:
    """Return what was asked of the model of a round and what was found, in the order of `twofold.toml`.

    Args:
        project: As it is seen from the question that a model learns.
        round_: It has been evaluated.

    Raises:
        TwofoldError: Nothing is asked, or what is asked is not known of this project.
    """
    tested = _Tested(project, round_)
    found = [
        *_measures(tested),
        *_groups(tested),
        *_over_commonest(tested),
        *_below_last(tested),
        *_below_readers(tested),
        *_weak_slices(tested),
        *_behaviour(tested),
        *_robustness(tested),
        *_swaps(tested),
        *_settled(tested),
        *_speed(tested),
        *_alarms(tested),
    ]
    if not found:
        raise TwofoldError(f"{project.folder / 'twofold.toml'}: key 'gate': nothing is asked of the model")
    return found


def _is_interval(found: Any) -> bool:
    return isinstance(found, Mapping) and found.keys() == {"value", "low", "high"}


def _interval(found: Mapping[str, float | None]) -> Interval:
    return Interval(value=found["value"], low=found["low"], high=found["high"])


def _exactly(value: float) -> Interval:
    return Interval(value=value, low=value, high=value)


def _measures(tested: _Tested) -> Iterator[Requirement]:
    for bound in ("at_least", "at_most"):
        for name, asked in getattr(tested.project.config.gate, bound).items():
            measure = _known(tested, f"gate.{bound}", name, tested.measures)
            yield require(name, measure, records=tested.records, **{bound: asked})


def _known(tested: _Tested, key: str, name: str, of: Mapping[str, Any]) -> Any:
    if name not in of:
        where = tested.project.folder / "twofold.toml"
        raise TwofoldError(f"{where}: key {key!r}: {name!r} is not known{suggest(name, sorted(of))}")
    return of[name]


def _groups(tested: _Tested) -> Iterator[Requirement]:
    asked = tested.project.config.gate.groups
    beside = metadata_of(tested.project, [*tested.answers]) if asked else {}
    smallest = tested.project.config.check.smallest_group
    for name, bound in asked.items():
        groups = _known(tested, "gate.groups", name, beside)
        sizes = Counter(group for group in groups if group is not None)
        right = Counter(group for group, is_right in zip(groups, tested.is_right.values(), strict=True) if is_right)
        large = sorted(group for group, size in sizes.items() if size >= smallest)
        for group in large:
            accuracy = wilson_interval(right[group], sizes[group])
            yield require(f"accuracy where {name} is {group}", accuracy, records=sizes[group], at_least=bound)
        if not large:
            nothing = Interval(value=None, reason=f"no group has {smallest} records of the test part")
            yield require(f"accuracy by {name}", nothing, records=tested.records, at_least=bound)


def _over_commonest(tested: _Tested) -> Iterator[Requirement]:
    bound, config = tested.project.config.gate.over_commonest, tested.project.config
    if bound is None or not tested.records or config.task.kind.is_written:
        return
    values = current_values(tested.project, tested.round)
    taught = Counter(
        config.task.in_words(values[i]) for i in sorted(records_by_part(tested.round)[Part.TRAIN]) if i in values
    )
    commonest = max(taught, key=lambda words: taught[words], default=None)
    pairs = [(is_right, tested.answers[i] == commonest) for i, is_right in tested.is_right.items()]
    yield _difference(f"accuracy over always saying {commonest!r}", pairs, at_least=bound)


def _difference(name: str, pairs: Sequence[tuple[bool, bool]], *, at_least: float) -> Requirement:
    gained, lost = (sum(pair == wanted for pair in pairs) for wanted in ((True, False), (False, True)))
    return require(name, paired_difference(gained, lost, len(pairs)), records=len(pairs), at_least=at_least)


def _below_last(tested: _Tested) -> Iterator[Requirement]:
    bound, compared = tested.project.config.gate.below_last, tested.found["comparison"]
    if bound is None or compared is None or not compared["n"]:
        return
    name = f"accuracy over the model of round {tested.found['before_round']}"
    difference = paired_difference(compared["wins"], compared["losses"], compared["n"])
    yield require(name, difference, records=compared["n"], at_least=-bound)


def _below_readers(tested: _Tested) -> Iterator[Requirement]:
    bound, readers = tested.project.config.gate.below_readers, tested.found.get("readers")
    if bound is None:
        return
    name = "agreement with a reader over that of another reader"
    difference = Interval(value=None, reason="no record of the test part has been read by two people")
    if readers is not None:
        difference = _interval(readers["difference"])
    yield require(name, difference, records=readers["records"] if readers else 0, at_least=-bound)


def _weak_slices(tested: _Tested) -> Iterator[Requirement]:
    bound, slices = tested.project.config.gate.weak_slices, tested.found.get("weak_slices")
    if bound is None:
        return
    many = Interval(value=None, reason="they are looked for where a record has one label")
    if slices is not None:
        many = _exactly(len(slices["found"]))
    yield require("weak slices", many, records=tested.records, at_most=bound)


def _behaviour(tested: _Tested) -> Iterator[Requirement]:
    if not tested.project.config.gate.behaviour:
        return
    results = tested.tried["behaviour"]
    if not results:
        why = tested.tried["note"] or "there is no behaviour.yaml in the project's folder"
        yield require("behaviour", Interval(value=None, reason=why), records=0, at_most=0)
    for one in results or ():
        share = _interval(one["rate"]) if one["at_most"] else _exactly(one["failures"] / max(one["cases"], 1))
        nothing = Interval(value=None, reason="it changes none of the texts")
        found = share if one["cases"] else nothing
        name = f"share of cases that fail {one['name']!r}"
        yield require(name, found, records=one["cases"], at_most=one["at_most"])


def _robustness(tested: _Tested) -> Iterator[Requirement]:
    bound, found = tested.project.config.gate.robustness_drop, tested.tried["robustness"]
    if bound is None:
        return
    if found is None:
        why = tested.tried["note"] or "it is measured where evaluation.robustness is true"
        yield require("accuracy lost by changed texts", Interval(value=None, reason=why), records=0, at_most=bound)
        return
    for one in found["harms"]:
        worst = one["curve"][-1]
        lost = paired_difference(worst["broken"], worst["mended"], found["n"])
        yield require(f"accuracy lost by {one['perturbation']}", lost, records=found["n"], at_most=bound)


def _swaps(tested: _Tested) -> Iterator[Requirement]:
    bound, found = tested.project.config.gate.swap_changes, tested.tried.get("swaps")
    if bound is None:
        return
    if not (found and found["pairs"]):
        why = tested.tried["note"] or "it is measured where evaluation.swaps is true"
        why = why if found is None else f"no pair of groups is named by {found['smallest']} records of the test part"
        yield require("answers that swaps change", Interval(value=None, reason=why), records=0, at_most=bound)
        return
    for one in found["pairs"]:
        name = f"answers that the swap {one['pair']} changes"
        yield require(name, _interval(one["changed"]), records=one["records"], at_most=bound)


def _settled(tested: _Tested) -> Iterator[Requirement]:
    bound, on = tested.project.config.gate.settled_by_people, tested.found["measured_on"]
    if bound is None or not on["records"]:
        return
    name, share = "share of the test part that people settled", on["settled_by_people"] / on["records"]
    yield require(name, _exactly(share), records=on["records"], at_least=bound)


def _speed(tested: _Tested) -> Iterator[Requirement]:
    bound, ids = tested.project.config.gate.milliseconds, list(tested.answers)[:_TIMED]
    if bound is None or not ids:
        return
    took = np.array([*_milliseconds(tested, ids)])
    median = quantile_interval(took, 0.5)
    yield require("milliseconds for one record", median, records=len(took), at_most=bound)


def _alarms(tested: _Tested) -> Iterator[Requirement]:
    bound = tested.project.config.gate.alarms
    if bound is None:
        return
    model = content_hash(tested.round.path("model"))
    last = next((look for look in reversed(looks(tested.project)) if look.model == model), None)
    found = Interval(value=None, reason="no log of this model has been looked at (run `twofold monitor`)")
    if last is not None:
        found = _exactly(sum(last.alarms.values()))
    yield require("alarms of its last log", found, records=last.compared if last else 0, at_most=bound)


def _milliseconds(tested: _Tested, ids: Sequence[str]) -> Iterator[float]:
    import datasets

    from training.prediction import predictor

    task, fields = tested.project.config.task, fields_by_id(tested.project)
    precision = tested.project.config.training.precision
    ask = predictor(tested.round.path("model"), text_columns=task.read_fields, precision=precision)
    for number, i in enumerate([ids[0], *ids]):  # the first warms up
        one = datasets.Dataset.from_dict({name: [fields[i][name]] for name in task.fields})
        began = time.perf_counter()
        ask(one, lambda done, total: None)
        if number:
            yield 1000 * (time.perf_counter() - began)
