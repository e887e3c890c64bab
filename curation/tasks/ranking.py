"""An order of all options, from the best to the worst; some may be level."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from curation.errors import suggest
from curation.tasks import limits
from curation.tasks.kind import Kind, Options, Question
from curation.tasks.names import Name, all_different, titled
from curation.tasks.orders import ABOVE, BELOW, BETWEEN, LEVEL, in_words, order_of, pairs, ranks, tiers

if TYPE_CHECKING:
    import pyarrow as pa

Ranked = Sequence[Mapping[str, Any]]
_SIGNS = {ABOVE: 1, BELOW: -1, LEVEL: 0}
_WORDS = {sign: word for word, sign in _SIGNS.items()}
_EXPECTED = f"expected all options in order, such as 'a {ABOVE} b {LEVEL} c'"


class Ranking(Question):
    """A question for an order of all options.

    Attributes:
        options: What is ranked, in the order in which annotators see it; no two alike, none with a `>`, `=` or `|`.
    """

    kind: str = "ranking"
    options: tuple[Name, ...] = Field(min_length=2)

    @field_validator("options")
    @classmethod
    def _fit(cls, options: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := limits.too_many_to_rank(len(options)):
            raise ValueError(wrong)
        if bad := next((name for name in options if re.search("[<>=|]", name)), None):
            raise ValueError(f"an option has no '>', '<', '=' or '|', which stand between options; came {bad!r}")
        return all_different("options", options)


def _value() -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.struct({"value": pa.string(), "rank": pa.int64()}))


def read(cell: Any) -> list[list[str]]:
    """Read an order: `a > b = c`, a list of names from the best, a list of lists, or objects with a value and a rank.

    Raises:
        ValueError: It is written otherwise, or names something twice.
    """
    if isinstance(cell, str) and not cell.startswith("["):
        found = [[name.strip() for name in tier.split(LEVEL)] for tier in cell.split(ABOVE)]
    else:
        found = _listed(cell)
    names = [name for tier in found for name in tier]
    if not all(names):
        raise ValueError(f"{_EXPECTED}, came {cell!r:.80}")
    all_different("the options of an answer", tuple(names))
    return [sorted(tier) for tier in found]


def _listed(cell: Any) -> list[list[str]]:
    try:
        listed = json.loads(cell) if isinstance(cell, str) else [*cell]
    except (ValueError, TypeError):
        listed = None
    if not isinstance(listed, list) or not listed:
        raise ValueError(f"{_EXPECTED}, came {cell!r:.80}")
    if all(isinstance(item, Mapping) for item in listed):
        if not all(_is_ranked(item) for item in listed):
            raise ValueError(f"expected a value and a whole rank from 1 for every option, came {cell!r:.80}")
        return tiers([{**item, "value": item["value"].strip()} for item in listed])
    found = [[item] if isinstance(item, str) else item for item in listed]
    if not all(isinstance(tier, list) and tier and all(isinstance(name, str) for name in tier) for tier in found):
        raise ValueError(f"{_EXPECTED}, came {cell!r:.80}")
    return [[name.strip() for name in tier] for tier in found]


def _is_ranked(item: Mapping[str, Any]) -> bool:
    rank = item.get("rank")
    whole = isinstance(rank, int) and not isinstance(rank, bool) and rank >= 1
    return whole and isinstance(item.get("value"), str)


def _parse(question: Ranking, cell: str) -> list[dict[str, Any]]:
    found = read(cell)
    names = {name for tier in found for name in tier}
    for name in sorted(names.difference(question.options)):
        raise ValueError(f"option {name!r} is not in the task{suggest(name, question.options)}")
    if missing := [name for name in question.options if name not in names]:
        expected = ", ".join(question.options)
        raise ValueError(f"expected all of {expected} in order, and {missing[0]!r} is not in {in_words(found)!r}")
    return ranks(found)


def _show(answer: Ranked) -> str:
    return in_words(tiers(answer))


def _marked(answer: Ranked, question: Ranking, fields: Mapping[str, str]) -> str:
    """Return an order as people see it: texts by their titles, other options by their names."""
    shown = titled if _rivals(question, list(fields)) else str
    return in_words([[shown(name) for name in tier] for tier in tiers(answer)])


def _argilla(fixed: Mapping[str, Any], options: Options) -> dict[str, Any]:
    return {"type": "ranking", "options": [{"value": name, "text": name} for name in fixed["options"]]}


def _decode(stored: Ranked, labels: Options) -> list[dict[str, Any]]:
    """Return an answer with no rank left out, however people spread theirs."""
    return ranks(tiers(stored))


def _units(answer: Ranked, question: Any) -> dict[str, str]:
    return {f"{a}{BETWEEN}{b}": _WORDS[sign] for (a, b), sign in pairs(tiers(answer)).items()}


def pairs_of(choices: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """Return what units and their choices say of every two options."""
    named = {unit: unit.split(BETWEEN) for unit in choices}
    return {(named[unit][0], named[unit][1]): _SIGNS[choice] for unit, choice in choices.items()}


def _fold(choices: Mapping[str, str]) -> list[dict[str, Any]]:
    return ranks(order_of(pairs_of(choices)))


def _placed(fields: Sequence[str]) -> dict[str, Any]:
    """Return several text fields as the options: it is they that are ranked, unless other options are named."""
    return {"options": list(fields)} if len(fields) > 1 else {}


def _strata(answers: Sequence[Ranked | None]) -> list[str | None]:
    """Return the best option of every answer, the first by the alphabet of several."""
    return [None if answer is None else tiers(answer)[0][0] for answer in answers]


def _feature(question: Ranking) -> Any:
    import datasets

    return datasets.List({"value": datasets.Value("string"), "rank": datasets.Value("int64")})


def _learnt(question: Ranking) -> Any:
    import datasets

    option = datasets.ClassLabel(names=list(question.options))
    return datasets.List({"value": option, "rank": datasets.Value("int64")})


def _rivals(question: Ranking, fields: Sequence[str]) -> tuple[str, ...]:
    """Return the options where they are text fields: it is the texts that are better or worse then, not their names."""
    return question.options if set(question.options) <= set(fields) else ()


KIND = Kind(
    name="ranking",
    column="ranking",
    settings=Ranking,
    value=_value,
    parse=_parse,
    show=_show,
    marked=_marked,
    argilla=_argilla,
    decode=_decode,
    units=_units,
    fold=_fold,
    choices=lambda question: (ABOVE, BELOW, LEVEL),
    consensus="pairs of options",
    agreement="ranking",
    guide="put all options in order, the best first; those that are equally good may share a place",
    strata=_strata,
    strata_names=lambda question: question.options,
    counted="the option that it puts first",
    recipe="listwise",
    target=list,
    learnt=_learnt,
    learnt_names=lambda question: question.options,
    of_target=lambda question, ranked: ranks(tiers(ranked)),
    rivals=_rivals,
    placed=_placed,
    feature=_feature,
)
