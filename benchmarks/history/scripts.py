"""A short history for each fault that was: it fails while the fault is put back, and holds today.

The numbers of "answer", "change" and "begin" are: who, which data set from the newest back, which tab (pending, draft,
discarded, submitted), as what (submitted, draft, discarded), how many records (0: all), how far from the usual label.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.history.script import Script

BEGIN: Script = [("start", 12, 0, 2, 4), ("add", 0, 0), ("add", 1, 0), ("add", 3, 1), ("round", 0)]
AGREED: Script = [*BEGIN, ("all_answer", 0)]
DISPUTED: Script = [*BEGIN, ("all_answer", 1), ("round", 0)]
SECOND: Script = [*AGREED, ("round", 0)]

SCRIPTS: Mapping[str, Script] = {
    "required is read from twofold.toml": [*AGREED, ("pull",), ("required", 3), ("review",)],
    "the newest snapshot replaces the older": [*AGREED, ("pull",), ("delete_account", 1), ("pull",)],
    "a batch that was sent is cut anew": [*BEGIN, ("batch_size", 2), ("push", 0)],
    "disputes are compared by count": [
        *DISPUTED,
        ("change", 1, 0, 3, 0, 2, 1),
        ("change", 1, 0, 3, 0, 1, 0),
        ("round", 0),
        ("finish",),
    ],
    "a ruling stands over agreement": [
        *DISPUTED,
        ("answer", 3, 0, 0, 0, 0, 2),
        ("change", 1, 0, 3, 0, 1, 0),
        ("round", 0),
    ],
    "only the newest round is pulled": [*SECOND, ("change", 1, 1, 3, 0, 1, 1), ("pull",)],
    "only the newest round is decided": [*SECOND, ("change", 1, 1, 3, 0, 1, 1), ("pull",), ("review",)],
    "a label and a discard are disputed at once": [
        *BEGIN,
        ("add", 2, 0),
        ("answer", 0, 0, 0, 0, 0, 0),
        ("begin", 1, 0, 0, 2, 1, 0),
        ("pull",),
        ("review",),
    ],
    "a reader may adjudicate": [*BEGIN, ("add", 0, 1)],
    "votes of the newest round are exported": [*SECOND, ("answer", 0, 0, 0, 0, 1, 0), ("pull",)],
    "round --now goes on with nothing": [*BEGIN, ("round", 1)],
    "an open data set keeps its old settings": [*BEGIN, ("guidelines", 3), ("push", 0)],
    "twofold.toml may contradict the votes": [*AGREED, ("pull",), ("review",), ("spoil_labels", 1, 3)],
    "round waits for everybody": [*BEGIN, ("answer", 0, 0, 0, 0, 0, 0), ("finish",)],
    "what a decision was is forgotten": [
        *AGREED,
        ("pull",),
        ("review",),
        ("change", 1, 0, 3, 0, 1, 1),
        ("pull",),
        ("review",),
    ],
    "a lost data set is not sent again": [*BEGIN, ("delete_dataset", 0), ("round", 0)],
    "settled disputes are not withdrawn": [
        *BEGIN,
        ("all_answer", 3),
        ("round", 0),
        ("change", 1, 0, 3, 0, 1, 0),
        ("round", 0),
    ],
    "drafts count as answers": [*BEGIN, ("begin", 0, 0, 0, 1, 0, 0), ("pull",)],
}

FOUND: Mapping[str, Script] = {
    "a lost data set is made again by a command that is killed": [
        ("start", 9, 1, 3, 6),
        ("add", 0, 0),
        ("add", 1, 0),
        ("round", 0),
        ("all_answer", 3),
        ("round", 0),
        ("delete_dataset", 0),
        *(("kill_command", 1, moment) for moment in range(16, 30, 2)),
        ("finish",),
    ],
    "complete records lose their answers with an account": [
        *AGREED,
        ("delete_account", 1),
        ("pull",),
        ("give_up_missing",),
        ("add", 1, 0),
        ("finish",),
    ],
}
"""What random histories found that nobody had thought of."""
