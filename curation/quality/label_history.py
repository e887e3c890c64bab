"""What labels were before people reviewed them: nothing shows better how labels come to be wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from curation.quality.input_checks import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class History:
    """Labels, and what reviewed ones were before.

    Attributes:
        codes: (n,) labels as they stand.
        before: (n,) what they were before people reviewed them, -1 where nobody has.
    """

    codes: IntArray
    before: IntArray

    @property
    def given(self) -> IntArray:
        """(n,) the labels as they were first given."""
        return np.where(self.before >= 0, self.before, self.codes)

    def trust(self, right: FloatArray) -> FloatArray:
        """Return (n,) how far each label may teach: as far as it is right, and wholly where it is reviewed."""
        return np.where(self.before >= 0, 1.0, right)

    def truth(self, probs: FloatArray) -> FloatArray:
        """Return (n, k) `probs`, where reviewed the label that people found."""
        return np.where(self.before[:, None] >= 0, np.eye(probs.shape[1])[self.codes], probs)
