import pytest

from training import FitConfig


def test_few_records_are_read_ten_times_and_many_twice() -> None:
    config = FitConfig()
    assert [config.epochs_for(records) for records in (500, 2_500, 5_000, 100_000)] == [10, 4, 2, 2]


def test_epochs_that_were_asked_for_are_kept() -> None:
    assert FitConfig(epochs=1).epochs_for(5) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", ""),
        ("method", "adapters"),
        ("freeze", -1),
        ("unfreeze", "yes"),
        ("layer_decay", 0.0),
        ("layer_decay", 1.5),
        ("virtual_tokens", 0),
        ("epochs", 0),
        ("epochs", 2.5),
        ("learning_rate", 0.0),
        ("head_learning_rate", -1.0),
        ("batch_size", True),
        ("max_length", 0),
        ("warmup", 1.0),
        ("weight_decay", -0.1),
        ("lora_rank", 0),
        ("lora_dropout", 1.5),
        ("patience", 0),
        ("seed", -1),
        ("class_weights", "inverse"),
        ("label_smoothing", 1.0),
        ("precision", "int8"),
        ("threads", 0),
    ],
)
def test_a_bad_value_is_refused_with_the_name_of_its_field(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"^{field}: expected .*, got "):
        FitConfig(**{field: value})  # type: ignore[arg-type]
