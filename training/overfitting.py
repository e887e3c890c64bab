"""Over-fitting told in words: what a model says of records that it was taught, against what it says of others."""

from __future__ import annotations

from collections.abc import Sequence

from training.results import EpochResult

_BY_HEART = 0.98  # share right of what was taught, from which on it is known by heart
_Z = 1.96  # of a 95% interval


def told_of_fit(history: Sequence[EpochResult], best: int, *, taught: int, validation: int) -> str:
    """Say how far what was taught is known better than the rest, at the best and at the last epoch.

    By accuracy where the training part was asked too, by the loss otherwise; nothing where neither is known. A gap
    counts where it is larger than the 95% interval of a difference of two shares (Agresti and Caffo 2000).

    Args:
        history: Every epoch.
        best: The best of them, counted from 1.
        taught: How many records of the training part were asked.
        validation: How many records the validation part has.

    Example:
        >>> from dataclasses import replace
        >>> first = EpochResult(epoch=1, train_loss=0.9, validation_loss=0.8, macro_f1=0.8, accuracy=0.8)
        >>> epochs = [replace(first, taught_accuracy=0.82), replace(first, epoch=2, taught_accuracy=0.99)]
        >>> told_of_fit(epochs, 1, taught=300, validation=300)
        '0.820 right of what it was taught and 0.800 of the rest at the best epoch, 1 of 2; 0.990 and 0.800 at the \
last; learnt by heart from epoch 2 on'
    """
    chosen, last = history[best - 1], history[-1]
    if chosen.taught_accuracy is None or last.taught_accuracy is None:
        return _by_loss(history, chosen, last)
    said = f"{_pair(chosen)[0]} right of what it was taught and {_pair(chosen)[1]} of the rest"
    said += f" at the best epoch, {best} of {len(history)}"
    if best < len(history):
        said += f"; {' and '.join(_pair(last))} at the last"
    return f"{said}; {_verdict(history, chosen, taught, validation)}"


def _pair(epoch: EpochResult) -> tuple[str, str]:
    return f"{epoch.taught_accuracy:.3f}", f"{epoch.accuracy:.3f}"


def _verdict(history: Sequence[EpochResult], chosen: EpochResult, taught: int, validation: int) -> str:
    known = _known_by_heart_from(history)
    if known is not None and _gap(history[-1]) > _chance(history[-1], taught, validation):
        return f"learnt by heart from epoch {known} on"
    if _gap(chosen) > _chance(chosen, taught, validation):
        return f"over-fitted by {_gap(chosen):.3f}"
    return "no over-fitting beyond what chance makes"


def _known_by_heart_from(history: Sequence[EpochResult]) -> int | None:
    """Return the epoch from which on all of what was taught is told right, almost; None where the last does not."""
    since = None
    for epoch in reversed(history):
        if (epoch.taught_accuracy or 0.0) < _BY_HEART:
            break
        since = epoch.epoch
    return since


def _gap(epoch: EpochResult) -> float:
    return (epoch.taught_accuracy or 0.0) - (epoch.accuracy or 0.0)


def _chance(epoch: EpochResult, taught: int, validation: int) -> float:
    shares = ((epoch.taught_accuracy or 0.0, taught), (epoch.accuracy or 0.0, validation))
    spread = 0.0
    for share, n in shares:
        p = (share * n + 1) / (n + 2)
        spread += p * (1 - p) / (n + 2)
    return float(_Z * spread**0.5)


def _by_loss(history: Sequence[EpochResult], chosen: EpochResult, last: EpochResult) -> str:
    known, at_last = (each.train_loss if each.taught_loss is None else each.taught_loss for each in (chosen, last))
    if known is None or at_last is None:
        return ""
    said = f"loss {known:.3f} on what it was taught and {chosen.validation_loss:.3f} on the rest"
    said += f" at the best epoch, {chosen.epoch} of {len(history)}"
    if chosen is last:
        return said
    said += f"; {at_last:.3f} and {last.validation_loss:.3f} at the last"
    worse = last.validation_loss > chosen.validation_loss and at_last < known
    return said + (f"; over-fitted from epoch {chosen.epoch + 1} on" if worse else "")
