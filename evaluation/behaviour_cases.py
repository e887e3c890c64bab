"""The texts of a behavioural test: written down, from a template, or a test part; and what a change makes of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import regex

from evaluation.asking import Record
from evaluation.behaviour_values import Entry
from evaluation.perturbations import PERTURBATIONS, perturb

Variants: TypeAlias = Callable[[str], list[str]]
"""What may become of a text."""

_SLOT = regex.compile(r"\{([\w-]+)\}")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A text before and after a change, and the case that it is of; both are the same where nothing is changed."""

    case: int
    before: Record
    after: Record


def pairs_of(
    entry: Entry,
    changes: Sequence[str],
    lexicon: Mapping[str, Sequence[str]],
    *,
    fields: Sequence[str],
    records: Sequence[Record],
    most: int,
    seed: int,
) -> Iterator[Pair]:
    """Yield the pairs of a test.

    Args:
        entry: The test.
        changes: Those of its keys that change texts.
        lexicon: The words for each slot of a template.
        fields: Names of the fields of a record.
        records: What `of: test` stands for.
        most: Cases at most; where there are more, that many are drawn.
        seed: Of the draws and the changes.

    Raises:
        ValueError: The test names no texts, or several sources of them; two changes; a slot without words.
    """
    if len(changes) > 1:
        raise entry.wrong(changes[1], f"one change of the texts, which {changes[0]} is", entry.get(changes[1]))
    found = _drawn(_records(entry, lexicon, fields=fields, records=records, most=most, seed=seed), most, seed)
    if not changes:
        yield from (Pair(case=case, before=one, after=one) for case, one in enumerate(found))
        return
    variants, places = _variants(entry, changes[0], seed), _places(entry, fields)
    for case, before in enumerate(found):
        for after in _changed(before, variants, places):
            if after != before:
                yield Pair(case=case, before=before, after=after)


def _drawn(records: Sequence[Record], most: int, seed: int) -> list[Record]:
    rows = np.sort(np.random.default_rng(seed).permutation(len(records))[:most])
    return [records[row] for row in rows]


def _records(entry: Entry, lexicon: Mapping[str, Sequence[str]], **given: Any) -> Sequence[Record]:
    sources = [key for key in ("texts", "template", "of") if key in entry]
    if len(sources) != 1:
        raise entry.wrong("texts", "one of texts, template and of", ", ".join(sources))
    if "of" in entry:
        return _of_test(entry, given["records"])
    listed = entry.get(sources[0])
    listed = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else [listed]
    written = [_record(entry, sources[0], one, given["fields"]) for one in listed]
    if "texts" in entry:
        return list(dict.fromkeys(written))
    filled = (_filled(entry, one, lexicon, given["most"], given["seed"]) for one in written)
    return list(dict.fromkeys(record for one in filled for record in one))


def _of_test(entry: Entry, records: Sequence[Record]) -> Sequence[Record]:
    if entry.get("of") != "test":
        raise entry.wrong("of", "test, the texts of the test part", entry.get("of"))
    if not any(key in entry for key in ("change", "replace", "append")):
        raise entry.wrong("of", "a change, replace or append beside it", "test")
    return list(dict.fromkeys(records))


def _record(entry: Entry, key: str, found: Any, fields: Sequence[str]) -> Record:
    """Return the texts of one record: a text where there is one field, otherwise one for each."""
    if isinstance(found, str) and found.strip() and len(fields) == 1:
        return (found,)
    if isinstance(found, Mapping) and set(found) == set(fields) and all(isinstance(one, str) for one in found.values()):
        return tuple(found[name] for name in fields)
    wanted = "a text or a list of texts" if len(fields) == 1 else f"texts with the keys {', '.join(fields)}"
    raise entry.wrong(key, wanted, found)


def _filled(
    entry: Entry, record: Record, lexicon: Mapping[str, Sequence[str]], most: int, seed: int
) -> Iterator[Record]:
    """Yield a template with every combination of words in its slots, or with as many as are drawn."""
    slots = list(dict.fromkeys(slot for text in record for slot in _SLOT.findall(text)))
    for slot in slots:
        if slot not in lexicon:
            known = ", ".join(lexicon) or "there is none"
            raise entry.wrong("template", f"slots of the lexicon ({known})", f"{{{slot}}}")
    of_all = math.prod(len(lexicon[slot]) for slot in slots)
    at = range(of_all) if of_all <= most else _some(of_all, most, seed)
    for number in at:
        words = {}
        for slot in slots:
            number, place = divmod(number, len(lexicon[slot]))
            words[slot] = lexicon[slot][place]
        yield tuple(_SLOT.sub(lambda match, words=words: words[match[1]], text) for text in record)


def _some(of_all: int, most: int, seed: int) -> list[int]:
    """Return `most` different whole numbers below `of_all`, which may be larger than any array."""
    drawn, rng = dict[int, None](), np.random.default_rng(seed)
    while len(drawn) < most:
        drawn[int(rng.random() * of_all)] = None
    return sorted(drawn)


def _places(entry: Entry, fields: Sequence[str]) -> list[int]:
    """Return the positions of the fields that are changed."""
    if "field" not in entry:
        return list(range(len(fields)))
    if entry.get("field") not in fields:
        raise entry.wrong("field", f"one of {', '.join(fields)}", entry.get("field"))
    return [list(fields).index(entry.text("field"))]


def _changed(record: Record, variants: Variants, places: Sequence[int]) -> list[Record]:
    """Return what becomes of a record: the first variant of each field, then the second, and so on."""
    of_fields = {place: variants(record[place]) for place in places}
    return [
        tuple(of_fields[place][number] if place in of_fields else text for place, text in enumerate(record))
        for number in range(len(of_fields[places[0]]))
    ]


def _variants(entry: Entry, key: str, seed: int) -> Variants:
    if key == "append":
        added = entry.texts("append")
        return lambda text: [f"{text}{'' if one[0].isspace() else ' '}{one}" for one in added]
    return _perturbed(entry, seed) if key == "change" else _replaced(entry)


def _perturbed(entry: Entry, seed: int) -> Variants:
    names = entry.texts("change")
    for name in names:
        if name not in PERTURBATIONS:
            raise entry.wrong("change", f"some of {', '.join(PERTURBATIONS)}", name)
    strengths = {name: entry.number("strength", PERTURBATIONS[name].usual) for name in names}
    return lambda text: [perturb(text, name, strength, seed=seed) for name, strength in strengths.items()]


def _replaced(entry: Entry) -> Variants:
    """Return texts with one of the words replaced, whole words alone, by each of those that stand for it."""
    found = entry.get("replace")
    if not isinstance(found, Mapping) or not found:
        raise entry.wrong("replace", "words and what each becomes", found)
    of = Entry(found, entry.where, entry.called)
    by = [(regex.compile(rf"(?<!\w){regex.escape(word)}(?!\w)"), to) for word in found for to in of.texts(word)]
    return lambda text: [word.sub(lambda _, to=to: to, text) for word, to in by]
