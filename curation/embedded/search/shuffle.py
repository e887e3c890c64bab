"""A different order of the records for every reader, the same each time they come back.

Reviewers who all read in one order would review the same few records together and leave the rest to nobody.
Records are dealt into buckets by their docid; a reader's order is a shuffle of the buckets, and of the records
in each. A page then costs a count by bucket, which gives the total as well, and a look into the few buckets that
it covers, however many records there are. New records slip in without moving the others past one another.
"""

import hashlib
import random

from sqlalchemy.ext.asyncio import AsyncConnection

from curation.embedded.search.criteria import Criteria
from curation.embedded.search.page import Hit, Page
from curation.embedded.search.tables import BUCKETS


async def shuffled_page(connection: AsyncConnection, criteria: Criteria, *, seed: str, offset: int, limit: int) -> Page:
    """One page of a reader's order.

    Args:
        connection: the database.
        criteria: which records.
        seed: names the reader and the dataset.
        offset: records to skip.
        limit: records to return at most.

    Returns:
        The page, and how many records there are in all.
    """
    counts = await criteria.bucket_counts(connection)
    buckets, skipped = _buckets_between(_bucket_order(seed), counts, offset, offset + limit)
    docids = (await connection.scalars(criteria.docids_in(buckets))).all() if buckets else []
    place = {bucket: position for position, bucket in enumerate(buckets)}
    ordered = sorted(docids, key=lambda docid: (place[docid % BUCKETS], _draw(seed, docid)))
    start = offset - skipped
    hits = [Hit(docid=docid, score=None) for docid in ordered[start : start + limit]]
    return Page(hits=hits, total=sum(counts.values()))


def _bucket_order(seed: str) -> list[int]:
    order = list(range(BUCKETS))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, not a secret
    return order


def _buckets_between(order: list[int], counts: dict[int, int], start: int, stop: int) -> tuple[list[int], int]:
    """The buckets that hold the records from ``start`` to ``stop``, and how many records lie before them."""
    seen, skipped = 0, 0
    chosen: list[int] = []
    for bucket in order:
        count = counts.get(bucket, 0)
        if seen + count <= start:
            skipped += count
        elif seen < stop and count:
            chosen.append(bucket)
        seen += count
    return chosen, skipped


def _draw(seed: str, docid: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{docid}".encode(), digest_size=8).digest()
