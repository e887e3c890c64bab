"""Reports built by hand: a full round, a round before anybody has read a record, and hostile texts."""

import math
import re
from typing import Any

SCRIPT = "</script><img src=x onerror=alert(1)>"
RIGHT_TO_LEFT = "أريد إلغاء بطاقتي المفقودة من فضلك"
OVERRIDE = "my card \u202egnissim si\u202c please"
EMOJI = "🙃🏳️‍🌈 card declined 👩🏽‍💻"
LONG_WORD = "W" * 2000
HOSTILE = [
    SCRIPT,
    '"><svg onload=alert(2)>',
    "{{ 7 * 7 }}{% raw %}",
    "<!-- --><style>*{display:none}</style>",
    "]]></title></desc></svg><script>alert(3)</script>",
    "javascript:alert(4)",
    "null \x00 bell \x07 lone \ud800 end",
    OVERRIDE,
    RIGHT_TO_LEFT,
    EMOJI,
    LONG_WORD,
    "first line\nsecond line\n\n\nlast line",
    "",
    "   ",
]
INTENTS = [
    "card_lost",
    "card_arrival",
    "top_up_failed",
    "exchange_rate",
    "cancel_transfer",
    "refund_not_showing",
]
TEXTS = [
    "I still have not received my new card, I ordered it over a week ago",
    "Why was my top-up declined when there is money in the account?",
    "What exchange rate do you use when I pay in euros?",
    "Please stop the transfer that I made this morning, it went to the wrong person. I noticed only after I "
    "had confirmed it in the app, and the support chat has been telling me to wait for the last three hours, "
    "which I do not want to do because the money may be gone by then",
    "The refund from the shop does not show up",
    "My card was stolen on holiday",
]


def interval(value: float, half: float = 0.06) -> dict[str, float]:
    return {"value": value, "low": max(value - half, -1.0), "high": min(value + half, 1.0)}


def listed(rows: list[dict[str, Any]], total: int, all_in: str) -> dict[str, Any]:
    return {"rows": rows, "total": total, "all_in": all_in}


def evaluation(labels: list[str], accuracy: float) -> dict[str, Any]:
    k = len(labels)
    confusion = [
        [18 if i == j else 2 if j == (i + 1) % k else int((i * j) % 7 == 3) for j in range(k)] for i in range(k)
    ]
    per_label = [
        {
            "label": label,
            "precision": interval(0.60 + 0.35 * (i % 9) / 9, 0.11),
            "recall": interval(0.55 + 0.40 * (i % 7) / 7, 0.12),
            "f1": interval(0.58 + 0.38 * (i % 8) / 8, 0.10),
            "support": sum(confusion[i]),
        }
        for i, label in enumerate(labels)
    ]
    return {
        "n": sum(map(sum, confusion)),
        "label_names": labels,
        "accuracy": interval(accuracy),
        "macro_precision": interval(accuracy - 0.01),
        "macro_recall": interval(accuracy - 0.03),
        "macro_f1": interval(accuracy - 0.02, 0.07),
        "log_loss": interval(0.61, 0.12),
        "expected_calibration_error": interval(0.052, 0.021),
        "per_label": per_label,
        "metrics": {"money_lost": {"value": 31.0, "low": 12.0, "high": 55.0}},
        "confusion": confusion,
        "confidence": 0.95,
        "resamples": 1000,
    }


def _review(labels: list[str], texts: list[str]) -> dict[str, Any]:
    people = ["amira", "bente", "chidi", "dunya"]
    return {
        "agreement": {
            "alpha": interval(0.743, 0.081),
            "fleiss_kappa": interval(0.741, 0.083),
            "observed": interval(0.858, 0.055),
            "records": 120,
            "reason": None,
            "per_label": [
                {
                    "label": label,
                    "alpha": None if i == 2 else interval(0.9 - 0.05 * (i % 12), 0.12),
                    "n": 40 - i % 20,
                }
                for i, label in enumerate(labels)
            ],
            "pairs": [
                {"first": one, "second": two, "kappa": interval(0.6 + 0.05 * i, 0.15), "n": 30 + i}
                for i, (one, two) in enumerate((a, b) for a in people for b in people if a < b)
            ],
        },
        "reviewers": [
            {
                "reviewer": person,
                "role": "adjudicator" if person == "dunya" else "annotator",
                "votes": 80 - 9 * i,
                "discarded": i,
                "with_others": None if person == "dunya" else interval(0.91 - 0.07 * i),
                "compared": 0 if person == "dunya" else 78 - 9 * i,
                "estimated_accuracy": None if person == "dunya" else interval(0.93 - 0.05 * i),
                "habit": [
                    "",
                    "chooses exchange_rate twice as often as the others",
                    "answers in under two seconds",
                    "",
                ][i],
            }
            for i, person in enumerate(people)
        ],
        "believed": [
            {"low": low, "high": low + 0.1, "answers": 30, "agreed": interval(low + 0.02), "foretold": low + 0.04}
            for low in (0.5, 0.6, 0.7, 0.8)
        ],
        "decisions": {"agreed": 103, "adjudicated": 15, "disputed": 2},
        "confusions": [
            {"first": labels[i % len(labels)], "second": labels[(i + 1) % len(labels)], "n": 9 - i} for i in range(8)
        ],
        "changed": [
            {
                "record_id": f"r{i}",
                "text": texts[i % len(texts)],
                "before": labels[i % len(labels)],
                "after": labels[(i + 2) % len(labels)],
                "method": "adjudicated by dunya" if i % 2 else "both reviewers agreed",
            }
            for i in range(30)
        ],
    }


def _doubted(i: int, settled: str | None, labels: list[str], texts: list[str]) -> dict[str, Any]:
    k, t = len(labels), len(texts)
    return {
        "record_id": f"{'s' if settled else 'w'}{i}",
        "text": texts[i % t],
        "label": labels[i % k],
        "settled": settled,
        "suggested": labels[(i + 1) % k],
        "suggested_prob": 0.97 - 0.011 * i,
        "p_wrong": 0.988 - 0.009 * i,
        "cleanlab_p_wrong": None if i == 1 else 0.9 - 0.01 * i,
        "reason": "8 of its 10 nearest records have the suggested label",
        "evidence": [
            {"record_id": f"n{i}-{j}", "text": texts[(i + j) % t], "label": labels[(i + 1) % k]} for j in range(i % 4)
        ],
    }


def _copies(i: int, labels: list[str], texts: list[str]) -> dict[str, Any]:
    members = range(2 + i % 6)
    return {
        "texts": [texts[(i + j) % len(texts)] for j in members],
        "ids": [f"d{i}-{j}" for j in members],
        "labels": [labels[(i + j) % len(labels)] if j else None for j in members],
        "similarity": 1.0 - 0.004 * i,
    }


MEASURED_ON = {"part": "test", "records": 126, "labels_of_round": 3, "settled_by_people": 40}


def _checks(labels: list[str], texts: list[str]) -> dict[str, Any]:
    k, t = len(labels), len(texts)
    return {
        "counts": {
            "label errors": 31,
            "near duplicates": 12,
            "outliers": 9,
            "cue words": 4,
            "empty texts": 0,
        },
        "worst_labels": listed(
            [_doubted(i, None, labels, texts) for i in range(50)], 52, "`twofold flags --check label`"
        ),
        "settled_labels": listed(
            [_doubted(i, "adjudicated", labels, texts) for i in range(7)], 7, "`twofold flags --check settled_label`"
        ),
        "duplicates": listed([_copies(i, labels, texts) for i in range(20)], 33, "rounds/003/groups.parquet"),
        "outliers": listed(
            [{"record_id": f"o{i}", "text": texts[i % t], "score": 0.04 + 0.01 * i} for i in range(20)],
            41,
            "`twofold flags --check outlier`",
        ),
        "diversity": {
            "vendi": 311.4,
            "records": 1180,
            "per_label": [{"label": label, "n": 60 - i % 50, "vendi": 12.3 + i} for i, label in enumerate(labels)],
        },
        "baseline": {"name": "cleanlab", "labels": 1180, "doubted": 47, "both": 33}
        | {"only_baseline": 14, "only_check": 26, "reason": None},
        "precision": "fp32",
        "cues": [
            {"label": labels[i % k], "word": word, "n": 30 - i, "lift": 9.4 - i}
            | {"p_value": 10.0 ** -(i + 3), "q_value": 10.0 ** -(i + 1)}
            for i, word in enumerate(["stolen", "euros", "declined", "refund"])
        ],
        "regions": [
            {
                "words": [texts[i % t].split()[0][:40], "card"] if texts[i % t].split() else [],
                "n": 90 - i,
                "share": 0.075 - 0.001 * i,
                "labelled": 0 if i < 2 else 60,
                "likely_wrong": i % 5,
                "is_thin": i < 2,
                "text": texts[i % t],
            }
            for i in range(12)
        ],
    }


def _bias(labels: list[str], texts: list[str]) -> dict[str, Any]:
    k, t = len(labels), len(texts)

    def differences(n: int, *, of_labels: bool) -> list[dict[str, Any]]:
        return [
            {
                "by": "source" if i % 2 else "mentions women",
                "group": texts[i % t][:30] if i % 2 else "yes",
                "label": labels[i % k] if of_labels else None,
                "records": 200 - i,
                "share": 0.4 - 0.01 * i,
                "share_elsewhere": 0.1,
                "difference": interval(0.3 - 0.01 * i),
                "q_value": 10.0 ** (i - 20),
            }
            for i in range(n)
        ]

    return {
        "grouped_by": ["source", "region"],
        "terms": 17,
        "compared": 412,
        "smallest": 21,
        "labels": listed(differences(14, of_labels=True), 14, "rounds/003/bias.json"),
        "style": listed(
            [
                {"label": labels[i % k], "cue": "question marks", "records": 90, "mean": 1.2, "mean_elsewhere": 0.4}
                | {"higher": interval(0.7), "q_value": 0.0004}
                for i in range(3)
            ],
            3,
            "rounds/003/bias.json",
        ),
        "doubts": listed(differences(3, of_labels=False), 3, "rounds/003/bias.json"),
        "stream": listed(
            [
                {"words": [texts[i % t][:40], "card"] if i else [], "records": i, "reference": 40 - i, "more": 30 - i}
                | {"ratio": interval(0.2) if i else None, "q_value": 0.01, "text": texts[i % t] if i else None}
                for i in range(12)
            ],
            12,
            "rounds/003/bias.json",
        ),
        "readers": listed(
            [
                {"by": "age", "group": texts[i % t][:30], "label": labels[i % k], "persons": 40 - i, "ratings": 900}
                | {"difference": interval(0.3 - 0.02 * i), "q_value": 0.001 * 3**i, "is_found": i < 3}
                | {"held_fixed": interval(0.2) if i else None, "held_fixed_q_value": 0.04 if i else None}
                | {"stays": i in (1, 4)}
                for i in range(6)
            ],
            6,
            "rounds/003/bias.json",
        )
        | {"compared": 11, "smallest": 12, "too_small": 2},
        "remedies": [
            {"by": "source", "before": 0.21, "after": 0.0, "effective": 1010.4, "records": 1180, "empty": 2}
            | {"collect": 310}
        ],
        "datalab": {"records": 1180, "order_p_value": 0.0004, "ordered": True, "worst_group": 31, "rarest": labels[0]},
        "not_checked": {},
    }


def _behaviour(labels: list[str]) -> list[dict[str, Any]]:
    case = {
        "text": [f"WHERE IS <b>{labels[0]}</b>"],
        "before": [f"where is <b>{labels[0]}</b>"],
        "expected": "the same answer",
        "said": f"{labels[0]} (0.61)",
        "said_before": f"{labels[-1]} (0.90)",
    }
    return [
        {
            "name": f"knows {labels[0]}",
            "kind": "minimum functionality",
            "cases": 3,
            "failures": 0,
            "rate": {"value": 0.0, "low": 0.0, "high": 0.561},
            "at_most": 0.0,
            "verdict": "met",
            "worst": [],
        },
        {
            "name": "capital letters",
            "kind": "invariance",
            "cases": 90,
            "failures": 7,
            "rate": {"value": 0.078, "low": 0.038, "high": 0.152},
            "at_most": 0.1,
            "verdict": "not shown",
            "worst": [case],
        },
    ]


def _robustness() -> dict[str, Any]:
    curve = [
        {
            "strength": strength,
            "accuracy": {"value": 0.86 - strength / 2, "low": 0.8 - strength / 2, "high": 0.92 - strength / 2},
            "accuracy_drop": {"value": strength / 2, "low": strength / 4, "high": strength},
            "macro_f1_drop": {"value": strength / 2, "low": strength / 4, "high": strength},
            "flips": {"value": strength, "low": strength / 2, "high": min(1.0, 2 * strength)},
        }
        for strength in (0.1, 0.4)
    ]
    harm = {"adjusted_p": 0.002, "harmful": True, "reason": "with typos, accuracy falls"}
    return {
        "accuracy": {"value": 0.86, "low": 0.8, "high": 0.92},
        "note": "200 texts drawn from 900; nothing to change for names",
        "harms": [
            {"perturbation": "full_width", "curve": curve, **harm},
            {"perturbation": "lower_case", "curve": curve[-1:], **harm, "adjusted_p": 1.0, "harmful": False},
        ],
    }


def _swaps(labels: list[str]) -> dict[str, Any]:
    half, none = {"value": 0.12, "low": 0.05, "high": 0.19}, {"value": None, "low": None, "high": None}
    tested = {
        "label": labels[0],
        "to_second": half,
        "to_first": {"value": -0.1, "low": -0.2, "high": -0.01},
        "skew": {"value": 0.11, "low": 0.06, "high": 0.17},
        "adjusted_p": 0.0008,
        "is_found": True,
        "smallest_seen": 0.07,
        "examples": [{"before": ["<b>He</b> lost it"], "after": ["<b>She</b> lost it"], "change": 0.31}],
    }
    untested = {
        **dict.fromkeys(("to_second", "to_first", "skew"), none),
        "label": None,
        "adjusted_p": 1.0,
        "is_found": False,
        "smallest_seen": None,
        "examples": [],
    }
    return {
        "pairs": [
            {"pair": "men / women", "second": "women", "records": 90, "of_first": 50, "of_second": 40}
            | {"changed": half, **tested},
            {"pair": "christian / muslim", "second": "muslim", "records": 21, "of_first": 20, "of_second": 1}
            | {"changed": half, **untested},
        ],
        "smallest": 20,
        "note": "900 texts; nothing is said of pairs that fewer than 20 of them name: young / old (3)",
    }


def _model(labels: list[str]) -> dict[str, Any]:
    return {
        "evaluation": evaluation(labels, 0.861),
        "measured_on": MEASURED_ON,
        "before": evaluation(labels, 0.783),
        "before_round": 2,
        "comparison": {
            "n": 200,
            "accuracy": {"value": 0.078, "low": 0.021, "high": 0.135},
            "macro_f1": {"value": 0.07, "low": 0.01, "high": 0.13},
            "wins": 24,
            "losses": 8,
            "mcnemar_p": 0.007,
            "confidence": 0.95,
            "verdict": "better: accuracy +7.8 points (95% interval +2.1 to +13.5); 24 put right, 8 broken",
        },
        "readers": {
            "records": 180,
            "model": {"value": 0.803, "low": 0.75, "high": 0.85},
            "readers": {"value": 0.862, "low": 0.81, "high": 0.91},
            "difference": {"value": -0.059, "low": -0.11, "high": -0.012},
        },
        "weak_slices": {
            "note": "1,324 slices were looked at",
            "found": [
                {
                    "name": f'texts with "{labels[0]}", label is {labels[-1]}',
                    "words": labels[:2],
                    "support": 40,
                    "errors": 18,
                    "accuracy": {"value": 0.55, "low": 0.31, "high": 0.77},
                    "overall": 0.861,
                    "foretold": 0.9,
                    "adjusted_p": 0.001,
                }
            ],
        },
        "amplification": {
            "compared": 120,
            "minimum": 20,
            "found": [
                {
                    "by": "mentions <b>women</b>",
                    "group": "yes",
                    "label": labels[0],
                    "taught": 140,
                    "predicted": 41,
                    "skew_taught": 0.11,
                    "skew_predicted": 0.34,
                    "change": {"value": 0.23, "low": 0.08, "high": 0.37},
                    "adjusted_p": 0.012,
                    "amplifies": True,
                }
            ],
        },
        "behaviour": _behaviour(labels),
        "robustness": _robustness(),
        "swaps": _swaps(labels),
        "training": {
            "method": "lora",
            "model": "all-MiniLM-L6-v2",
            "best_epoch": 6,
            "precision": "bf16",
            "history": [
                {
                    "epoch": epoch,
                    "train_loss": 3.9 * math.exp(-epoch / 3),
                    "validation_loss": 3.2 * math.exp(-epoch / 3) + 0.06 * epoch,
                    "macro_f1": None if epoch == 3 else 0.85 - 0.7 * math.exp(-epoch / 2),
                    "accuracy": 0.87 - 0.65 * math.exp(-epoch / 2),
                }
                for epoch in range(1, 9)
            ],
        },
        "parts": {"train": 800, "validation": 150, "test": 200, "excluded": 30},
        "labelled_parts": {"train": 790, "validation": 140, "test": 126, "excluded": 28},
        "augmentation": {"kept": 140, "rejected": {"meaning changed": 23, "copy of a test record": 4}},
    }


def _rounds() -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "sent": sent,
            "answered": sent,
            "agreed": max(sent - third - 2, 0),
            "adjudicated": third,
            "discarded": 2 if sent else 0,
            "disputed": 0,
            "changed": third + 4,
            "found_wrong": third if sent else None,
            "reviewed": sent - 2 if sent else None,
            "foretold_wrong": {"value": 22.0, "low": 9.0, "high": 40.0} if number > 1 else None,
            "foretold_of": 98 if number > 1 else None,
            "labelled": 400 + 250 * number,
            "accuracy": accuracy and interval(accuracy),
            "macro_f1": accuracy and interval(accuracy - 0.02, 0.07),
        }
        for number, sent, third, accuracy in [
            (0, 0, 0, 0.702),
            (1, 100, 21, None),
            (2, 100, 20, 0.783),
            (3, 120, 17, 0.861),
        ]
    ]


def full_report(labels: list[str] | None = None, texts: list[str] | None = None, points: int = 300) -> dict[str, Any]:
    """A third round in which everything has happened."""
    labels, texts = labels or INTENTS, texts or TEXTS
    k, t = len(labels), len(texts)
    return {
        "schema": 3,
        "project": {
            "name": "Banking intents",
            "kind": "single_label",
            "fields": ["text"],
            "labels": labels,
            "round": 3,
            "created": "2026-03-01T14:05:09+00:00",
            "version": "0.1.0",
            "seed": 7,
        },
        "intake": {
            "source": "questions.csv",
            "rows": 1234,
            "kept": 1180,
            "rejected": {"empty text": 30, "same text and label as an earlier row": 24},
            "repaired_texts": 17,
            "labelled": 1180,
        },
        "labels": [
            {"label": label, "given": 240 // (i + 1), "now": 220 // (i + 1) + i} for i, label in enumerate(labels)
        ],
        "rounds": _rounds(),
        "rounds_measured_on": MEASURED_ON,
        "review": _review(labels, texts),
        "gold": {
            "known": 75,
            "n": 60,
            "rows": [
                {"what": "given labels", "accuracy": interval(0.817), "n": 60},
                {"what": "consensus before adjudication", "accuracy": interval(0.883), "n": 60},
                {"what": "after adjudication", "accuracy": interval(0.95, 0.04), "n": 60},
            ],
        },
        "checks": _checks(labels, texts),
        "bias": _bias(labels, texts),
        "model": _model(labels),
        "errors": listed(
            [
                {
                    "record_id": f"e{i}",
                    "text": texts[i % t],
                    "label": labels[i % k],
                    "part": "test" if i % 2 else "validation",
                    "predicted": labels[(i + 3) % k],
                    "confidence": 0.99 - 0.01 * i,
                    "verdict": "the label looks wrong" if i % 3 == 0 else "the model is wrong",
                    "reason": "its neighbours carry the predicted label" if i % 3 == 0 else "rare wording",
                    "explained": labels[(i + 3) % k] if i < 10 else None,
                    "marked": _marked(texts[i % t]) if i < 10 else None,
                }
                for i in range(50)
            ],
            61,
            "`twofold export --what errors`",
        )
        | {"verdicts": {"the label looks wrong": 20, "the model is wrong": 41}},
        "map": {
            "total": max(points, 1180),
            "x": [math.cos(2.4 * i) * (1 + i % k) + 0.3 * math.sin(17 * i) for i in range(points)],
            "y": [math.sin(2.4 * i) * (1 + i % k) + 0.3 * math.cos(13 * i) for i in range(points)],
            "label": [i % k for i in range(points)],
            "flag": [i % 23 == 0 for i in range(points)],
        },
        "queue": {
            "total": 84,
            "kinds": {"label looks wrong": 40, "model unsure": 30, "disputed": 14},
            "batch_size": 60,
            "all_in": "`twofold export --what queue`",
            "rows": [
                {
                    "record_id": f"q{i}",
                    "text": texts[i % t],
                    "kind": "label looks wrong",
                    "reason": "the model and the neighbours agree on another label",
                    "priority": 0.98 - 0.01 * i,
                    "suggested": labels[i % k],
                }
                for i in range(30)
            ],
        },
        "next": [
            "Read the 84 records of the relabel queue: run `twofold push`, they come with a reason each.",
            "Add an example to the guidelines that tells card_lost from card_arrival: 9 mix-ups.",
            "Ask chidi about the answers given in under two seconds.",
        ],
    }


def _marked(text: str) -> list[dict[str, Any]]:
    levels = (0, 3, -1, 0, 2, -3, 1, -2)
    words = re.split(r"(\s+)", text)
    pieces = [[word, 0 if at % 2 else levels[at // 2 % 8]] for at, word in enumerate(words) if word]
    return [{"name": "text", "pieces": pieces}]


def empty_report() -> dict[str, Any]:
    """Round 0 of a project without labels: texts were read in, and nothing else has happened."""
    return {
        "schema": 3,
        "project": {
            "name": "Support mails",
            "kind": "single_label",
            "fields": ["text"],
            "labels": [],
            "round": 0,
            "created": "2026-03-01T14:05:09+00:00",
            "version": "0.1.0",
            "seed": 0,
        },
        "intake": {
            "source": "mails.jsonl",
            "rows": 500,
            "kept": 500,
            "rejected": {},
            "repaired_texts": 0,
            "labelled": 0,
        },
        "labels": [],
        "rounds": [],
        "rounds_measured_on": None,
        "review": None,
        "gold": None,
        "checks": None,
        "model": None,
        "errors": None,
        "map": None,
        "queue": None,
        "next": ["Send a first batch to two reviewers: twofold push."],
    }


def hostile_report() -> dict[str, Any]:
    """The full report with every string that comes from outside replaced by something that wants out."""
    report: dict[str, Any] = _poison(
        full_report(labels=[f"{text}{i}" for i, text in enumerate(HOSTILE)], texts=HOSTILE)
    )
    report["project"]["created"] = SCRIPT
    return report


_OURS = {"verdict"}  # words that the schema fixes


def _poison(part: Any, key: str = "") -> Any:
    if isinstance(part, dict):
        free_keys = key in {"rejected", "decisions", "counts", "kinds", "parts"}
        return {f"{SCRIPT}{name}" if free_keys else name: _poison(value, name) for name, value in part.items()}
    if isinstance(part, list):
        return [_poison(value, key) for value in part]
    if isinstance(part, str) and key not in _OURS and not any(text and text in part for text in HOSTILE):
        return f"{SCRIPT}{part}{OVERRIDE}"
    return part


def banking77_labels() -> list[str]:
    return [f"a_rather_long_intent_name_number_{i:02d}_of_the_bank" for i in range(77)]
