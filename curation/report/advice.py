"""What to do next, most useful first, in sentences with their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curation.project.standing import Queued
from curation.report.wording import count

REGIONS = 3  # thin regions that are named; the table of regions has all


def advice(
    queue: Mapping[str, Any],
    forecast: Mapping[str, Any],
    regions: Sequence[Mapping[str, Any]],
    model: Mapping[str, Any],
    *,
    disputed: int,
) -> list[str]:
    """Say what to do next.

    Args:
        queue: Of the report: `total`, `kinds` and `batch_size`.
        forecast: Of the round: `next` and `last`.
        regions: Of the checks, each with `is_thin` and `reason`.
        model: Of the report, with `measured_on`; empty where there is none.
        disputed: Records of the round that wait for an adjudicator, those of the test part included.
    """
    if not queue["total"]:
        return ["Nothing is queued: every record was settled by people. Export with `twofold export`."]
    kinds = queue["kinds"]
    sentences = [*_wrong(kinds.get(Queued.LABEL_WRONG, 0), queue["batch_size"]), *_forecast(forecast)]
    if kinds.get(Queued.UNLABELLED):
        unlabelled = count(kinds[Queued.UNLABELLED], "record")
        sentences.append(f"{unlabelled} outside the test part without a label; `twofold push` sends the next batch.")
    sentences += _thin([region for region in regions if region["is_thin"]])
    if disputed:
        sentences.append(f"{count(disputed, 'record')} still disputed: an adjudicator has to settle them.")
    sentences += _unread(model["measured_on"]) if model else ["No model yet: it takes labelled records in every part."]
    return sentences


def _wrong(labels: int, batch_size: int) -> Iterator[str]:
    if labels:
        yield (
            f"{count(labels, 'label')} outside the test part {'looks' if labels == 1 else 'look'} wrong and wait for "
            f"people: `twofold push` sends the next batch, of {batch_size} records at most."
        )


def _forecast(said: Mapping[str, Any]) -> Iterator[str]:
    """Say what the next reviews should find, and how well that was said the last time."""
    coming, last = said["next"], said["last"]
    if coming["reviews"]:
        yield (
            f"`twofold push` sends the next batch. Of the {count(coming['reviews'], 'label')} to be checked in it "
            f"about {coming['wrong']:.0f} should prove wrong "
            f"(95% interval {coming['low']:.0f} to {coming['high']:.0f})."
        )
    if last and last["foretold"]:
        then = last["foretold"]
        yield (
            f"In this round's batch {last['wrong']} of the {count(last['reviews'], 'label')} that people settled "
            f"proved wrong. Foretold before the round: {then['low']:.0f} to {then['high']:.0f} of {then['reviews']}."
        )


def _thin(regions: list[Mapping[str, Any]]) -> Iterator[str]:
    for region in regions[:REGIONS]:
        yield f"{region['reason']}."
    if len(regions) > REGIONS:
        yield f"{REGIONS} of {len(regions)} thin regions are named here; the others stand under Regions."


def _unread(on: Mapping[str, Any]) -> Iterator[str]:
    unread = on["records"] - on["settled_by_people"]
    if unread:
        yield (
            f"The scores of the model are measured on {count(on['records'], 'test record')}; "
            f"people have not settled the labels of {unread} of them."
        )
