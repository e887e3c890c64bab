"""Vote tables for the tests of this folder."""

from collections.abc import Mapping, Sequence

import pandas as pd


def by_reviewer(**answers: str) -> pd.DataFrame:
    """Build a vote table from one string for each reviewer: a letter for each record, `.` for no vote."""
    rows = [
        {"record_id": f"r{i:03}", "reviewer": name, "label": letter}
        for name, letters in answers.items()
        for i, letter in enumerate(letters)
        if letter != "."
    ]
    return pd.DataFrame(rows, columns=["record_id", "reviewer", "label"])


def by_record(said: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Build a vote table from the labels that ann, ben, cem, ... gave to each record."""
    names = ("ann", "ben", "cem", "dot", "eli")
    rows = [
        {"record_id": record, "reviewer": name, "label": label}
        for record, labels in said.items()
        for name, label in zip(names, labels, strict=False)
    ]
    return pd.DataFrame(rows, columns=["record_id", "reviewer", "label"])
