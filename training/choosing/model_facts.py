"""What is known of a model before it has learnt anything: its size, its licence, its languages, what it reads."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from evaluation.shown import Shown
from training.models import _hf
from training.models.model_files import UnusableModel, json_in, loading
from training.models.packaged import locate
from training.models.writers import gguf_in, writes
from training.vectors.legibility import printable, reading

NOT_STATED = "not stated"

_MOST_TEXTS = 2000  # that are tokenized to know how they are read
_UNREAD = 0.05  # share of words from which on a model is said not to read a language
_NO_COMMERCE = re.compile(r"(?i)(^|[-_ ])nc($|[-_ 0-9])|non-?commercial|research[- _]only|academic")


@dataclass(frozen=True, kw_only=True, repr=False)
class ModelFacts(Shown):
    """A model and how it reads some texts.

    Attributes:
        name: As it was asked for: `packaged`, a folder, or a hub name.
        folder: Where it lies.
        parameters: Its weights; None where the files do not tell.
        bytes: Of its weights on disk.
        licence: As its card states it, or `not stated`.
        languages: Likewise, two letters each mostly; empty where the card does not say.
        context: Tokens that it reads of a text at most; None where nothing tells.
        tokens: Of a text, on average.
        longest: Of the longest text.
        unread: Share of words, or where these are not known of tokens, that it does not know, in [0, 1].
        cut: Share of the texts that are longer than its context, in [0, 1].
        writes: Whether it is a language model.
        warnings: What whoever takes it should know, a sentence each.
    """

    name: str
    folder: Path
    parameters: int | None
    bytes: int
    licence: str
    languages: tuple[str, ...]
    context: int | None
    tokens: float
    longest: int
    unread: float
    cut: float
    writes: bool
    warnings: tuple[str, ...]

    @property
    def is_free_to_use(self) -> bool:
        """Whether its licence is stated, and does not forbid commercial use."""
        return self.licence != NOT_STATED and not _NO_COMMERCE.search(self.licence)

    @property
    def reads(self) -> bool:
        """Whether it knows nearly all words."""
        return self.unread <= _UNREAD


def model_facts(name: str, texts: Sequence[str], *, seed: int = 0) -> ModelFacts:
    """Look at a model, and let its tokenizer read texts; its weights are not loaded, and nothing is downloaded.

    Args:
        name: `"packaged"`, a folder, or the name of a hub model that was downloaded before.
        texts: At least one; of more than 2,000 as many are drawn by chance.
        seed: Same seed, same texts.

    Raises:
        UnusableModel: There is none, or it cannot be opened safely.
    """
    folder = local_folder(name)
    drawn = np.sort(np.random.default_rng(seed).permutation(len(texts))[:_MOST_TEXTS])
    some = [printable(texts[at]) for at in drawn]
    card, tokenizer = _card(folder), _tokenizer(folder)
    lengths = np.array([len(ids) for ids in tokenizer(some, truncation=False)["input_ids"]])
    context, (unread, words) = _context(folder, tokenizer), _unread(folder, tokenizer, some)
    cut = 0.0 if context is None else float((lengths > context).mean())
    found = ModelFacts(
        name=name,
        folder=folder,
        parameters=_parameters(folder),
        bytes=sum(path.stat().st_size for path in _weights(folder)),
        licence=_licence(card),
        languages=_languages(card),
        context=context,
        tokens=float(lengths.mean()),
        longest=int(lengths.max()),
        unread=unread,
        cut=cut,
        writes=bool(gguf_in(folder)) or writes(folder),
        warnings=(),
    )
    return ModelFacts(**{**vars(found), "warnings": tuple(_warnings(found, words))})


def local_folder(name: str) -> Path:
    """Return where a model lies on this machine.

    Raises:
        UnusableModel: It does not.
    """
    place = Path(locate(name))
    if not place.is_dir():
        found = cached_models().get(name)
        if found is None:
            raise UnusableModel(f"model {name!r}: expected a folder, or a hub model that was downloaded before")
        place = found
    if not (place / "config.json").is_file() and not gguf_in(place):
        raise UnusableModel(f"{place}: expected the folder of a model, with a config.json or a .gguf file")
    with loading(str(place)):
        return place


def cached_models() -> dict[str, Path]:
    """Return the models in the local cache of the hub, with their folders; nothing is asked of the network."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return {}
    newest = {
        repo.repo_id: max(repo.revisions, key=lambda each: each.last_modified).snapshot_path
        for repo in repos
        if repo.repo_type == "model" and repo.revisions
    }
    return {name: path for name, path in sorted(newest.items()) if (path / "config.json").is_file() or gguf_in(path)}


def _card(folder: Path) -> Mapping[str, Any]:
    """Return the front matter of a model's card; nothing where it has none that can be read."""
    from huggingface_hub import metadata_load

    try:
        return metadata_load(folder / "README.md") or {}
    except Exception:  # whatever stands in somebody's README
        return {}


def _licence(card: Mapping[str, Any]) -> str:
    found = card.get("license_name") if card.get("license") == "other" else card.get("license")
    return str(found)[:60] if isinstance(found, str) and found.strip() else NOT_STATED


def _languages(card: Mapping[str, Any]) -> tuple[str, ...]:
    found = card.get("language")
    return tuple(str(each)[:20] for each in (found if isinstance(found, list) else [found] if found else []))


def _weights(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.gguf"))


def _parameters(folder: Path) -> int | None:
    """Count the numbers in safetensors by their headers alone."""
    count = 0
    for path in folder.glob("*.safetensors"):
        with loading(str(folder)), safe_open(path, framework="np") as file:
            count += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return count or None


def _tokenizer(folder: Path) -> Any:
    packed = gguf_in(folder)
    return _hf.load_tokenizer(str(folder), **({"gguf_file": packed} if packed else {}))


def _context(folder: Path, tokenizer: Any) -> int | None:
    known = [tokenizer.model_max_length, json_in(folder / "config.json").get("max_position_embeddings")]
    given = [int(each) for each in known if isinstance(each, int) and 0 < each < 10_000_000]
    return min(given, default=None)


def _unread(folder: Path, tokenizer: Any, texts: Sequence[str]) -> tuple[float, Counter[str]]:
    """Return the share of words that a WordPiece model does not know, of tokens with others, and their scripts."""
    kind = json_in(folder / "tokenizer.json").get("model")
    if isinstance(kind, dict) and kind.get("type") == "WordPiece":
        found = reading(texts, model=str(folder))
        return float(found.share.mean()), Counter(_script(word) for text in found.unread for word in text.split())
    unknown, ids = tokenizer.unk_token_id, tokenizer(list(texts), truncation=False)["input_ids"]
    every = [token for each in ids for token in each]
    return (sum(token == unknown for token in every) / max(len(every), 1) if unknown is not None else 0.0), Counter()


def _script(word: str) -> str:
    name = unicodedata.name(next((c for c in word if c.isalpha()), word[0]), "unnamed")
    return name.split()[0].capitalize()


def _warnings(found: ModelFacts, scripts: Counter[str]) -> Iterator[str]:
    if _NO_COMMERCE.search(found.licence):
        yield f"its licence, {found.licence}, forbids commercial use"
    if found.licence == NOT_STATED:
        yield "its licence is not stated: ask whoever made it before it is used"
    if not found.reads:
        written = ", ".join(name for name, _ in scripts.most_common(3))
        yield f"it cannot read {found.unread:.0%} of the words" + (f" (written in {written})" if written else "")
    if found.cut > 0:
        yield f"{found.cut:.1%} of the texts are longer than the {found.context} tokens that it reads"


def describe_size(found: ModelFacts) -> str:
    """Return the number of weights as people say it: `22.7M`."""
    if found.parameters is None:
        return "?"
    return f"{found.parameters / 1e9:.2f}B" if found.parameters >= 1e9 else f"{found.parameters / 1e6:.1f}M"
