"""The one module that imports nlpaug: small changes to a text, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from curation.augmentation.wordnet import synonyms
from evaluation.protected_words import PROTECTED, is_protected, pieces

Operation = Callable[[str, int], str]
_BETWEEN = "\x1f"  # joins words on their way through nlpaug; no text holds it


@cache
def operation(name: str) -> Operation:
    """Return the change of that name, a function of a text and a seed.

    It gives the same text back where it finds nothing to change.

    Raises:
        ValueError: There is no operation of that name.
        ImportError: The extra `augment` is not installed.
    """
    if name not in OPERATIONS:
        raise ValueError(f"operations: expected some of {', '.join(OPERATIONS)}, got {name!r}")
    try:
        augmenter = OPERATIONS[name]()
    except ImportError as error:
        raise ImportError(f'augmentation needs nlpaug ({error}): pip install "twofold[augment]"') from error

    def changed(text: str, seed: int) -> str:
        taken = pieces(text)
        if len(taken.words) < 2:
            return text
        with _seeded(seed):
            out = augmenter.augment(_BETWEEN.join(taken.words))
        kept = _kept_forms(taken.words)
        return taken.with_words([kept.get(word, word) for word in out[0].split(_BETWEEN)])

    return changed


def _kept_forms(words: Sequence[str]) -> dict[str, str]:
    """Return the words that must come back as they were, by the forms in which they may: nlpaug fits case to place.

    Those are protected words, and words of which the cases of Unicode make others, as those with a dotless i.
    """
    kept = [word for word in words if is_protected(word) or not _has_plain_case(word)]
    changed = {form: word for word in kept for form in (word.lower(), word.capitalize())}
    return {**changed, **{word: word for word in words}}


def _has_plain_case(word: str) -> bool:
    lower = word.lower()
    return len(lower) == len(word) and lower.capitalize().lower() == lower


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed both global generators that nlpaug draws from, and leave them as they were found."""
    ours, theirs = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(ours)
        np.random.set_state(theirs)


def _words_apart(**options: Any) -> dict[str, Any]:
    return {
        "tokenizer": lambda text: text.split(_BETWEEN),
        "reverse_tokenizer": _BETWEEN.join,
        "stopwords_regex": rf"{PROTECTED}\Z",
        **options,
    }


def _synonym() -> Any:
    from nlpaug.augmenter.word import SynonymAug

    class PackagedSynonymAug(SynonymAug):  # type: ignore[misc]
        @classmethod
        def get_model(cls, *_: Any) -> Any:  # nlpaug's own would go and download
            return synonyms()

    return PackagedSynonymAug(**_words_apart(aug_p=0.2, aug_max=3))


def _typo() -> Any:
    from nlpaug.augmenter.char import KeyboardAug

    options = {"include_special_char": False, "include_numeric": False, "include_upper_case": False}
    return KeyboardAug(**_words_apart(aug_char_p=0.1, aug_char_max=1, aug_word_p=0.15, aug_word_max=3, **options))


def _swap() -> Any:
    from nlpaug.augmenter.word import RandomWordAug

    return RandomWordAug(**_words_apart(action="swap", aug_p=0.1, aug_max=2))


def _delete() -> Any:
    from nlpaug.augmenter.word import RandomWordAug

    return RandomWordAug(**_words_apart(action="delete", aug_p=0.1, aug_max=2))


OPERATIONS: Mapping[str, Callable[[], Any]] = {
    "synonym": _synonym,
    "typo": _typo,
    "swap": _swap,
    "delete": _delete,
}
