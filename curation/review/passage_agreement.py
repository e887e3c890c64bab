"""How far readers mark the same passages: F1 of every two of them, and alpha over the characters of the texts."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, combinations, pairwise
from typing import Any, TypeAlias

import numpy as np

from curation.review.coefficients import Cells, Nominal, cohens_kappas, record_rows
from curation.review.pairs import PairAgreement
from curation.review.passage_votes import PassageVotes
from curation.review.votes import Floats
from evaluation.intervals import Interval, percentile_interval, resampled_sums

NO_PAIR = "no record has two votes"
NO_LIST = "passages are no list of labels"
NOWHERE = "nobody marked such a passage where two read"
ALIKE = "every character is marked alike, so there is nothing to agree on beyond chance"
EXACT, OVERLAPPING = "exact F1", "overlapping F1"

Answer: TypeAlias = Sequence[Mapping[str, Any]]
_Z = 1.96


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Characters between two borders, none of them inside: how many, and what each reader marked there.

    Attributes:
        length: In characters, at least 1.
        marked: One text for each reader: the label, several joined by `+`, or nothing.
    """

    length: int
    marked: Sequence[str]


def stretches(answers: Sequence[Answer], length: int | None = None) -> Iterator[Stretch]:
    """Yield a record's stretches, from its first character to its last one.

    Args:
        answers: The passages of each reader.
        length: Of the text; what is not known of ends with the last passage.
    """
    end = max([span["end"] for spans in answers for span in spans] + [length or 0])
    borders = sorted({0, end, *(at for spans in answers for span in spans for at in (span["start"], span["end"]))})
    said = [_marked(spans, borders) for spans in answers]
    for n, (first, last) in enumerate(pairwise(borders)):
        yield Stretch(length=last - first, marked=[each.get(n, "") for each in said])


def _marked(spans: Answer, borders: Sequence[int]) -> dict[int, str]:
    """Return the labels that a reader gave to each stretch, by its place in order."""
    found: dict[int, set[str]] = defaultdict(set)
    for span in spans:
        for n in range(bisect_left(borders, span["start"]), bisect_left(borders, span["end"])):
            found[n].add(span["label"])
    return {n: "+".join(sorted(labels)) for n, labels in found.items()}


def shared_marks(answers: Sequence[Answer]) -> dict[str, tuple[int, int, int]]:
    """Return for every label, over all ordered pairs of readers: passages, those the other one marked, or overlapped.

    A passage is marked by the other reader where one of theirs has its borders and label, and overlapped where one of
    theirs has its label and a character of it.
    """
    places = [_by_label(spans) for spans in answers]
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one, mine in enumerate(places):
        for label, spans in mine.items():
            theirs = [each.get(label, []) for other, each in enumerate(places) if other != one]
            found[label][0] += len(spans) * len(theirs)
            found[label][1] += sum(len({*spans} & {*each}) for each in theirs)
            found[label][2] += sum(_overlapped(spans, each) for each in theirs)
    return {label: (sums[0], sums[1], sums[2]) for label, sums in found.items()}


def _by_label(spans: Answer) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for span in spans:
        found[span["label"]].append((span["start"], span["end"]))
    return {label: sorted(each) for label, each in found.items()}


def _overlapped(spans: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> int:
    """Count the places that one of the others overlaps; the others are in order."""
    starts, reach = [start for start, _ in others], [*accumulate((end for _, end in others), max)]
    before = [bisect_left(starts, end) for _, end in spans]  # the others that begin before it ends
    return sum(n > 0 and reach[n - 1] > start for n, (start, _) in zip(before, spans, strict=True))


def passage_agreement(
    votes: PassageVotes, *, lengths: Mapping[str, int] | None, seed: int, resamples: int
) -> dict[str, Any]:
    """Return what `Agreement` says of passages.

    `measures` are F1 of every two readers of a record, pooled, which is the same whoever of the two is taken for right
    (Hripcsak and Rothschild 2005, JAMIA 12, 296-298): exact, with borders and label, and overlapping, where the label
    is the same and one character is; of each label as well. `alpha` is Krippendorff's with every character for a unit,
    whose value is the label that a reader marked there, or none (Krippendorff 2011, Computing Krippendorff's
    Alpha-Reliability; on parts of passages as units: Artstein and Poesio 2008, Computational Linguistics 34, 555-596).
    `per_label` is that of "marked as this or not", `observed` the share of two answers to a record that are the same.
    Whole records are drawn anew for the intervals, and a kappa of two readers is that of characters.

    Args:
        votes: The votes.
        lengths: The length of every record's text, in characters. Without it a text ends with its last passage, and
            alpha is lower than it should be: that nobody marked what follows is agreement.
        seed: Of the bootstrap over records.
        resamples: Bootstrap draws.
    """
    records = _paired(votes)
    labels = votes.question.labels
    if not records:
        nothing = Interval(value=None, reason=NO_PAIR)
        names = [EXACT, OVERLAPPING, *(f"{name} of {label}" for label in labels for name in (EXACT, OVERLAPPING))]
        per_label = dict.fromkeys(labels, nothing)
        return {"alpha": nothing, "observed": nothing, "per_label": per_label, "pairs": [],
                "measures": dict.fromkeys(names, nothing)} | _beside(votes, 0)  # fmt: skip
    split = [list(stretches([a for _, a in said], (lengths or {}).get(i))) for i, said in records.items()]
    values = ["", *sorted({value for record in split for each in record for value in each.marked} - {""})]
    marks = [shared_marks([a for _, a in said]) for said in records.values()]
    rows = np.array(
        [[*_mark_row(each, labels), _same(said)] for each, said in zip(marks, records.values(), strict=True)]
    )
    areas = np.array([_area_row(record, values) for record in split])
    scored = partial(_scored, seed=seed, resamples=resamples)
    of, k = Nominal(k=len(values)), len(labels)
    measures = {
        f"{name} of {label}" if label else name: scored(rows, partial(_f1, at=at, n=n, k=k), NOWHERE)
        for label, at in (("", range(k)), *((label, [c]) for c, label in enumerate(labels)))
        for n, name in enumerate((EXACT, OVERLAPPING), start=1)
    }
    return {
        "alpha": scored(areas, of.alpha, ALIKE),
        "observed": scored(np.column_stack([rows[:, -1], np.ones(len(rows))]), lambda s: s[:, 0] / s[:, 1], NO_PAIR),
        "per_label": {label: scored(*_label_area(split, label), NOWHERE) for label in labels},
        "pairs": _pairs(records, split, values),
        "measures": measures,
    } | _beside(votes, len(records))


def _beside(votes: PassageVotes, paired: int) -> dict[str, Any]:
    undefined = Interval(value=None, reason=NO_LIST)
    coded = votes.coded
    counted = {"records": len(coded.records), "votes": len(coded.record), "reviewers": len(coded.reviewers)}
    return {"fleiss_kappa": undefined, "ac1": undefined, "scale": "nominal", "paired_records": paired, **counted}


def _paired(votes: PassageVotes) -> dict[str, list[tuple[str, Answer]]]:
    """Return the reader and answer of every vote on records that have two, by record."""
    found: dict[str, list[tuple[str, Answer]]] = defaultdict(list)
    coded = votes.coded
    for record, reviewer, label in zip(coded.record, coded.reviewer, coded.label, strict=True):
        found[coded.records[record]].append((coded.reviewers[reviewer], votes.answers[label]))
    return {i: said for i, said in found.items() if len(said) > 1}


def _mark_row(marks: Mapping[str, tuple[int, int, int]], labels: Sequence[str]) -> list[int]:
    """Return passages, exact and overlapped ones, each by label."""
    return [marks.get(label, (0, 0, 0))[n] for n in range(3) for label in labels]


def _f1(sums: Floats, *, at: Sequence[int], n: int, k: int) -> Floats:
    total, met = (sum(sums[:, j * k + c] for c in at) for j in (0, n))
    return _share(np.asarray(met, float), np.asarray(total, float))


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))


def _same(said: Sequence[tuple[str, Answer]]) -> float:
    pairs = [first == second for (_, first), (_, second) in combinations(said, 2)]
    return sum(pairs) / len(pairs)


def _area_row(record: Sequence[Stretch], values: Sequence[str]) -> Floats:
    """Return the sums of `record_rows` over the characters of a record."""
    counts = np.array([[each.marked.count(value) for value in values] for each in record]).reshape(-1, len(values))
    lengths = np.array([each.length for each in record], dtype=float)
    return np.asarray(lengths @ record_rows(counts)) if len(record) else np.zeros(3 * len(values) + 2)


def _label_area(split: Sequence[Sequence[Stretch]], label: str) -> tuple[Floats, Callable[[Floats], Floats]]:
    """Return rows of "is it marked as this", and alpha of their sums."""
    has = [
        [Stretch(length=s.length, marked=["yes" if label in m.split("+") else "" for m in s.marked]) for s in record]
        for record in split
    ]
    return np.array([_area_row(record, ["", "yes"]) for record in has]), Nominal(k=2).alpha


def _scored(
    rows: Floats, measure: Callable[[Floats], Floats], undefined: str, *, seed: int, resamples: int
) -> Interval:
    value = float(measure(rows.sum(axis=0)[None])[0])
    if len(rows) < 2 and not np.isnan(value):
        return Interval(value=value, reason="no interval: only one record has two votes")
    return percentile_interval(
        value, measure(resampled_sums(rows, seed=seed, resamples=resamples)), undefined=undefined
    )


def _pairs(
    records: Mapping[str, Sequence[tuple[str, Answer]]], split: Sequence[Sequence[Stretch]], values: Sequence[str]
) -> list[PairAgreement]:
    """Return for every two readers who share a record the share of answers that are the same, and kappa."""
    place = {value: n for n, value in enumerate(values)}
    cells: dict[tuple[str, str], list[tuple[int, int, int, int]]] = defaultdict(list)
    same: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for n, (said, record) in enumerate(zip(records.values(), split, strict=True)):
        for (a, (first, mine)), (b, (second, theirs)) in combinations(enumerate(said), 2):
            same[first, second].append(mine == theirs)
            cells[first, second] += [(n, place[s.marked[a]], place[s.marked[b]], s.length) for s in record]
    found = [
        PairAgreement(reviewers=pair, shared=len(each), observed=sum(each) / len(each), kappa=_kappa(cells[pair]))
        for pair, each in same.items()
    ]
    return sorted(found, key=lambda one: (-one.shared, one.reviewers))


def _kappa(cells: Sequence[tuple[int, int, int, int]]) -> Interval:
    """Return Cohen's kappa over characters, with the delta method's interval for records that are drawn whole."""
    undefined = Interval(
        value=None, reason="both marked every character alike throughout, so chance agreement is complete"
    )
    if not cells:
        return undefined
    record, first, second, length = np.array(cells).T
    found = cohens_kappas(Cells(pair=np.zeros(len(record), dtype=np.int64), first=first, second=second, times=length))
    value = float(found.value[0])
    if np.isnan(value):
        return undefined
    by_record = np.bincount(np.unique(record, return_inverse=True)[1], weights=length / length.sum() * found.influence)
    half = _Z * float(np.sqrt((by_record**2).sum()))
    return Interval(value=value, low=max(-1.0, value - half), high=min(1.0, value + half))
