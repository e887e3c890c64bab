"""Settings of a fine-tuning run, checked when they are written down rather than an hour later."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from training.models.packaged import PACKAGED
from training.private.settings import check_private

Method = Literal[
    "lora", "rslora", "dora", "ia3", "prompt", "prefix", "p_tuning", "full", "head", "linear", "contrastive"
]
ClassWeights = Literal["balanced"]
LossName = Literal["cross_entropy", "focal", "gce", "symmetric"]
Scale = Literal["nominal", "ordinal"]
Precision = Literal["auto", "fp32", "bf16"]
StayNear = Literal["l2_sp", "ewc"]
Program = Literal["tensorboard", "mlflow"]
Learns = Literal["labels", "embeddings", "answers", "preferences", "texts"]

FEW_LABELS: dict[str, tuple[str, ...]] = {
    "linear": ("softmax", "sigmoid", "ordinal"),
    "contrastive": ("softmax", "ordinal"),
}
"""Methods whose head is not learnt step by step, and the heads of `training.answers.heads` that they know."""

# Epochs x records that a classifier of a few classes needs to settle, and the bounds put on the quotient.
_RECORDS_TO_SEE = 10_000
_FEWEST_EPOCHS, _MOST_EPOCHS, _MOST_BY_CONTRAST = 2, 10, 7
# Low-rank factors start at zero and want larger steps than trained weights do (Hu et al. 2021, table 11).
_LEARNING_RATES = {
    "lora": 1e-3,
    "rslora": 1e-3,
    "dora": 1e-3,
    "ia3": 1e-2,
    "prompt": 1e-2,
    "prefix": 1e-2,
    "p_tuning": 1e-3,
    "full": 1e-4,
    "head": 1e-2,
    "linear": 0.0,
    "contrastive": 1e-4,
}
# Language models: low-rank factors want about ten times what full weights do (Schulman 2025, LoRA Without Regret);
# preferences less than either (Rafailov et al. 2023, appendix B: 1e-6 for full weights).
_WRITING_RATES = {"lora": 2e-4, "rslora": 2e-4, "dora": 2e-4, "ia3": 3e-3, "full": 2e-5}
_PREFERRING_RATES = {"lora": 1e-5, "rslora": 1e-5, "dora": 1e-5, "ia3": 2e-4, "full": 1e-6}
_STRENGTHS = {"l2_sp": 0.1, "ewc": 10_000.0}
# Encoders: what their vectors say of all other texts is easily lost, so steps are smaller than for labels.
_ENCODING_RATES = {"lora": 5e-4, "rslora": 5e-4, "dora": 5e-4, "ia3": 5e-3, "full": 5e-5}
_READ, _READ_AND_WRITTEN = 128, 1024


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How to fine-tune a model. Every field is validated; a `ValueError` names the field.

    Attributes:
        model: `"packaged"` (all-MiniLM-L6-v2 from its wheel), a local folder, or a hub name.
        method: what of the model moves. `"full"`: every weight. `"head"`: the head on a frozen encoder. Besides the
            head, what is added to a frozen encoder: `"lora"`, low-rank factors (Hu et al. 2021), scaled by the root of
            their rank as `"rslora"` (Kalajdzievski 2023), apart from the length of each weight as `"dora"` (Liu et al.
            2024); `"ia3"`, a scale for each output of some layers (Liu et al. 2022); `"prompt"`, vectors before the
            text (Lester et al. 2021), from a small network as `"p_tuning"` (Liu et al. 2021), in every layer as
            `"prefix"` (Li and Liang 2021). For few labels, where these are one of several, steps of a scale, or for
            `"linear"` any number: `"linear"`, the best linear head on the body's sentence vectors, held back as
            strongly as cross-validation on the training part says; `"contrastive"`, the same after the body has learnt
            to put texts of one label side by side (Tunstall et al. 2022, Khosla et al. 2020). Its last epoch is saved.
        freeze: how many of the lowest layers, with the vectors of the words, stay as they are; 0: none. The vectors of
            the words stay anyway where the method is `"contrastive"`.
        unfreeze: whether layers begin to move from epoch to epoch, the highest first (Howard and Ruder 2018).
        layer_decay: learning rate of a layer as a multiple of that of the layer above it, in (0, 1] (Howard and Ruder
            2018); 1: one rate.
        epochs: passes over the training part; `None`: 10,000 divided by its records, but 2 to 10, or to 7
            where the method is `"contrastive"`.
        learning_rate: of everything but the head, > 0; `None`: by method and by what is learnt, such as 1e-3 for LoRA
            and 1e-4 for full where these are labels. Falls linearly to zero.
        head_learning_rate: of the head, > 0; `None`: 1e-2 for a frozen encoder, else `learning_rate`.
        batch_size: records per step.
        max_length: tokens per record, the rest is cut; `None`: 128, or 1,024 where a language model learns, or where
            embeddings are learnt as many as the encoder reads.
        warmup: share of the steps in which the learning rate rises, in [0, 1).
        weight_decay: of AdamW (Loshchilov and Hutter 2019), >= 0.
        virtual_tokens: how many vectors a prompt or prefix has.
        lora_rank: inner width of the factors.
        lora_alpha: their scale, times 1 / rank.
        lora_dropout: on their input, in [0, 1).
        lora_target_modules: names of the linear layers that get factors; `None`: all but the head.
        patience: epochs without a better validation macro-F1 before training stops; `None`: never stop early.
        seed: same seed, data, machine, precision and thread count: same weights.
        scale: `"ordinal"` where the class names are the steps of a scale, from lowest to highest: the model then
            learns how likely a record is above each step, and predicts the median; `"nominal"` otherwise.
        compares: whether the last two text columns are compared, and labels say which is better: `first`, `second` or
            `equal`. The model then scores one text at a time. Data without labels whose text columns are called
            `chosen` and `rejected` are compared anyway. Where labels are orders: whether the options are the last text
            columns, by name, and their texts are compared.
        learns: `"labels"`, whatever these are; `"embeddings"`, vectors of texts, by how alike those of two columns are,
            from -1 to 1 in the label column, or, without one, by which text of the second column belongs to which of
            the first, rather than those of other records or of a third column; or what a language model learns:
            `"answers"` to write the text of the label column, or the assistant's turns of conversations (Ouyang et al.
            2022), `"preferences"` to write the better of two answers rather than the other (Rafailov et al. 2023),
            `"texts"` to tell the next token of plain texts, as in pre-training; one from sequence to sequence, such as
            T5 (Raffel et al. 2020), learns answers alone.
        packing: whether short conversations share a row of `max_length` tokens, each attending to itself alone; texts
            always do.
        preference_beta: how dear it is to move away from the model as it was, where preferences are learnt, > 0.
        class_weights: `"balanced"` weighs each class by n / (classes x its records), and where records have several
            labels each label by the records without it for one with it; `None`: all alike, as orders want it.
        loss: of one label of several. `"focal"` counts records less of which the model is sure (Lin et al. 2017);
            `"gce"` (Zhang and Sabuncu 2018) and `"symmetric"` (Wang et al. 2019) are made for labels of which many are
            wrong.
        soft_labels: a column of the training part with k probabilities for each record, in the order of the class
            names, which are learnt in place of its label; `None`: the labels.
        record_weights: a column of the training part with what each record counts, a number above 0; only how they
            compare matters. `None`: all alike.
        label_smoothing: share of every label spread over all classes, in [0, 1) (Szegedy et al. 2016).
        teacher: folder of a larger model with the same labels, from whose probabilities this one learns beside its
            labels (Hinton et al. 2015); `None`: from these alone.
        teacher_temperature: by which the logits of both are divided there, > 0: above 1 what is unlikely says more.
        teacher_share: of the loss that is the teacher's, in (0, 1]; the rest is the label's.
        stay_near: what is paid for moving the weights that the model had before the run, in place of their decay, so
            that it forgets less of what it knew: for all alike by `"l2_sp"` (Li et al. 2018), or by `"ewc"` for each
            by how much it matters to the records in `earlier` (Kirkpatrick et al. 2017); `None`: nothing.
        stay_near_strength: how dear that is, > 0; `None`: 0.1 for L2-SP and 10,000 for EWC.
        replay_share: share of the records of an epoch that are drawn from those in `earlier`, in [0, 1): each is paid
            for by its label and the head of its task, whatever `loss`, `class_weights` and `label_smoothing` say.
        max_grad_norm: longer gradients are shortened to this, > 0; the gradient of each record by itself where
            training is private.
        privacy_epsilon: how much a record may show in the model at most, > 0: differential privacy of each record by
            noise on the gradients (Abadi et al. 2016), for labels of records; `None`: training is not private.
        privacy_delta: chance that it shows more, in (0, 1); `None`: 1 / (2 x records) (Li et al. 2022).
        noise_multiplier: standard deviation of that noise as a multiple of `max_grad_norm`, > 0, in place of
            `privacy_epsilon`.
        precision: `"fp32"`, or `"bf16"` for mixed precision. `"auto"` begins in bfloat16 where the hardware
            computes it, and a run that was begun goes on in its own.
        device: a torch device; `"auto"` is CUDA where there is one.
        threads: processor threads for torch; `None` leaves its setting alone.
        track: programs that are told how the run goes, in the folder `runs` beside the model's: `"tensorboard"`,
            `"mlflow"`. Nothing of it decides the outcome.
    """

    model: str = PACKAGED
    method: Method = "lora"
    freeze: int = 0
    unfreeze: bool = False
    layer_decay: float = 1.0
    epochs: int | None = None
    learning_rate: float | None = None
    head_learning_rate: float | None = None
    batch_size: int = 16
    max_length: int | None = None
    warmup: float = 0.1
    weight_decay: float = 0.01
    virtual_tokens: int = 8
    lora_rank: int = 8
    lora_alpha: float = 16.0
    lora_dropout: float = 0.0
    lora_target_modules: tuple[str, ...] | None = None
    patience: int | None = 3
    seed: int = 0
    scale: Scale = "nominal"
    compares: bool = False
    learns: Learns = "labels"
    packing: bool = False
    preference_beta: float = 0.1
    class_weights: ClassWeights | None = None
    loss: LossName = "cross_entropy"
    soft_labels: str | None = None
    record_weights: str | None = None
    label_smoothing: float = 0.0
    teacher: str | None = None
    teacher_temperature: float = 2.0
    teacher_share: float = 0.9
    stay_near: StayNear | None = None
    stay_near_strength: float | None = None
    replay_share: float = 0.0
    max_grad_norm: float = 1.0
    privacy_epsilon: float | None = None
    privacy_delta: float | None = None
    noise_multiplier: float | None = None
    precision: Precision = "auto"
    device: str = "auto"
    threads: int | None = None
    track: tuple[Program, ...] = ()

    def __post_init__(self) -> None:
        for field, choices in _CHOICES.items():
            value = getattr(self, field)
            if value not in choices:
                raise ValueError(f"{field}: expected one of {', '.join(map(repr, choices))}, got {value!r}")
        for field, least in _WHOLE.items():
            _check_whole(field, getattr(self, field), least=least, optional=field in _OPTIONAL)
        for field in _POSITIVE:
            _check_number(field, getattr(self, field), optional=field in _OPTIONAL)
        for field in _SHARES:
            _check_share(field, getattr(self, field))
        if self.learns != "labels":
            _check_language(self)
        _check_companions(self)
        check_private(self)
        _check_few_labels(self)
        _check_track(self)
        if not self.model:
            raise ValueError("model: expected 'packaged', a folder or a hub name, got an empty string")
        for field in _UP_TO_ONE:
            _check_up_to_one(field, getattr(self, field))
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay: expected a number of at least 0, got {self.weight_decay!r}")

    def deciding(self) -> dict[str, Any]:
        """Settings by name, less those that do not decide the outcome."""
        return {name: value for name, value in asdict(self).items() if name != "track"}

    @staticmethod
    def not_used_by(method: Method) -> tuple[str, ...]:
        """Settings that a method has no use for, and refuses."""
        return _NOT_USED.get(method, ())

    def epochs_for(self, records: int) -> int:
        """Epochs of a run over `records` training records."""
        if self.epochs is not None:
            return self.epochs
        most = _MOST_BY_CONTRAST if self.method == "contrastive" else _MOST_EPOCHS
        return max(_FEWEST_EPOCHS, min(most, round(_RECORDS_TO_SEE / max(1, records))))

    @property
    def is_private(self) -> bool:
        """Whether noise keeps each record from showing in the model."""
        return self.privacy_epsilon is not None or self.noise_multiplier is not None

    @property
    def tokens(self) -> int:
        """Tokens per record, the rest is cut."""
        return self.max_length or (_READ if self.learns == "labels" else _READ_AND_WRITTEN)

    @property
    def encoder_rate(self) -> float:
        """Learning rate of the encoder's trained weights."""
        rates = _RATES.get(self.learns, _WRITING_RATES)
        return rates[self.method] if self.learning_rate is None else self.learning_rate

    @property
    def strength(self) -> float:
        """How dear it is to move the weights that the model had."""
        if self.stay_near_strength is not None:
            return self.stay_near_strength
        return _STRENGTHS[self.stay_near or "l2_sp"]

    @property
    def head_rate(self) -> float:
        """Learning rate of the classification head."""
        if self.head_learning_rate is not None:
            return self.head_learning_rate
        return self.encoder_rate


_RATES = {"labels": _LEARNING_RATES, "embeddings": _ENCODING_RATES, "preferences": _PREFERRING_RATES}
_CHOICES: dict[str, tuple[object, ...]] = {
    "method": get_args(Method),
    "scale": get_args(Scale),
    "compares": (True, False),
    "unfreeze": (True, False),
    "learns": get_args(Learns),
    "packing": (True, False),
    "class_weights": (*get_args(ClassWeights), None),
    "loss": get_args(LossName),
    "precision": get_args(Precision),
    "stay_near": (*get_args(StayNear), None),
}
_WHOLE = {
    "epochs": 1,
    "batch_size": 1,
    "max_length": 1,
    "virtual_tokens": 1,
    "lora_rank": 1,
    "patience": 1,
    "threads": 1,
    "freeze": 0,
    "seed": 0,
}
_NOT_USED = {
    "linear": (
        "freeze",
        "unfreeze",
        "layer_decay",
        "epochs",
        "learning_rate",
        "head_learning_rate",
        "teacher",
        "stay_near",
        "replay_share",
    ),
    "contrastive": (
        "unfreeze",
        "layer_decay",
        "head_learning_rate",
        "loss",
        "soft_labels",
        "record_weights",
        "teacher",
        "stay_near",
        "replay_share",
    ),
}
_POSITIVE = (
    "learning_rate",
    "head_learning_rate",
    "lora_alpha",
    "max_grad_norm",
    "preference_beta",
    "teacher_temperature",
    "privacy_epsilon",
    "noise_multiplier",
    "stay_near_strength",
)
_UP_TO_ONE = ("layer_decay", "teacher_share")
_SHARES = ("warmup", "lora_dropout", "label_smoothing", "replay_share")
_COMPANIONS = {  # settings that go with others
    "teacher_temperature": "teacher",
    "teacher_share": "teacher",
    "stay_near_strength": "stay_near",
}
_OPTIONAL = (
    "epochs",
    "max_length",
    "patience",
    "threads",
    "learning_rate",
    "head_learning_rate",
    "privacy_epsilon",
    "noise_multiplier",
    "stay_near_strength",
)
_OF_LABELS = (
    "scale",
    "compares",
    "class_weights",
    "loss",
    "soft_labels",
    "record_weights",
    "label_smoothing",
    "teacher",
    "stay_near",
    "replay_share",
    "privacy_epsilon",
    "noise_multiplier",
)


def _check_language(config: FitConfig) -> None:
    """Refuse what has no meaning where a language model or an encoder learns."""
    if config.method not in _WRITING_RATES:
        known = ", ".join(map(repr, _WRITING_RATES))
        raise ValueError(f"method: expected one of {known} where {config.learns} are learnt, got {config.method!r}")
    for name in _OF_LABELS:
        default = _default(name)
        if (given := getattr(config, name)) != default:
            raise ValueError(f"{name}: expected {default!r} where {config.learns} are learnt, got {given!r}")


def _check_few_labels(config: FitConfig) -> None:
    """Refuse what has no meaning where a head is not learnt step by step."""
    for name in _NOT_USED.get(config.method, ()):
        if (given := getattr(config, name)) != _default(name):
            raise ValueError(
                f"{name}: expected {_default(name)!r} where the method is {config.method!r}, got {given!r}"
            )


def _check_companions(config: FitConfig) -> None:
    """Refuse what says how something is done that is not done at all."""
    for name, of in _COMPANIONS.items():
        if (given := getattr(config, name)) != _default(name) and getattr(config, of) == _default(of):
            raise ValueError(f"{name}: expected {_default(name)!r} where {of} is {_default(of)!r}, got {given!r}")
    if config.stay_near is not None and config.method != "full":
        raise ValueError(f"stay_near: expected None where the method is {config.method!r}, got {config.stay_near!r}")


def _check_track(config: FitConfig) -> None:
    """Refuse programs that nobody knows; a list of them is as good as a tuple."""
    known, given = get_args(Program), config.track
    if not isinstance(given, list | tuple) or set(given) - set(known) or len(set(given)) < len(given):
        raise ValueError(f"track: expected a list of some of {', '.join(map(repr, known))}, got {given!r}")
    object.__setattr__(config, "track", tuple(given))


def _default(field: str) -> Any:
    return FitConfig.__dataclass_fields__[field].default


def _check_whole(field: str, value: object, *, least: int, optional: bool) -> None:
    if value is None and optional:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{field}: expected a whole number of at least {least}, got {value!r}")


def _check_number(field: str, value: object, *, optional: bool) -> None:
    if value is None and optional:
        return
    if not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{field}: expected a number above 0, got {value!r}")


def _check_share(field: str, value: object) -> None:
    if not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(f"{field}: expected a share in [0, 1), got {value!r}")


def _check_up_to_one(field: str, value: object) -> None:
    if not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"{field}: expected a number above 0 and at most 1, got {value!r}")
