"""The card of a saved data set: what is in it, how it was annotated, and what its owner has yet to say.

Its head is YAML as the Hugging Face Hub reads it (https://huggingface.co/docs/hub/datasets-cards).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.exports.layouts.form import Form, form_of
from curation.exports.text_columns import apart
from curation.project.folder import Project, Round
from curation.project.records import column
from curation.project.standing import Method, Role, Status

if TYPE_CHECKING:
    import datasets

PIPELINES: Mapping[Form, str] = {
    Form.NAME: "text-classification",
    Form.NAMES: "text-classification",
    Form.NUMBER: "text-classification",
    Form.PASSAGES: "token-classification",
    Form.TEXT: "text-generation",
}
"""What the Hub calls the tasks of answers, by what they are made of."""
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGER = "n>1M"
_UNSAID = "unknown"
_SOURCES: Mapping[str, str] = {
    Method.GIVEN: "came with the data, and nobody read them anew",
    Method.AGREED: "all readers gave the same answer",
    Method.MAJORITY: "most readers gave the same answer",
    Method.CONSENSUS: "by the consensus of readers, weighed by their quality",
    Method.ADJUDICATED: "readers differed, and an adjudicator decided",
}


def write_card(folder: Path, project: Project, saved: datasets.DatasetDict) -> None:
    """Write `README.md` into the folder of a saved data set.

    Args:
        folder: The folder.
        project: Whose data set it is.
        saved: Its parts.
    """
    (folder / "README.md").write_text(f"---\n{_head(project, saved)}\n---\n\n{_body(project, saved)}", encoding="utf-8")


def _head(project: Project, saved: datasets.DatasetDict) -> str:
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    task = PIPELINES.get(form_of(project.config.task))
    card = DatasetCardData(
        license=_UNSAID,
        pretty_name=project.config.name,
        task_categories=None if task is None else [task],
        size_categories=[_size(sum(part.num_rows for part in saved.values()))],
        tags=["twofold"],
    )
    DatasetInfosDict({"default": _info(saved)}).to_dataset_card_data(card)
    return str(card.to_yaml())


def _size(records: int) -> str:
    return next((name for below, name in _SIZES if records < below), _LARGER)


def _info(saved: datasets.DatasetDict) -> Any:
    """Return the features of a data set, and how large its parts are."""
    from datasets.splits import SplitDict, SplitInfo

    info = next(iter(saved.values())).info.copy()
    info.splits = SplitDict(
        {name: SplitInfo(name, num_bytes=part.data.nbytes, num_examples=part.num_rows) for name, part in saved.items()}
    )
    return info


def _body(project: Project, saved: datasets.DatasetDict) -> str:
    task = project.config.task
    sizes = ", ".join(f"{part.num_rows} in `{name}`" for name, part in saved.items())
    lines = [
        f"# {project.config.name}",
        "",
        f"Records with the texts {_code(task.fields)}, and answers of the kind `{task.kind.name}` in"
        f" `{apart(task.question, project)}`: {sizes}.",
        "",
        "## How it was annotated",
        "",
        *_sources(project, saved),
        "",
        *_rounds(project),
        "",
        "## To be said before it is shared",
        "",
        "- Licence: not said (`license` above).",
        "- Language, and where the texts come from: not said.",
        "- Personal data in the texts: not said.",
        "",
    ]
    return "\n".join(lines)


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _sources(project: Project, saved: datasets.DatasetDict) -> list[str]:
    """Return a line for every way in which answers came about, the most frequent first."""
    name = apart("source", project)
    counts = Counter(source for part in saved.values() for source in part[name])
    return [f"- {n} answers: {_SOURCES.get(source, source)} (`{source}`)" for source, n in counts.most_common()]


def _rounds(project: Project) -> list[str]:
    """Return what readers did in every round that was reviewed."""
    reviewed = [round_ for round_ in project.rounds() if round_.has("review.json")]
    if not reviewed:
        return ["No readings of this project were reviewed."]
    head = ["| round | records read | readers | adjudicators | agreement of readers (alpha, 95% interval) |"]
    return [*head, "|---|---|---|---|---|", *(_row(round_) for round_ in reviewed)]


def _row(round_: Round) -> str:
    votes = round_.votes()
    roles, people, ids, status = (column(votes, name) for name in ("role", "reviewer", "record_id", "status"))
    given = [
        (role, who, i)
        for role, who, i, said in zip(roles, people, ids, status, strict=True)
        if said == Status.SUBMITTED
    ]
    readers = {who for role, who, _ in given if role == Role.ANNOTATOR}
    records = {i for role, _, i in given if role == Role.ANNOTATOR}
    third = {who for role, who, _ in given if role == Role.ADJUDICATOR}
    alpha = _interval(round_.json("review.json")["agreement"]["alpha"])
    return f"| {round_.number} | {len(records)} | {len(readers)} | {len(third)} | {alpha} |"


def _interval(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return str(found["reason"])
    if found["low"] is None:
        return f"{found['value']:.2f}"
    return f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
