"""One call of each public function, on plain lists, and what its arguments are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import pyarrow as pa

import twofold as tf

TEXTS = [
    f"{start} {end}" for end in ("today", "again", "at home") for start in ("my card is lost", "the parcel is late")
]
NAMES = ["card", "parcel"] * 3
POINTS = [[1.0, 0.125 * i] if i % 2 else [0.125 * i, 1.0] for i in range(6)]
CODES = [0, 1] * 3
PROBS = [[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.125, 0.875], [1.0, 0.0], [0.75, 0.25]]
GROUPS = ["a", "b", "a", "c", "b", "c"]
VOTES = [
    {"record_id": f"r{i}", "reviewer": who, "label": label, "submitted_at": f"2024-05-0{i + 1}", "status": "submitted"}
    for i, said in enumerate([("card", "card"), ("card", "parcel"), ("parcel", "parcel"), ("card", "parcel")])
    for who, label in zip(("ann", "ben"), said, strict=True)
]

COMPARISONS = [
    {"first": first, "second": second, "reviewer": who, "winner": winner}
    for first, second, who, winner in [
        ("tea", "milk", "ann", "tea"),
        ("milk", "rum", "ann", "rum"),
        ("rum", "tea", "ben", "equal"),
        ("tea", "milk", "ben", "first"),
    ]
]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call.

    Attributes:
        function: What to call.
        columns: Arguments that hold one value per record.
        matrices: Arguments that hold a row of numbers per record.
        votes: Arguments that hold votes.
        settings: All other arguments.
        of: The public name, where `function` is another one around it.
    """

    function: Callable[..., Any]
    columns: Mapping[str, Any]
    matrices: Mapping[str, Any]
    votes: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        return {**self.columns, **self.matrices, **self.votes, **self.settings}


def call(function, *, columns=(), matrices=(), votes=(), **settings):
    return Call(
        function=function,
        columns=dict(columns),
        matrices=dict(matrices),
        votes=dict(votes),
        settings=settings,
    )


def no_objection(texts, parents):
    return [None] * len(texts)


def bag_of_letters(texts):
    return np.array([[text.count(letter) + 1.0 for letter in "acelprt"] for text in texts])


def by_a_letter(texts):
    share = np.array([0.9 if "p" in text else 0.2 for text in texts])
    return np.stack([1 - share, share], axis=1)


def by_length(embeddings):
    share = embeddings[:, :1] / embeddings.sum(axis=1, keepdims=True)
    return np.hstack([share, 1 - share])


def _slices(city, **others):
    return tf.slices(**others, by={"city": city})


def _drift(words, label, texts, **others):
    known = {"words": [3, 4, 5] * 4, "label": NAMES * 2, "texts": POINTS * 2}
    return tf.drift(known, {"words": words, "label": label, "texts": texts}, **others)


def _weak_slices(city, **others):
    return tf.weak_slices(**others, by={"city": city}, smallest=1, permutations=20)


def _model(texts):
    return [[0.75, 0.25] if "card" in text else [0.25, 0.75] for text in texts]


def _ask_both_ways(**texts):
    return tf.ask_both_ways(lambda a, b: "first" if len(a) >= len(b) else "second", **texts)


def _robustness(**columns):
    return tf.robustness(**columns, ask=_model, perturbations=["typos", "lower_case"], resamples=20)


def _behaviour(**columns):
    test = {"name": "case", "of": "test", "change": "upper_case", "expect": "same"}
    return tf.behaviour([test], _model, **columns)


def _amplification(labels, predicted, city):
    return tf.amplification(labels, predicted, by={"city": city}, predicted_by={"city": GROUPS}, minimum=1)


def _swaps(**columns):
    return tf.counterfactual_swaps(**columns, ask=_model, minimum=1, resamples=20)


def _label_balance(city, **others):
    return tf.label_balance(**others, by={"city": city}, minimum=1)


def _noise_by_group(p_wrong, city):
    return tf.noise_by_group(p_wrong, by={"city": city}, minimum=1)


def _reader_groups(ratings, age, **others):
    return tf.reader_groups(ratings, **others, by={"age": age}, minimum=1, permutations=99)


def _stream(texts):
    return list(tf.streamed_copies([texts, ["one more text"]]))


def _gate(texts, labels):
    gate = tf.label_gate(texts, labels, embed=bag_of_letters, predict_proba=by_length)
    return gate(["my card is lost again", "nothing alike"], np.array([0, 1]))


MARKED = [[{"start": 0, "end": 2, "label": name}] for name in NAMES]
ORDERED = [NAMES[:2], NAMES[1::-1]] * 3
LABELLED = {"labels": CODES, "label_names": NAMES[:2]}

CALLS: dict[str, Call] = {
    "agreement": call(tf.agreement, votes={"votes": VOTES}, columns={"labels": ["card", "parcel"]}, resamples=20),
    "consensus": call(tf.consensus, votes={"votes": VOTES}, columns={"labels": ["card", "parcel"]}),
    "decide": call(tf.decide, votes={"votes": VOTES, "adjudications": [{**VOTES[2], "reviewer": "eva"}]}),
    "adjudication_queue": call(tf.adjudication_queue, votes={"votes": VOTES}),
    "ask_third": call(tf.ask_third, votes={"votes": VOTES}, agreed=tf.consensus(VOTES)),
    "rank_items": call(tf.rank_items, votes={"comparisons": COMPARISONS}),
    "label_quality": call(
        tf.label_quality,
        columns={"labels": NAMES, "texts": TEXTS, "label_names": NAMES[:2], "before": [-1, 0, -1, 1, 0, -1]},
        matrices={"embeddings": POINTS, "pred_probs": PROBS},
    ),
    "near_duplicates": call(
        tf.near_duplicates, columns={"texts": TEXTS, "priority": [1, 2, 3, 1, 2, 3]}, matrices={"embeddings": POINTS}
    ),
    "conflicting_copies": call(tf.conflicting_copies, columns={"groups": [0, 1, 0, 2, 1, 3], "labels": GROUPS}),
    "leaked": call(tf.leaked, columns={"groups": GROUPS, "held_out": [True, False] * 3}),
    "streamed_copies": call(_stream, columns={"texts": TEXTS}),
    "outliers": call(tf.outliers, matrices={"embeddings": POINTS, "reference": POINTS[::-1]}, k=2),
    "nearest_neighbours": call(tf.nearest_neighbours, matrices={"embeddings": POINTS, "reference": POINTS[::-1]}, k=2),
    "diversity": call(
        tf.diversity, columns={"labels": NAMES}, matrices={"embeddings": POINTS, "reference": POINTS[::-1]}, k=2
    ),
    "vendi_score": call(tf.vendi_score, matrices={"embeddings": POINTS}),
    "class_balance": call(tf.class_balance, columns={"labels": NAMES, "label_names": ["card", "other", "parcel"]}),
    "cue_words": call(
        tf.cue_words,
        columns={"texts": TEXTS, "labels": NAMES, "label_names": NAMES[:2]},
        minimum=1,
        q=1.0,
    ),
    "length_cues": call(tf.length_cues, columns={"texts": TEXTS, "labels": NAMES, "label_names": NAMES[:2]}, q=1.0),
    "regions": call(
        tf.regions,
        columns={"texts": TEXTS, "labelled": [True, False] * 3},
        matrices={"embeddings": POINTS},
        n_regions=2,
    ),
    "label_balance": call(_label_balance, columns={"labels": NAMES, "city": GROUPS, "label_names": NAMES[:2]}),
    "noise_by_group": call(_noise_by_group, columns={"p_wrong": [0.5, 0.25, 1.0, 0.0, 0.75, 0.5], "city": GROUPS}),
    "surface_cues": call(
        tf.surface_cues, columns={"texts": TEXTS, "labels": NAMES, "label_names": NAMES[:2]}, minimum=1
    ),
    "reader_groups": call(
        _reader_groups,
        columns={"ratings": [1, 2, 3, 4, 5, 1], "items": [*"aabbcc"], "readers": GROUPS, "age": [*"xyxyyy"]},
    ),
    "identity_mentions": call(tf.identity_mentions, columns={"texts": TEXTS}),
    "region_names": call(tf.region_names, columns={"texts": TEXTS}, matrices={"embeddings": POINTS}, n_regions=2),
    "representativeness": call(
        tf.representativeness,
        columns={"texts": TEXTS, "reference_texts": TEXTS},
        matrices={"embeddings": POINTS, "reference": POINTS[::-1]},
        n_regions=2,
        minimum=1,
    ),
    "reweighting": call(tf.reweighting, columns={"labels": NAMES, "groups": GROUPS, "label_names": NAMES[:2]}),
    "balance_target": call(tf.balance_target, columns={"labels": NAMES, "groups": GROUPS, "label_names": NAMES[:2]}),
    "next_records": call(
        tf.next_records,
        columns={"codes": [0, 1, -1, -1, 0, 1], "candidates": [True, False] * 3, "right": [0.5, 0.75] * 3},
        matrices={"embeddings": POINTS, "pred_probs": PROBS},
        n_classes=2,
        size=2,
    ),
    "k_center": call(tf.k_center, matrices={"embeddings": POINTS}, columns={"known": [0, 3]}, size=2),
    "representatives": call(tf.representatives, matrices={"vectors": POINTS}, size=2),
    "forecast": call(
        tf.forecast,
        columns={"doubt": [0.5, 0.25], "past_doubt": [0.125, 0.75, 0.5], "past_wrong": [False, True, True]},
    ),
    "augment": call(
        tf.augment,
        columns={"texts": TEXTS, "labels": NAMES, "held_out": ["a held-out text"]},
        gate=no_objection,
        operations=["swap"],
    ),
    "augmentation_gain": call(
        tf.augmentation_gain,
        columns={"labels": CODES * 4, "parents": [0, 5, 3]},
        matrices={"features": POINTS * 4, "variants": POINTS[:3]},
    ),
    "label_gate": call(_gate, columns={"texts": TEXTS, "labels": CODES}),
    "split": call(
        tf.split,
        columns={"record_ids": [*"fedcba"], "labels": NAMES, "groups": GROUPS, "frozen_test": ["a", "d"]},
    ),
    "out_of_fold": call(
        tf.out_of_fold,
        columns={"labels": CODES, "groups": [*"abcdef"]},
        matrices={"features": POINTS},
        n_classes=2,
        folds=2,
    ),
    "evaluate_spans": call(
        tf.evaluate_spans,
        columns={"label_names": NAMES[:2], "confidences": [0.5, 0.25, 1.0, 0.75, 0.5, 0.5], "groups": GROUPS},
        labels=MARKED,
        predicted=MARKED[::-1],
        resamples=20,
    ),
    "compare_spans": call(
        tf.compare_spans,
        columns={"label_names": NAMES[:2], "groups": GROUPS},
        labels=MARKED,
        before=MARKED[::-1],
        after=MARKED,
        resamples=20,
    ),
    "evaluate_orders": call(
        tf.evaluate_orders,
        columns={"label_names": NAMES[:2], "confidences": [0.5, 0.25, 1.0, 0.75, 0.5, 0.5], "groups": GROUPS},
        labels=ORDERED,
        predicted=ORDERED[::-1],
        taught=ORDERED[:3],
        resamples=20,
    ),
    "compare_orders": call(
        tf.compare_orders,
        columns={"label_names": NAMES[:2], "groups": GROUPS},
        labels=ORDERED,
        before=ORDERED[::-1],
        after=ORDERED,
        resamples=20,
    ),
    "evaluate": call(tf.evaluate, columns={**LABELLED, "groups": GROUPS}, matrices={"pred_probs": PROBS}, resamples=20),
    "evaluate_numbers": call(
        tf.evaluate_numbers,
        columns={"right": [0.5, 1.0, 2.5, 4.0, 3.25, 8.0], "said": [1.0, 0.5, 2.0, 4.5, 3.0, 7.5], "groups": GROUPS},
        resamples=20,
    ),
    "evaluate_texts": call(
        tf.evaluate_texts, columns={"right": TEXTS, "said": TEXTS[::-1], "groups": GROUPS}, resamples=20
    ),
    "beside_readers": call(
        tf.beside_readers, columns={"predicted": TEXTS}, answers=[list(pair) for pair in zip(TEXTS, TEXTS, strict=True)]
    ),
    "measure_judge": call(
        tf.measure_judge,
        columns={
            "answers": ["first", "second", "equal", "first", "first", "second"],
            "swapped": ["second", "first", "equal", "first", "second", "first"],
            "prompts": GROUPS,
        },
        matrices={"lengths": [[10.0, 20.0], [30.0, 10.0], [10.0, 10.0], [5.0, 8.0], [9.0, 3.0], [7.0, 2.0]]},
        readers=[["first", "second"], ["second", "second"], ["equal", "first"]] * 2,
        resamples=20,
    ),
    "ask_both_ways": call(_ask_both_ways, columns={"firsts": TEXTS, "seconds": TEXTS[::-1]}),
    "compare_rated_systems": call(
        tf.compare_rated_systems,
        columns={
            "systems": ["a", "b", "a", "b", "a", "b"],
            "ratings": [1, 2, 2, 4, 3, 3],
            "readers": NAMES,
            "prompts": GROUPS,
        },
    ),
    "compare_systems": call(
        tf.compare_systems,
        columns={
            "first": ["a", "b", "a", "b", "a", "b"],
            "second": ["b", "a", "b", "a", "b", "a"],
            "winner": ["first", "second", "equal", "first", "first", "second"],
            "readers": NAMES,
            "prompts": GROUPS,
        },
        matrices={"lengths": [[10.0, 20.0], [30.0, 10.0], [10.0, 10.0], [5.0, 8.0], [9.0, 3.0], [7.0, 2.0]]},
    ),
    "compare": call(
        tf.compare,
        columns={**LABELLED, "groups": GROUPS},
        matrices={"before_probs": PROBS, "after_probs": PROBS[::-1]},
        resamples=20,
    ),
    "error_table": call(
        tf.error_table, columns={**LABELLED, "ids": [f"m{i}" for i in range(6)]}, matrices={"pred_probs": PROBS}
    ),
    "drift": call(
        _drift, columns={"words": [3, 4, 5] * 4, "label": NAMES * 2}, matrices={"texts": POINTS * 2}, draws=19
    ),
    "slices": call(_slices, columns={**LABELLED, "city": GROUPS}, matrices={"pred_probs": PROBS}),
    "robustness": call(_robustness, columns={**LABELLED, "texts": TEXTS}),
    "amplification": call(_amplification, columns={"labels": NAMES, "predicted": NAMES[::-1], "city": GROUPS}),
    "pair_leaning": call(
        tf.pair_leaning,
        columns={"more": [1.5, 2.5, 0.5, 1.0, 2.0, 3.0], "less": [1.0, 3.0, 0.25, 1.5, 2.5, 2.0], "kinds": GROUPS},
    ),
    "perplexity_change": call(
        tf.perplexity_change,
        columns={"before": [-9.5, -8.0, -7.25] * 4, "after": [-9.0, -8.5, -7.0] * 4, "tokens": [3, 4, 2] * 4},
        resamples=20,
    ),
    "similarity_change": call(
        tf.similarity_change,
        columns={
            "before": [0.5, 0.25, 0.75, 0.125] * 3,
            "after": [0.25, 0.5, 0.75, 0.0] * 3,
            "scores": [2.5, 1.5, 4.5, 1.0] * 3,
        },
        resamples=20,
    ),
    "sequential_compare": call(
        tf.sequential_compare, columns={"before": [True, False, True] * 4, "after": [True, True, False] * 4}
    ),
    "sequential_wins": call(tf.sequential_wins, columns={"wins": [1.0, 0.5, 0.0, 1.0] * 3}),
    "counterfactual_swaps": call(_swaps, columns={"texts": TEXTS, "label_names": NAMES[:2], "groups": GROUPS}),
    "behaviour": call(_behaviour, columns={"texts": TEXTS, "label_names": NAMES[:2]}),
    "weak_slices": call(
        _weak_slices,
        columns={**LABELLED, "texts": TEXTS, "ids": [f"m{i}" for i in range(6)], "city": GROUPS},
        matrices={"pred_probs": PROBS, "embeddings": POINTS},
    ),
    "occlusion": call(tf.occlusion, columns={"texts": TEXTS}, predict=by_a_letter, label_names=["card", "parcel"]),
    "global_words": call(
        tf.global_words, found=tf.occlusion(TEXTS, by_a_letter, label_names=["card", "parcel"]), most=3
    ),
    "faithfulness": call(
        tf.faithfulness,
        found=tf.occlusion(TEXTS, by_a_letter, label_names=["card", "parcel"]),
        predict=by_a_letter,
        label_names=["card", "parcel"],
        resamples=20,
    ),
}

# They need a model, or give one; `tests/unit/training` calls them.
WITH_A_MODEL = {
    "compress",
    "embed",
    "explain",
    "fit",
    "forgotten",
    "learning_curve",
    "linear_scores",
    "predict",
    "stereotype_pairs",
    "token_encoder",
    "tune",
}


def public_functions() -> set[str]:
    return {name for name in tf.__all__ if not isinstance(getattr(tf, name), type)}


def plain(found: Any) -> Any:
    """Return a result as dicts and lists, to compare it by."""
    if isinstance(found, pa.Table):
        return found.to_pylist()
    if isinstance(found, np.ndarray):
        return plain(found.tolist())
    if is_dataclass(found):
        return {field.name: plain(getattr(found, field.name)) for field in fields(found)}
    if isinstance(found, Mapping):
        return {str(key): plain(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [plain(one) for one in found]
    return repr(found) if isinstance(found, float) else found
