"""Marked passages that are probably wrong, and those that are probably missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from curation.quality.folds import split, stratified_folds
from curation.quality.input_checks import BoolArray, FloatArray, IntArray, as_texts, same_length
from curation.quality.nearest import NearestNeighbours, check_neighbours, nearest_neighbours
from curation.quality.span_edits import Doubted, Rates, Speaker, doubts_of, fitted_rates
from curation.quality.tag_chain import Chain, Rows, fit_chain, passes
from curation.quality.telling import NEEDED, telling, untold
from curation.quality.text_vectors import Embeddings, vectors_for
from curation.quality.trusted_neighbours import trusted_neighbours
from curation.quality.word_tags import Marked, Words, as_tags, in_words, order_of_tags, read_words
from evaluation.columns import Column, column
from evaluation.passages import as_rows
from evaluation.settings import check_whole
from evaluation.shown import Shown

_FOLDS, _NEIGHBOURS = 5, 30
_TURNS = 3  # more bring no more
_DOUBTFUL = Rates(each=0.05, found={})  # by which a text is trusted while a chain learns from it
_LONGEST = 0.995  # share of passages that a missing one may be as long as
_ALIKE = 20  # texts of about the same length, which give each other their passages where these are shuffled


@dataclass(frozen=True, kw_only=True)
class PassageDoubt:
    """One passage, or one that may be missing.

    Attributes:
        start: Of its first character.
        end: After its last one.
        label: What is marked there; None where nothing is, and something may be missing.
        score: Probability that what is said of it is right, in [0, 1]; low = likely wrong.
        suggested: The passage that should stand in its place: `start`, `end` and `label`; None for none. What is
            given, where nothing is wrong with it.
        suggested_prob: Probability that this is right.
        is_issue: Whether what is suggested differs from what is given.
        reason: Why, in words; empty where nothing is wrong.
    """

    start: int
    end: int
    label: Any
    score: float
    suggested: Mapping[str, Any] | None
    suggested_prob: float
    is_issue: bool
    reason: str


@dataclass(frozen=True, kw_only=True, repr=False)
class SpanQuality(Shown):
    """How far the passages of each of n records can be believed.

    Attributes:
        score: (n,) that of a record's most doubtful passage or stretch without one, in [0, 1]; low = likely wrong.
            Passages of a text are odd together, so that the product of their scores would be too low.
        units: n lists: every passage that is given, in their order, then what may be missing, the likeliest first.
        unit_score: n arrays, the scores of the given passages, in their order.
        suggested: n lists of passages that should stand there: the given ones where nothing is wrong.
        is_issue: (n,) true where they differ from the given ones.
        reason: (n,) why, in words; empty where nothing is wrong.
        neighbours: (n, 5) the nearest records whose own passages are trusted, nearest first, -1 where there are
            fewer; shape (n, 0) without embeddings.
        rates: Share of passages to which each thing seems to have happened: "label", "borders", "added", "missing".
        note: what to know before the scores are believed, in words; empty where there is nothing to say.
        telling: by how many standard deviations the given passages are told better than those of other texts of their
            length; below 3 nothing is flagged.
    """

    score: FloatArray
    units: list[list[PassageDoubt]]
    suggested: list[list[dict[str, Any]]]
    is_issue: BoolArray
    reason: list[str]
    neighbours: IntArray
    rates: Mapping[str, float]
    note: str = ""
    telling: float | None = None

    @property
    def unit_score(self) -> list[FloatArray]:
        """The scores of the given passages of each record, in their order."""
        return [np.array([unit.score for unit in row if unit.label is not None]) for row in self.units]

    def _facts(self) -> Mapping[str, Any]:
        return {"records": len(self.score), "issues": int(self.is_issue.sum()), **self.rates}

    def _columns(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in ("score", "is_issue", "suggested", "reason")}


def span_quality(
    labels: Column,
    *,
    texts: Column | None = None,
    embeddings: Embeddings = None,
    pred_probs: None = None,
    label_names: Column | None = None,
    neighbours: NearestNeighbours | None = None,
    before: Iterable[Any] | None = None,
    seed: int = 0,
) -> SpanQuality:
    """Score marked passages, and find those that are missing, by what the rest of the texts say.

    A conditional random field on words, their shapes and their neighbours is fitted without the text that it judges
    (Lafferty, McCallum & Pereira 2001). What stands there is then compared with what could stand in its place,
    see `span_edits`; after that, texts in which something seems wrong teach less, and all is judged again. Where words
    tell passages no better than those of other texts, `note` says so, all scores are .5 and nothing is an issue. A
    passage without a word in it, and one under a longer one, is not judged: it scores .5.

    Args:
        labels: n lists of passages: `start`, `end` (after the last character) and `label`; or of such triples.
        texts: n texts, in which the passages are marked; they have to be there.
        embeddings: (n, d) of the texts, any scale: for the neighbours that are shown as evidence. They change no score,
            so that none are made where none are given.
        pred_probs: of no use here.
        label_names: all labels; by default those in use.
        neighbours: the nearest neighbours of each record, where they are at hand already.
        before: what each record had before people reviewed it, None where nobody has: what people reviewed teaches
            in full.
        seed: of the folds.

    Raises:
        ValueError: no texts; probabilities; a passage outside its text; no passage at all; another label; different
            lengths.

    Example:
        >>> places = ["Paris", "Rome", "Oslo", "Bonn", "Kyiv"]
        >>> texts = [f"we flew to {place} {when}" for place in places for when in ("today", "again", "at noon")] * 3
        >>> spans = [[{"start": 11, "end": text.index(" ", 11), "label": "city"}] for text in texts]
        >>> found = span_quality([[], *spans[1:]], texts=texts)
        >>> found.is_issue.nonzero()[0].tolist(), found.suggested[0], found.reason[0][:22]
        ([0], [{'start': 11, 'end': 16, 'label': 'city'}], "missing: 'Paris' as ci")
    """
    check_whole(seed, "seed")
    if texts is None:
        raise ValueError("span_quality: expected texts, in which the passages are marked, got none")
    if pred_probs is not None:
        raise ValueError("pred_probs: expected none for passages, which are judged by the words of their texts")
    given = as_rows(labels, "labels")
    if not given:
        raise ValueError("labels: expected at least one record, got none")
    strings = as_texts(texts, n=len(given))
    same_length(len(given), len(strings), "texts")
    names = _names(given, label_names)
    _check_places(given, strings, names)
    vectors = vectors_for(embeddings, texts=strings, n=len(given), alone=False).rows
    graph = neighbours
    if graph is not None:
        check_neighbours(graph, len(given))
    elif vectors is not None and len(given) > 1:
        graph = nearest_neighbours(vectors, k=_NEIGHBOURS)
    judged = judge(given, strings, names, seed, read=_read(before, len(given)))
    found = _verdict(given, strings, names, judged, graph)
    return replace(found, note=untold(judged.telling, "passages"), telling=judged.telling)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What is known of n records once a chain has judged them.

    Attributes:
        words: Of their texts.
        marked: Their passages in words, None for those that cannot be judged.
        doubted: What may have happened to each record.
        rates: How often such things happen; None where words tell nothing of passages.
        marginals: (words, m) out-of-fold probabilities of tags, before any text was doubted.
        telling: How much better given passages are told than shuffled ones, in standard deviations of those.
    """

    words: Words
    marked: list[list[Marked | None]]
    doubted: list[list[Doubted]]
    rates: Rates | None
    marginals: FloatArray
    telling: float

    def right(self) -> FloatArray:
        """Return (n,) the probability that what is most doubtful in a record is right."""
        if self.rates is None:
            return np.full(len(self.doubted), 0.5)
        kept = [[1 - sum(self.rates.probabilities(one).values()) for one in row] for row in self.doubted]
        return np.array([min(row, default=1.0) for row in kept])


def judge(
    given: Sequence[Any],
    texts: Sequence[str],
    names: Sequence[Any],
    seed: int,
    *,
    read: BoolArray | None = None,
    turns: int = _TURNS,
) -> Judged:
    """Judge every record by chains that have not seen it, then by some that believe others as far as they seem right.

    Args:
        given: n lists of passages.
        texts: n texts.
        names: The k labels.
        seed: Of the folds.
        read: (n,) whether people have reviewed a record, which then teaches in full.
        turns: How often all is judged again.
    """
    words = read_words(texts)
    marked = [in_words(row, words.places[words.of(i)], names) for i, row in enumerate(given)]
    tags = np.concatenate([as_tags(row, int(n)) for row, n in zip(marked, words.lengths, strict=True)])
    fold = stratified_folds(_rarest(given, names), folds=_FOLDS, seed=seed)
    chains = _chains(words, tags, fold, np.ones(len(given)), len(names), None)
    marginals = _marginals(words, chains, fold)
    doubted = _doubted(words, marked, chains, fold)
    told = _telling(marginals, tags, words, seed)
    rates = fitted_rates([one for row in doubted for one in row]) if told > NEEDED else None
    judged = Judged(words=words, marked=marked, doubted=doubted, rates=rates, marginals=marginals, telling=told)
    for _ in range(turns if rates is not None else 0):
        # A chain that has learnt wrong passages finds such passages likely. So it learns with little trust in them.
        trust = replace(judged, rates=_DOUBTFUL).right()
        trust = trust if read is None else np.where(read, 1.0, trust)
        chains = _chains(words, tags, fold, trust, len(names), chains)
        doubted = _doubted(words, marked, chains, fold)
        rates = fitted_rates([one for row in doubted for one in row])
        judged = replace(judged, doubted=doubted, rates=rates)
    return judged


def _read(before: Iterable[Any] | None, n: int) -> BoolArray | None:
    if before is None:
        return None
    came = before.to_pylist() if hasattr(before, "to_pylist") else list(before)
    same_length(n, len(came), "before")
    return np.array([row is not None for row in came], dtype=bool)


def _rarest(given: Sequence[Any], names: Sequence[Any]) -> IntArray:
    """Return (n,) the position of the rarest label of each record, k for none, by which folds are dealt out."""
    counts = Counter(passage["label"] for row in given for passage in row)
    place = {name: at for at, name in enumerate(names)}
    return np.array(
        [
            min((place[p["label"]] for p in row), key=lambda at: (counts[names[at]], at), default=len(names))
            for row in given
        ],
        dtype=np.intp,
    )


def _chains(
    words: Words, tags: IntArray, fold: IntArray, trust: FloatArray, k: int, start: Sequence[Chain] | None
) -> list[Chain]:
    can_follow, can_begin = order_of_tags(k)
    chains = []
    for number, (train, _) in enumerate(split(fold)):
        of_words = np.repeat(train, words.lengths)
        chains.append(
            fit_chain(
                words.features[of_words],
                tags[of_words],
                words.lengths[train],
                trust[train],
                can_follow=can_follow,
                can_begin=can_begin,
                start=None if start is None else start[number],
            )
        )
    return chains


def _marginals(words: Words, chains: Sequence[Chain], fold: IntArray) -> FloatArray:
    found = np.zeros((len(words.places), len(chains[0].begins)))
    for chain, (_, held_out) in zip(chains, split(fold), strict=True):
        of_words, lengths = np.repeat(held_out, words.lengths), words.lengths[held_out]
        if of_words.any():
            said = chain.emissions(words.features[of_words])
            trust = np.ones(len(said))
            found[of_words] = passes(said, chain.follows, chain.begins, Rows(lengths), trust).marginals
    return found


def _doubted(
    words: Words, marked: Sequence[Sequence[Marked | None]], chains: Sequence[Chain], fold: IntArray
) -> list[list[Doubted]]:
    lengths = [each.end - each.first for row in marked for each in row if each is not None]
    longest = int(np.ceil(np.quantile(lengths, _LONGEST))) if lengths else 1
    said = np.zeros((len(words.places), len(chains[0].begins)))
    for chain, (_, held_out) in zip(chains, split(fold), strict=True):
        of_words = np.repeat(held_out, words.lengths)
        said[of_words] = chain.emissions(words.features[of_words])
    found = []
    for i, row in enumerate(marked):
        chain = chains[fold[i]]
        there = sorted(each for each in row if each is not None)
        reach = max([longest, *(each.end - each.first + 4 for each in there)])
        speaker = Speaker(said[words.of(i)], chain.follows, chain.begins, reach)
        found.append(doubts_of(there, speaker))
    return found


def _telling(marginals: FloatArray, tags: IntArray, words: Words, seed: int) -> float:
    """Compare the likelihood of the tags with that of the tags of other texts, of about the same length."""
    logs, all_words = np.log(marginals + 1e-4), np.arange(len(tags))
    record = np.repeat(np.arange(len(words.lengths)), words.lengths)
    place, rank = all_words - words.starts[record], np.empty(len(words.lengths), dtype=np.intp)
    rank[np.argsort(words.lengths, kind="stable")] = np.arange(len(rank))

    def foretold(dealt: IntArray) -> float:
        other = dealt[record]
        there = place < words.lengths[other]
        said = np.where(there, tags[np.where(there, words.starts[other] + place, 0)], 0)
        return float(logs[all_words, said].sum())

    return telling(foretold, len(rank), seed=seed, groups=rank // _ALIKE)


def _names(given: Sequence[Any], label_names: Column | None) -> list[Any]:
    used = sorted({passage["label"] for row in given for passage in row}, key=str)
    if not used:
        raise ValueError(f"labels: expected at least one marked passage, got none in {len(given)} records")
    if label_names is None:
        return used
    names: list[Any] = column(label_names, "label_names").tolist()
    if len(set(names)) < len(names):
        raise ValueError(f"label_names: expected no two alike, got {names}")
    return names


def _check_places(given: Sequence[Any], texts: Sequence[str], names: Sequence[Any]) -> None:
    for i, (row, text) in enumerate(zip(given, texts, strict=True)):
        for passage in row:
            if passage["end"] > len(text):
                where = f"{passage['start']} to {passage['end']} at record {i}"
                raise ValueError(f"labels: expected passages within their text of {len(text)} characters, got {where}")
            if passage["label"] not in names:
                raise ValueError(f"labels: expected one of {names[:20]}, got {passage['label']!r} at record {i}")


def _verdict(
    given: Sequence[Any], texts: Sequence[str], names: Sequence[Any], judged: Judged, graph: NearestNeighbours | None
) -> SpanQuality:
    score = judged.right()
    near = trusted_neighbours(graph, score, len(score))
    elsewhere = Elsewhere(given, texts)
    units = [_units(row, texts[i], names, judged, i, elsewhere) for i, row in enumerate(given)]
    suggested = [_suggested(row, of_record) for row, of_record in zip(given, units, strict=True)]
    for i, row in enumerate(judged.marked):
        if None in row:  # there is something that nobody can judge
            score[i] = min(score[i], 0.5)
    return SpanQuality(
        score=score,
        units=units,
        suggested=suggested,
        is_issue=np.array([any(unit.is_issue for unit in row) for row in units], dtype=bool),
        reason=["; ".join(unit.reason for unit in row if unit.is_issue) for row in units],
        neighbours=near,
        rates={} if judged.rates is None else dict(judged.rates.found),
    )


class Elsewhere:
    """As what the same words are marked in other records."""

    def __init__(self, given: Sequence[Any], texts: Sequence[str]) -> None:
        self._marked: dict[str, Counter[Any]] = {}
        for row, text in zip(given, texts, strict=True):
            for words, label in {(text[p["start"] : p["end"]].lower(), p["label"]) for p in row}:
                self._marked.setdefault(words, Counter())[label] += 1

    def said(self, words: str, label: Any) -> str:
        """Return in how many records words are marked with a label; empty where in none."""
        n = self._marked.get(words.lower(), Counter())[label]
        return f"; {n} other {'record has' if n == 1 else 'records have'} {words!r} as {label}" if n else ""


def _units(
    row: Sequence[Any], text: str, names: Sequence[Any], judged: Judged, record: int, elsewhere: Elsewhere
) -> list[PassageDoubt]:
    places = judged.words.places[judged.words.of(record)]
    of_given = {one.given: one for one in judged.doubted[record] if one.given is not None}
    found = []
    for passage, marked in zip(row, judged.marked[record], strict=True):
        if marked is None or judged.rates is None:
            found.append(_unjudged(passage))
        else:
            found.append(_of_given(passage, of_given[marked], text, places, names, judged.rates, elsewhere))
    if judged.rates is not None:
        missing = [
            _of_missing(one, text, places, names, judged.rates, elsewhere)
            for one in judged.doubted[record]
            if one.given is None
        ]
        found += sorted(missing, key=lambda unit: (unit.score, unit.start))
    return found


def _unjudged(passage: Mapping[str, Any]) -> PassageDoubt:
    plain = {name: passage[name] for name in ("start", "end", "label")}
    return PassageDoubt(**plain, score=0.5, suggested=plain, suggested_prob=0.5, is_issue=False, reason="")


def _of_given(
    passage: Mapping[str, Any],
    doubted: Doubted,
    text: str,
    places: IntArray,
    names: Sequence[Any],
    rates: Rates,
    elsewhere: Elsewhere,
) -> PassageDoubt:
    plain = {name: passage[name] for name in ("start", "end", "label")}
    probs = rates.probabilities(doubted)
    score, happened = 1 - sum(probs.values()), max(probs, key=lambda name: probs[name])
    if score >= 0.5:
        return PassageDoubt(**plain, score=score, suggested=plain, suggested_prob=score, is_issue=False, reason="")
    instead = _in_characters(doubted.likeliest[happened], places, names)
    if happened == "label" and instead is not None:
        instead = {**plain, "label": instead["label"]}
    said = f"{text[plain['start'] : plain['end']]!r} as {plain['label']}"
    sure = f"({1 - score:.0%})"
    reason = {
        "label": f"other label: {said} should be {instead and instead['label']} {sure}",
        "borders": f"other borders: {said} should be {instead and text[instead['start'] : instead['end']]!r} {sure}",
        "added": f"added: {said} should go {sure}",
    }[happened]
    if instead is not None:
        reason += elsewhere.said(text[instead["start"] : instead["end"]], instead["label"])
    return PassageDoubt(
        **plain, score=score, suggested=instead, suggested_prob=probs[happened], is_issue=True, reason=reason
    )


def _of_missing(
    doubted: Doubted, text: str, places: IntArray, names: Sequence[Any], rates: Rates, elsewhere: Elsewhere
) -> PassageDoubt:
    p_wrong = rates.probabilities(doubted)["missing"]
    there = _in_characters(doubted.likeliest["missing"], places, names) or {}
    is_issue = p_wrong > 0.5
    words = text[there["start"] : there["end"]]
    reason = f"missing: {words!r} as {there['label']} ({p_wrong:.0%}){elsewhere.said(words, there['label'])}"
    return PassageDoubt(
        start=there["start"],
        end=there["end"],
        label=None,
        score=1 - p_wrong,
        suggested=there if is_issue else None,
        suggested_prob=p_wrong if is_issue else 1 - p_wrong,
        is_issue=is_issue,
        reason=reason if is_issue else "",
    )


def _in_characters(marked: Marked | None, places: IntArray, names: Sequence[Any]) -> dict[str, Any] | None:
    if marked is None:
        return None
    return {
        "start": int(places[marked.first, 0]),
        "end": int(places[marked.end - 1, 1]),
        "label": names[marked.label],
    }


def _suggested(row: Sequence[Any], units: Sequence[PassageDoubt]) -> list[dict[str, Any]]:
    """Return the passages of a record with the likeliest changes first; what would overlap another does not come."""
    plain = [{name: passage[name] for name in ("start", "end", "label")} for passage in row]
    found = [one for one, unit in zip(plain, units, strict=False) if not unit.is_issue]
    for unit in sorted((unit for unit in units if unit.is_issue), key=lambda unit: unit.score):
        new = unit.suggested
        if new is not None and all(new["end"] <= one["start"] or one["end"] <= new["start"] for one in found):
            found.append(dict(new))
    return sorted(found, key=lambda one: (one["start"], one["end"]))
