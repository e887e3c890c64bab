"""Wrong labels by group: where labels are probably wrong more often than elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from curation.bias.findings import Findings, GroupDifference, check_asked
from curation.bias.grouping import groups_of
from curation.bias.label_shares import differences
from evaluation.columns import Column, column, numbers


def noise_by_group(
    p_wrong: Column, *, by: Mapping[str, Column], minimum: int = 20, level: float = 0.05
) -> Findings[GroupDifference]:
    """Compare how many labels are probably wrong in every group with all other records.

    A label counts as probably wrong from a probability of one half on, as `label_quality(...).is_issue` has it. The
    share is of labels that the check doubts. It misses some wrong ones, so that the true difference is larger than the
    one that is seen; and a group of texts that are hard to tell apart is doubted more even if every label of it is
    right. Tested like `label_balance`.

    Args:
        p_wrong: n probabilities that a label is wrong, in [0, 1] (`1 - label_quality(...).score`), or n truth values
            (`.is_issue`).
        by: Columns of n values by name; each value is a group, of truth values only the true ones.
        minimum: Records that a group must have, and that must be outside it, for anything to be said of it.
        level: False discovery rate, in (0, 1).

    Raises:
        ValueError: A probability outside [0, 1] or missing, a column of another length, or a senseless setting.

    Example:
        >>> found = noise_by_group([0.9] * 9 + [0.1] * 91, by={"source": ["mail"] * 30 + ["chat"] * 70})
        >>> found.found[0].reason
        "source 'mail': 30.0% of 30 records are probably wrong, 0.0% of the 70 others; +30.0 points [+15.7, +47.9]"
    """
    check_asked(minimum, level)
    given = column(p_wrong, "p_wrong")
    doubt = given.astype(np.float64) if given.dtype.kind == "b" else numbers(given, "p_wrong")
    bad = np.flatnonzero(~((doubt >= 0) & (doubt <= 1)))
    if len(bad):
        raise ValueError(f"p_wrong: expected probabilities in [0, 1], got {doubt[bad[0]]} at record {bad[0]}")
    groups = groups_of(by, len(doubt), minimum)
    wrong = (doubt >= 0.5).astype(np.int64)
    return differences(groups, (groups.members.T @ wrong)[:, None], np.array([wrong.sum()]), [None], level)
