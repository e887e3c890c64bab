"""`twofold.toml`: validated, and every error names the key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator, model_validator

from curation.errors import TwofoldError, suggest
from curation.project.artifacts import write_text
from curation.tasks import limits
from curation.tasks.task import Task
from training.config import FitConfig, Method, Precision
from training.models.packaged import PACKAGED

FORMAT = 2


class Section(BaseModel):
    """A table of the file; a key that it does not have is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AnnotationConfig(Section):
    """How records reach people.

    Attributes:
        url: The Argilla server; empty means the embedded one.
        required: Answers from different people that every record needs.
        batch_size: Records a round sends out at most.
        test_share: Share of a batch kept for test records, drawn by chance, until all of them were read.
        suggestions: Whether reviewers see the current model's label; it speeds them up, and sways them.
        third_looks: Share of a round's records that one more reader may read, before anybody has to settle them: those
            on which another answer is expected to help most.
        collect: A column kept beside the records by whose groups labels should be alike: unread records that may bring
            what a group lacks come first; empty for none.
        judges: Judges of systems' outputs whose votes count as a reader's, where they agree with readers as readers do.
    """

    url: str = Field(default="", pattern=limits.ADDRESS)
    required: int = Field(default=2, ge=2, le=20)
    batch_size: int = Field(default=200, ge=1, le=100_000)
    test_share: float = Field(default=0.2, ge=0, le=1)
    suggestions: bool = True
    third_looks: float = Field(default=0.0, ge=0, le=1)
    collect: str = ""
    judges: tuple[str, ...] = ()


class CheckConfig(Section):
    """What the checks look for.

    Attributes:
        duplicate_similarity: Cosine similarity from which two texts count as near-duplicates.
        language: Two letters: the list of words by which texts are told that name a group of people.
        smallest_group: Records below which nothing is said of a group.
        smallest_reader_group: Persons below which nothing is said of a group of readers.
    """

    duplicate_similarity: float = Field(default=0.95, gt=0, le=1)
    language: str = "en"
    smallest_group: int = Field(default=20, ge=5, le=100_000)
    smallest_reader_group: int = Field(default=10, ge=3, le=100_000)


class SplitConfig(Section):
    """Shares of the validation and the test part; the rest is for training."""

    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.15, ge=0, lt=1)


class AugmentationConfig(Section):
    """How many variants per training record are tried, by which operations; 0 turns it off.

    Variants are used only if they raise the out-of-fold accuracy on the training part.
    """

    per_record: int = Field(default=1, ge=0, le=20)
    operations: tuple[str, ...] = ("synonym", "typo", "swap", "delete")


_OF_PROJECTS = {"question", "soft_labels", "reweigh_by", "in_rounds"}
_IN_PROJECTS = {"record_weights": "reweigh_by"}  # what projects call settings of FitConfig


class _TrainingConfig(Section):
    """Which model is fine-tuned and how: what a project says of it, and every setting of `training.FitConfig`.

    Attributes:
        question: Which of several questions a model learns to answer; the first by default.
        soft_labels: Whether a model learns how likely each label is by the readers' votes, where nobody settled it.
        reweigh_by: A column kept beside the records: each counts by what makes labels independent of its groups.
        in_rounds: The method by which the models of rounds are trained, which say what to look at next; by default
            that of `method`, by which `twofold train --full` trains.
        patience: As in `FitConfig`.
        precision: Of training, predictions and embeddings alike.
    """

    question: str | None = None
    model: str = PACKAGED
    soft_labels: bool = False
    reweigh_by: str | None = None
    in_rounds: Method | None = None
    patience: int = 3
    precision: Precision = "auto"

    @property
    def fit_settings(self) -> dict[str, Any]:
        """Those of `FitConfig` that the file sets."""
        return self.model_dump(exclude_none=True, exclude=_OF_PROJECTS)

    @property
    def of_rounds(self) -> _TrainingConfig:
        """The same for a model that a round trains by itself, less what that method has no use for."""
        if self.in_rounds is None:
            return self
        unused = {_IN_PROJECTS.get(name, name) for name in FitConfig.not_used_by(self.in_rounds)}
        kept = {name: value for name, value in self if name in self.model_fields_set - unused}
        return type(self).model_construct(**{**kept, "method": self.in_rounds, "in_rounds": None})

    @model_validator(mode="after")
    def _fits(self) -> _TrainingConfig:
        FitConfig(**self.fit_settings)
        try:
            FitConfig(**self.of_rounds.fit_settings)
        except ValueError as error:
            told = f"expected a method that goes with the other settings ({error}), got {self.in_rounds!r}"
            raise ValueError(f"in_rounds: {told}") from error
        return self


# What the project knows by itself, or what is a matter of the machine.
_NOT_SET_HERE = {"seed", "scale", "compares", "learns", "device", "threads", "record_weights"}


def _of_fitting() -> dict[str, Any]:
    types = get_type_hints(FitConfig)
    written = _TrainingConfig.model_fields.keys() | _NOT_SET_HERE
    return {each.name: (types[each.name], each.default) for each in fields(FitConfig) if each.name not in written}


if TYPE_CHECKING:
    TrainingConfig = _TrainingConfig
else:
    TrainingConfig = create_model("TrainingConfig", __base__=_TrainingConfig, **_of_fitting())


class EvaluationConfig(Section):
    """What is asked of a model beside its answers to the test part.

    Attributes:
        robustness: Whether it is asked again about texts of the test part with typos, in capital letters, and so on.
        perturbations: In which of those ways; all, where none is named.
        robustness_texts: How many of the texts; where the test part has more, that many are drawn.
        swaps: Whether it is asked about texts of the test part that name one group of people with another in its place.
    """

    robustness: bool = False
    perturbations: tuple[str, ...] = ()
    robustness_texts: int = Field(default=200, ge=20, le=100_000)
    swaps: bool = False

    @field_validator("perturbations")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if names:
            from evaluation.perturbations import PERTURBATIONS  # where some are named: it takes a while to import

            if lost := [name for name in names if name not in PERTURBATIONS]:
                raise ValueError(f"expected some of {', '.join(PERTURBATIONS)}; there is no {lost[0]!r}")
        return names


class GateConfig(Section):
    """What a model has to meet before it is released; `twofold gate` holds it against this.

    Attributes:
        at_least: Measures of the evaluation by their names, and what each has to reach.
        at_most: The same for measures that are to be low.
        groups: Columns kept beside the records, and the accuracy that every one of their groups has to reach; nothing
            is said of a group smaller than `check.smallest_group`.
        over_commonest: By how much the accuracy has to exceed that of the training part's commonest answer.
        below_last: By how much the accuracy may stay below that of the model of the round before.
        below_readers: By how much the model may agree with a reader less than another reader does.
        weak_slices: How many slices on which the model is worse than chance explains may have been found.
        behaviour: Whether every test of `behaviour.yaml` has to be met.
        robustness_drop: How much accuracy each perturbation may cost at its greatest strength.
        swap_changes: The share of answers that may change where one group of people takes the place of another.
        settled_by_people: The share of the test part whose answers people have to have settled.
        milliseconds: How long one record may take here, in the median.
        alarms: How many alarms the last log of the model may have raised; `twofold monitor` looks at logs.
    """

    at_least: dict[str, float] = {}
    at_most: dict[str, float] = {}
    groups: dict[str, float] = {}
    over_commonest: float | None = Field(default=0.0, ge=-1, le=1)
    below_last: float | None = Field(default=0.02, ge=0, le=1)
    below_readers: float | None = Field(default=None, ge=-1, le=1)
    weak_slices: int | None = Field(default=None, ge=0)
    behaviour: bool = False
    robustness_drop: float | None = Field(default=None, ge=0, le=1)
    swap_changes: float | None = Field(default=None, ge=0, le=1)
    settled_by_people: float | None = Field(default=None, ge=0, le=1)
    milliseconds: float | None = Field(default=None, gt=0)
    alarms: int | None = Field(default=None, ge=0)


Watchable = Literal[
    "texts",
    "length",
    "other_characters",
    "unknown_words",
    "out_of_scope",
    "predictions",
    "confidence",
    "columns",
    "seconds",
]
"""What `twofold monitor` holds against the reference."""


class MonitorConfig(Section):
    """When the log of a model at work raises an alarm; `twofold monitor` holds it against this.

    Attributes:
        alert_on: The findings that raise one, by what was measured; all by default.
        level: How often anything is found in a log where nothing has changed, at most, all tests together.
        smallest: The size from which a finding raises an alarm, on a scale from 0 to 1: its whole interval reaches it.
        p95_seconds: How long 95% of the answers may take at most.
        thumbs_down: The share of thumbs that may be down.
        sample: Rows of a log that are looked at, drawn by chance where there are more.
        file: A file in the project's folder `monitor` that holds the alarms of the last log; empty for none.
        url: An address that is sent a message on an alarm, without any text of a record; empty for none.
    """

    alert_on: tuple[Watchable, ...] = get_args(Watchable)
    level: float = Field(default=0.05, gt=0, lt=1)
    smallest: float = Field(default=0.0, ge=0, le=1)
    p95_seconds: float | None = Field(default=None, gt=0)
    thumbs_down: float | None = Field(default=None, ge=0, le=1)
    sample: int = Field(default=10_000, ge=20, le=100_000)
    file: str = Field(default="", pattern=limits.OPTIONAL_FILE)
    url: str = Field(default="", pattern=limits.ADDRESS)


class Config(Section):
    """The whole file.

    `objective` says in a sentence or two what the model is for, and what counts as a success.
    """

    format: int = FORMAT
    name: str = Field(pattern=limits.PROJECT)
    objective: str = Field(default="", max_length=1000)
    seed: int = Field(default=0, ge=0, lt=2**32)
    task: Task
    annotation: AnnotationConfig = AnnotationConfig()
    check: CheckConfig = CheckConfig()
    split: SplitConfig = SplitConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    gate: GateConfig = GateConfig()
    monitor: MonitorConfig = MonitorConfig()

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        first = next(iter(self.task.questions))
        if self.task.questions[first].optional:
            raise ValueError(f"task.questions.{first}.optional: people have to answer the first question")
        if self.training.question is not None and self.training.question not in self.task.questions:
            known = ", ".join(self.task.questions)
            raise ValueError(f"training.question: expected one of {known}, came {self.training.question!r}")
        return self

    def only(self, question: str) -> Config:
        """Return the configuration as it is seen from one of the questions."""
        return self.model_copy(update={"task": self.task.only(question)})


def read_config(path: Path) -> Config:
    """Read and validate `twofold.toml`.

    Raises:
        TwofoldError: The file is missing, not TOML, of a newer version, or holds a bad key or value.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TwofoldError(f"{path.parent}: no Twofold project here (expected {path.name})") from None
    except (ValueError, RecursionError, OSError) as error:
        raise TwofoldError(f"{path}: expected TOML in UTF-8 ({error})") from error
    version = raw.get("format", FORMAT)
    if isinstance(version, int) and version > FORMAT:
        raise TwofoldError(f"{path}: made by a newer Twofold (format {version}, this one reads {FORMAT})")
    return _validated(raw, path)


def _validated(raw: dict[str, Any], path: Path) -> Config:
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise TwofoldError(f"{path}: {describe(error)}") from None


def describe(error: ValidationError) -> str:
    """Return the first thing that is wrong, as one line that names its key."""
    return _described(error, Config, ())


def _described(error: ValidationError, section: type[BaseModel], above: tuple[int | str, ...]) -> str:
    first = error.errors()[0]
    path = (*above, *first["loc"])
    if first["type"] == "question":  # what is wrong is known by the kind's own settings
        return _described(first["ctx"]["why"], first["ctx"]["of"], path)
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error" and (named := re.match(r"([\w.]+): (?=expected)", message)):
        return f"key {'.'.join([*map(str, path), named[1]])!r}: {message[named.end() :]}"
    key = ".".join(str(part) for part in path if part != "[key]") or "task"
    if first["type"] == "extra_forbidden":
        return f"key {key!r} is not known{suggest(str(path[-1]), _keys(section, first['loc'][:-1]))}"
    if first["type"] == "string_pattern_mismatch":
        message = f"expected {limits.IN_WORDS[first['ctx']['pattern']]}"
    came = "" if first["type"] == "missing" else f", came {str(first['input'])[:80]!r}"
    return f"key {key!r}: {message[0].lower()}{message[1:]}{came}"


def _keys(section: Any, path: tuple[int | str, ...]) -> list[str]:
    for name in path:
        section = section.model_fields[str(name)].annotation
    return list(section.model_fields)


def write_config(path: Path, config: Config) -> None:
    """Write the file, with a comment that says where the keys are explained."""
    import tomlkit  # for writing alone

    document = tomlkit.document()
    document.add(tomlkit.comment("A Twofold project. Every key is explained in docs/configuration.md."))
    for key, value in _written(config).items():
        document.add(key, value)
    write_text(path, tomlkit.dumps(document))


def _written(config: Config) -> dict[str, Any]:
    """Return the keys that a new file has: of a task only what it makes use of."""
    found = config.model_dump(mode="json", exclude_none=True)
    task = {key: value for key, value in found["task"].items() if value}
    questions = {
        name: {key: value for key, value in asked.items() if (key, value) != ("optional", False)}
        for name, asked in task["questions"].items()
    }
    shown = config.training.model_dump(mode="json", exclude_defaults=True)
    training = {key: value for key, value in found["training"].items() if key in _ALWAYS_WRITTEN or key in shown}
    gate = {key: value for key, value in found["gate"].items() if value != {}}
    monitor = config.monitor.model_dump(mode="json", exclude_defaults=True)
    annotation = {key: value for key, value in found["annotation"].items() if (key, value) != ("judges", [])}
    parts = {"task": {**task, "questions": questions}, "annotation": annotation, "training": training}
    parts |= {"gate": gate, "monitor": monitor}
    return {**found, **parts}


_ALWAYS_WRITTEN = ("model", "method", "batch_size", "patience", "precision")
