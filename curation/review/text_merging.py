"""Several texts of one thing, made one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from curation.review.votes import Floats, Ints, Votes
from curation.review.word_choice import Chosen, fit_words
from curation.review.word_evidence import Corpus, Reading, evidence
from curation.review.word_network import Written, network, written
from evaluation.words import pieces


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What the texts of one record make.

    Attributes:
        text: The merged text.
        best: The one of them that is expected to be nearest to the right text.
        confidence: How likely the merged text is right, to the word, in [0, 1].
        word_error: The share of its words that are expected to be wrong.
        given: How likely each text that somebody wrote is right, to the word.
    """

    text: str
    best: str
    confidence: float
    word_error: float
    given: Mapping[str, float]


def merge(votes: Votes, texts: Mapping[str, Sequence[str]] | None = None) -> tuple[list[Merged], Floats]:
    """Return what the texts of every record make, and the share of wrong words of every reader, shape (R,).

    Args:
        votes: Coded votes; their labels are the texts.
        texts: By record id, what people were shown: its words are known words.
    """
    of: list[list[int]] = [[] for _ in votes.records]
    for v, record in enumerate(votes.record):
        of[record].append(v)
    split = [written(text) for text in votes.labels]
    said = [[split[c] for c in votes.label[at]] for at in of]
    readings = [_reading(votes.reviewer[at], forms) for at, forms in zip(of, said, strict=True)]
    own = [Corpus.of(reading.texts) for reading in readings]
    shown = [Corpus.of([written(text).words for text in texts[i]]) for i in votes.records] if texts else []
    known = Corpus.of_all([*own, *shown])
    places = [evidence(reading, known.elsewhere(each)) for reading, each in zip(readings, own, strict=True)]
    fit = fit_words(readings, places, len(votes.reviewers))
    merged = [
        _merged([votes.labels[c] for c in votes.label[at]], forms, reading, chosen, agreed, trust)
        for at, forms, reading, chosen, agreed, trust in zip(
            of, said, readings, fit.chosen, fit.agreed.tolist(), fit.trust, strict=True
        )
    ]
    return merged, fit.error


def _reading(readers: Ints, forms: Sequence[Written]) -> Reading:
    said = [form.words for form in forms]
    return Reading(readers=readers, texts=said, slots=network(said))


def _merged(
    texts: Sequence[str],
    forms: Sequence[Written],
    reading: Reading,
    chosen: Sequence[Chosen],
    agreed: float,
    trust: Floats,
) -> Merged:
    at = {each.place.at: each for each in chosen}
    picked = [_pick(at[i]) if i in at else slot[0] for i, slot in enumerate(reading.slots)]
    n_agreed = len(reading.slots) - len(chosen)
    sure = [max(each.likely) for each in chosen]
    words = np.array([[each.likely[each.place.said[j]] for each in chosen] for j in range(len(texts))])
    best = int(np.argmax(words.sum(axis=1) + 1e-6 * trust)) if chosen else int(np.argmax(trust))
    right = agreed**n_agreed * (words.prod(axis=1) if chosen else np.ones(len(texts)))
    text = _rebuilt(texts, forms, reading, picked, best, trust)
    wrong = n_agreed * (1 - agreed) + sum(1 - p for p in sure)
    return Merged(
        text=text,
        best=texts[best],
        confidence=float(agreed**n_agreed * np.prod(sure)),
        word_error=float(min(1.0, wrong / max(sum(len(word.split(" ")) for word in picked if word), 1))),
        given={text: float(p) for text, p in zip(texts, right, strict=True)},
    )


def _pick(chosen: Chosen) -> str:
    return chosen.place.options[int(np.argmax(chosen.likely))]


def _rebuilt(
    texts: Sequence[str],
    forms: Sequence[Written],
    reading: Reading,
    picked: Sequence[str],
    best: int,
    trust: Floats,
) -> str:
    """Return the picked words as people wrote them; a text that has all of them, and no other, as it is."""
    words = [word for each in picked for word in each.split(" ") if word]
    whole = Counter({texts[i]: 0.0 for i, text in enumerate(reading.texts) if list(text) == words})
    for i, text in enumerate(texts):
        if text in whole:
            whole[text] += float(trust[i])  # type: ignore[assignment]
    if whole:
        return max(sorted(whole), key=lambda text: (round(whole[text], 9), text == texts[best]))
    return _woven(forms, reading, picked, best, trust)


def _woven(forms: Sequence[Written], reading: Reading, picked: Sequence[str], best: int, trust: Floats) -> str:
    """Return words one after another, each in the form that is trusted most, with the white space before it there."""
    place = [0] * len(forms)
    usual = " " if any(blank for form in forms for blank in form.before) else ""
    found: list[str] = []
    for slot, pick in zip(reading.slots, picked, strict=True):
        n = [len(word.split(" ")) if word else 0 for word in slot]
        if pick:
            by = _form_of(forms, slot, place, pick, best, trust)
            for k in range(place[by], place[by] + n[by]):
                blank, form = forms[by].before[k] if k else usual, forms[by].forms[k]
                if found and not blank and len(pieces(found[-1] + form)) < 2:
                    blank = " "  # else the two would be one word
                found += [blank if found else "", form]
        place = [at + more for at, more in zip(place, n, strict=True)]
    return "".join(found)


def _form_of(
    forms: Sequence[Written], slot: Sequence[str], place: Sequence[int], pick: str, best: int, trust: Floats
) -> int:
    """Return whose form of a word to take: the one that most trust stands behind, of equals that of the best text."""
    by = [i for i, word in enumerate(slot) if word == pick]
    n = len(pick.split(" "))
    form = {i: tuple(forms[i].forms[place[i] : place[i] + n]) for i in by}
    behind: Counter[tuple[str, ...]] = Counter()
    for i in by:
        behind[form[i]] += float(trust[i])  # type: ignore[assignment]
    return max(by, key=lambda i: (round(behind[form[i]], 9), i == best, -i))
