"""TRL's trainers as engines of a run: nothing leaves the machine, epochs are judged on the whole validation part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import datasets
import numpy as np
import torch
from transformers.trainer_callback import PrinterCallback
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from training.answers.outputs import moved
from training.answers.validation import Validated
from training.data.batching import IntArray, token_budget_batches
from training.data.chats import UNLEARNT
from training.data.records import TokenizedRecords
from training.data.sequences import batch_of
from training.engines.engine import Keeper, Run, arguments
from training.engines.token_rows import OfTokens
from training.fit_task import LanguageTask

_CPU_TOKENS, _GPU_TOKENS = 2048, 16_384  # padded tokens per batch where nothing is learnt
_BEFORE = ("ref_chosen_logps", "ref_rejected_logps")


def writing(model: Any, run: Run[LanguageTask]) -> Any:
    """Return the engine that learns what is marked in token numbers, by the mean loss over the tokens of a batch."""
    return _Writing(model, run)


def preferring(model: Any, run: Run[LanguageTask]) -> Any:
    """Return the engine that learns to write the better of two answers (Rafailov et al. 2023, equation 7)."""
    return _Preferring(model, run)


class _OfLanguage(OfTokens):
    compute_loss_context_manager: Callable[[], Any]

    def _send_telemetry(self) -> None:
        """Nothing: what runs here is nobody else's business."""

    def create_model_card(self, *args: Any, **named: Any) -> None:
        """Nothing: a card of ours is written elsewhere."""

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **named: Any) -> Any:
        rows = inputs.pop("rows")
        loss = super().compute_loss(model, inputs, *args, **named)  # type: ignore[misc]
        self.of.heard(loss, rows)
        return loss

    def _quietly(self, part: TokenizedRecords) -> Iterator[IntArray]:
        """Rows of a part in batches, with a model that does not learn."""
        self.model.eval()
        budget = _CPU_TOKENS if self.of.compute.device == "cpu" else _GPU_TOKENS
        for rows in token_budget_batches(part.lengths, budget=budget):
            with torch.no_grad(), self.compute_loss_context_manager():
                yield rows

    @property
    def _bare(self) -> Any:
        return self.accelerator.unwrap_model(self.model)


class _Writing(_OfLanguage, SFTTrainer):  # type: ignore[misc]
    def __init__(self, model: Any, run: Run[LanguageTask]) -> None:
        self.of = run
        super().__init__(
            model=model,
            args=SFTConfig(
                **arguments(run),
                max_length=None,
                gradient_checkpointing=False,
                dataset_kwargs={"skip_prepare_dataset": True},
            ),
            train_dataset=datasets.Dataset.from_dict(run.task.train.inputs),
            eval_dataset=datasets.Dataset.from_dict(run.task.validation.inputs),
            processing_class=run.task.tokenizer,
            data_collator=self._collated,
            callbacks=[Keeper(run)],
        )
        self.pop_callback(PrinterCallback)

    def validated(self) -> Validated:
        part = self.of.task.validation
        loss, right, tokens = 0.0, 0, 0
        for rows in self._quietly(part):
            found = self._bare(**moved(batch_of(part, rows, pad=self._pad), self.args.device), fused_lm_head=True)
            loss -= float(found.log_probs.double().sum())
            right += int(found.is_top1.sum())
            tokens += int(found.label_mask.sum())
        return Validated(validation_loss=loss / tokens, macro_f1=None, accuracy=right / tokens)


class _Preferring(_OfLanguage, DPOTrainer):  # type: ignore[misc]
    """What the model said of the answers before is reckoned once, so that it is not in memory twice."""

    def __init__(self, model: Any, run: Run[LanguageTask]) -> None:
        self.of = run
        super().__init__(
            model=model,
            args=DPOConfig(
                **arguments(run),
                max_length=None,
                gradient_checkpointing=False,
                beta=run.config.preference_beta,
                precompute_ref_log_probs=True,
            ),
            train_dataset=datasets.Dataset.from_dict(run.task.train.inputs),
            eval_dataset=datasets.Dataset.from_dict(run.task.validation.inputs),
            processing_class=run.task.tokenizer,
            callbacks=[Keeper(run)],
        )
        self.pop_callback(PrinterCallback)
        if "ref" in getattr(self.model, "peft_config", {}):  # the model as it was is the one without its factors
            self.model.delete_adapter("ref")
        self.before, self.before_validation = self._said(run.task.train), self._said(run.task.validation)

    def _prepare_dataset(self, dataset: Any, *args: Any, **named: Any) -> Any:
        return dataset

    def _precompute_ref_logps(self, dataset: Any, *args: Any, **named: Any) -> Any:
        return dataset

    def _collated(self, rows: list[int]) -> dict[str, Any]:
        part, at = self.of.task.train, np.array(rows)
        before = dict(zip(_BEFORE, self.before[at].T, strict=True))
        return {"rows": torch.from_numpy(at), **self._pairs(part, at), **before}

    def validated(self) -> Validated:
        part = self.of.task.validation
        moved_by = self._said(part) - self.before_validation
        ahead = self.of.config.preference_beta * (moved_by[:, 0] - moved_by[:, 1])
        loss = torch.nn.functional.softplus(-ahead).mean()
        return Validated(validation_loss=float(loss), macro_f1=None, accuracy=float((ahead > 0).double().mean()))

    def _pairs(self, part: TokenizedRecords, rows: IntArray) -> dict[str, torch.Tensor]:
        columns = part.rows(rows)
        examples = [dict(zip(columns, each, strict=True)) for each in zip(*columns.values(), strict=True)]
        return dict(DataCollatorForPreference(pad_token_id=self._pad)(examples))

    def _said(self, part: TokenizedRecords) -> torch.Tensor:
        """(n, 2) log probabilities of the chosen and the rejected answers by the model as it is."""
        found = torch.zeros(len(part), 2)
        for rows in self._quietly(part):
            given = moved(self._pairs(part, rows), self.args.device)
            learnt = given.pop("completion_mask")
            labels = given["input_ids"].masked_fill(learnt == 0, UNLEARNT)
            said = self._bare(**given, labels=labels, use_cache=False, fused_lm_head=True).log_probs.float().sum(dim=1)
            found[rows] = said.reshape(2, -1).T.cpu()
        return found
