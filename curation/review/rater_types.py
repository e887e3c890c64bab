"""The kinds of raters there are: a small dictionary of confusion matrices that covers everybody roughly."""

from __future__ import annotations

import numpy as np

from curation.review.votes import Floats, Ints

_LEVELS = (np.arange(9) + 0.5) / 9
_ABILITIES = np.array([-0.5, -0.2, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97])
_LABELS_WITH_HABITS = 8  # raters may favour one of the most used labels; more would cost much and tell little


def favourite_labels(guess: Floats, before: Ints | None = None) -> Ints:
    """Return the labels that raters may favour, those that are guessed most; those of `before` stay in place."""
    most = np.argsort(-guess.mean(axis=0), kind="stable")[:_LABELS_WITH_HABITS]
    if before is None:
        return most
    kept = before.copy()
    kept[~np.isin(before, most)] = np.setdiff1d(most, before)
    return kept


def rater_types(guess: Floats, favourites: Ints) -> Floats:
    """Return confusion matrices of the kinds of raters, shape (T, K true, K said), all entries above 0.

    Two labels: every combination of how often a rater is right on the one and on the other, in steps of 1/9.
    More labels: a rater knows the answer with some probability (below 0: knows and says another), and otherwise
    guesses, or says one favourite label, or either.

    Args:
        guess: Shape (K true, K said), what raters say who do not know; rows sum to 1.
        favourites: The labels that they may favour; in this order the types are.
    """
    if len(guess) == 2:
        return _two_label_types()
    return np.concatenate([_with_ability(_ABILITIES, habit) for habit in _habits(guess, favourites)])


def type_prior(types: Floats) -> Floats:
    """Return how common each type is taken to be before any vote, shape (T,): better raters are likelier.

    A rater who is right with probability x on the average label gets odds exp(8 x): of two labels, somebody
    always right is e^4 times as likely as a coin; everything else follows from the votes.
    """
    right = np.trace(types, axis1=1, axis2=2) / types.shape[1]
    weight = np.exp(8 * right)
    return np.asarray(weight / weight.sum())


def _two_label_types() -> Floats:
    first, second = (grid.ravel() for grid in np.meshgrid(_LEVELS, _LEVELS))
    rows = [np.stack([first, 1 - first], axis=1), np.stack([1 - second, second], axis=1)]
    return np.stack(rows, axis=1)


def _habits(guess: Floats, favourites: Ints) -> list[Floats]:
    k = len(guess)
    always = [np.tile(np.eye(k)[label], (k, 1)) for label in favourites]
    return [guess, *(0.5 * guess + 0.5 * habit for habit in always), *(0.05 * guess + 0.95 * h for h in always)]


def _with_ability(ability: Floats, habit: Floats) -> Floats:
    k = len(habit)
    a = ability[:, None, None]
    known = np.where(a >= 0, np.eye(k), (1 - np.eye(k)) / (k - 1))
    return np.asarray(np.abs(a) * known + (1 - np.abs(a)) * habit)
