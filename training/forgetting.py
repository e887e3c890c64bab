"""What a model could do before it was fine-tuned, and what of that is left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluation.columns import Column, numbers, read_texts
from evaluation.forgetting import Forgetting, perplexity_change, similarity_change
from evaluation.predictions import check_length
from evaluation.settings import check_whole
from training.progress import Tick, as_tick
from training.vectors.embedding import embed


def forgotten(
    before: str | Path,
    after: str | Path,
    *,
    texts: Column | None = None,
    pairs: Sequence[Column] | None = None,
    scores: Column | None = None,
    max_length: int = 256,
    seed: int = 0,
    device: str = "auto",
    progress: bool | Tick = False,
) -> Forgetting:
    """Hold a fine-tuned model against what it was made of, on general texts or general pairs of texts.

    Of language models the perplexity of `texts` is compared, by token and so between models of one tokenizer only. Of
    encoders, classifiers among them, it is how well the cosines of `pairs` follow `scores` (Spearman), as in STS; of
    a classifier the body is asked, its token vectors averaged. Take texts that have nothing to do with what was learnt.

    Args:
        before: The model that was fine-tuned: a folder, a hub name, or for pairs `"packaged"`.
        after: What came of it.
        texts: n texts, at least ten.
        pairs: Two columns of n texts, at least ten of each.
        scores: (n,) how alike people found the two, on any scale.
        max_length: Tokens that a language model reads together.
        seed: Of the bootstrap over texts or pairs.
        device: A torch device, or `"auto"`.
        progress: `True` for progress bars, or a function of (done, in all).

    Raises:
        ValueError: Neither texts nor pairs with scores, or both; too few; models with different tokens.
        UnusableModel: A model cannot be loaded, or cannot do what is asked.

    Example:
        >>> first = [f"order {i} is late" for i in range(12)]
        >>> second = [f"parcel {i} has not come" if i % 2 else f"a song of {i} birds" for i in range(12)]
        >>> alike = [i % 2 for i in range(12)]
        >>> forgotten("packaged", "packaged", pairs=[first, second], scores=alike).verdict
        'not shown'
    """
    check_whole(max_length, "max_length", least=2)
    if texts is not None and pairs is None and scores is None:
        return _of_texts(str(before), str(after), read_texts(texts), max_length, seed, device, progress)
    if texts is not None or pairs is None or scores is None:
        raise ValueError("forgotten: expected either texts, or pairs with scores")
    sides = [read_texts(side) for side in pairs]
    if len(sides) != 2:
        raise ValueError(f"pairs: expected two columns of texts, got {len(sides)}")
    said = numbers(scores, "scores")
    check_length("pairs", sides[1], len(sides[0]))
    check_length("scores", said, len(sides[0]))

    def cosines(model: str | Path) -> npt.NDArray[np.float32]:
        one, other = (
            embed(side, model=str(model), precision="fp32", device=device, progress=progress) for side in sides
        )
        found: npt.NDArray[np.float32] = np.sum(one * other, axis=1)
        return found

    return similarity_change(cosines(before), cosines(after), said, seed=seed)


def _of_texts(
    before: str, after: str, texts: list[str], max_length: int, seed: int, device: str, progress: bool | Tick
) -> Forgetting:
    from training.likelihood import likelihoods  # takes torch

    tick = as_tick(progress, "general texts")
    one, other = (likelihoods(each, texts, max_length=max_length, device=device, tick=tick) for each in (before, after))
    if one.ids != other.ids:
        raise ValueError(f"{after}: expected the tokenizer of {before}, as perplexity is by token; got another one")
    told = one.tokens > 0
    return perplexity_change(one.nats[told], other.nats[told], one.tokens[told], seed=seed)
