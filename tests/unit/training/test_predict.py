from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from training import FitConfig, FitResult, fit, predict


def test_rows_are_probabilities_under_the_class_names(trained: FitResult, dataset: Dataset) -> None:
    found = predict(trained.model_dir, dataset, text_columns=["text"])
    assert found.label_names == ("billing", "shipping")
    assert found.pred_probs.shape == (30, 2)
    assert found.pred_probs.dtype == np.float32
    assert found.pred_probs.sum(axis=1) == pytest.approx(np.ones(30), abs=1e-5)


def test_a_record_is_judged_alike_in_any_company(trained: FitResult, dataset: Dataset) -> None:
    together = predict(trained.model_dir, dataset, text_columns=["text"]).pred_probs
    backwards = predict(trained.model_dir, dataset.select(range(29, -1, -1)), text_columns=["text"]).pred_probs
    alone = predict(trained.model_dir, dataset.select([3]), text_columns=["text"], batch_size=1).pred_probs
    assert backwards[::-1] == pytest.approx(together, abs=1e-5)
    assert alone[0] == pytest.approx(together[3], abs=1e-5)


def test_labels_are_not_needed(trained: FitResult) -> None:
    data = Dataset.from_dict({"text": ["my parcel never came", "the refund is late again"]})
    assert predict(trained.model_dir, data, text_columns=["text"]).labels.tolist() == [1, 0]


def test_progress_reaches_the_number_of_records(trained: FitResult, dataset: Dataset) -> None:
    told: list[tuple[int, int]] = []
    predict(trained.model_dir, dataset, text_columns=["text"], progress=lambda *step: told.append(step))
    assert told[-1] == (30, 30)


def test_a_folder_without_a_model_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(ValueError, match=r"model_dir: expected a model folder with a config\.json"):
        predict(tmp_path, dataset, text_columns=["text"])


@pytest.mark.parametrize(("precision", "bound"), [("fp32", 1e-5), ("bf16", 0.03)])
def test_transformers_alone_gives_the_same_answer(
    trained: FitResult, dataset: Dataset, precision: str, bound: float
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(trained.model_dir).eval()
    tokenizer = AutoTokenizer.from_pretrained(trained.model_dir)
    with torch.inference_mode():
        logits = model(**tokenizer(dataset["text"][:], padding=True, return_tensors="pt")).logits
    found = predict(trained.model_dir, dataset, text_columns=["text"], precision=precision).pred_probs
    assert found == pytest.approx(logits.softmax(dim=1).numpy(), abs=bound)


def test_pairs_are_read_as_pairs(tiny_model: str, tmp_path: Path) -> None:
    # Same two sentences in both orders; only their order tells the label.
    first = ["my parcel is late again", "the refund never came"] * 8
    second = ["the refund never came", "my parcel is late again"] * 8
    features = Features(premise=Value("string"), hypothesis=Value("string"), label=ClassLabel(names=["no", "yes"]))
    data = Dataset.from_dict({"premise": first, "hypothesis": second, "label": [0, 1] * 8}, features=features)
    config = FitConfig(
        model=tiny_model,
        method="full",
        epochs=20,
        learning_rate=5e-3,
        batch_size=4,
        patience=None,
        threads=1,
        precision="fp32",
    )
    columns = ["premise", "hypothesis"]
    result = fit(data, data, text_columns=columns, config=config, output_dir=tmp_path)
    assert result.history[result.best_epoch - 1].accuracy == 1.0
    assert (predict(tmp_path, data, text_columns=columns).labels == data["label"]).all()


@pytest.mark.parametrize("method", ["lora", "head"])
def test_the_packaged_model_knows_words_it_was_not_shown(method: Any, tmp_path: Path, dataset: Dataset) -> None:
    config = FitConfig(method=method, epochs=4, batch_size=8, threads=1, precision="fp32")
    fit(dataset, dataset, text_columns=["text"], config=config, output_dir=tmp_path)
    unseen = Dataset.from_dict(
        {"text": ["The package was left at the wrong door.", "You charged my credit card twice."]}
    )
    assert predict(tmp_path, unseen, text_columns=["text"]).labels.tolist() == [1, 0]
