"""A sequence classifier that reads the mean of the token vectors, as sentence encoders were trained to be.

transformers' own BERT classifier reads the first token, which such encoders never trained. This file stands
on torch and transformers alone, because it is saved beside the weights: with it
`AutoModelForSequenceClassification` loads the folder under `trust_remote_code=True` where this package is not
installed.
"""

from __future__ import annotations

from typing import Any

from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class MeanPooledConfig(PretrainedConfig):  # type: ignore[misc]
    """The encoder's own configuration as a plain dictionary, and the class names."""

    model_type = "mean_pooled_classifier"

    def __init__(self, encoder: dict[str, Any] | None = None, head_dropout: float = 0.1, **rest: Any) -> None:
        self.encoder = encoder or {}
        self.head_dropout = head_dropout
        super().__init__(**rest)


def without_pooler(encoder: Any) -> Any:
    """The encoder without its first-token layer, which nothing here would read or train."""
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    return encoder


class MeanPooledClassifier(PreTrainedModel):  # type: ignore[misc]
    """Encoder, mean over the real tokens, unit norm, linear head."""

    config_class = MeanPooledConfig
    base_model_prefix = "encoder"
    _supports_sdpa = True

    def __init__(self, config: MeanPooledConfig) -> None:
        super().__init__(config)
        settings = dict(config.encoder)
        inner = AutoConfig.for_model(settings.pop("model_type"), **settings)
        self.encoder = without_pooler(AutoModel.from_config(inner))
        self.dropout = nn.Dropout(config.head_dropout)
        self.classifier = nn.Linear(inner.hidden_size, config.num_labels)
        self.post_init()

    def forward(
        self, input_ids: Any = None, attention_mask: Any = None, **rest: Any
    ) -> SequenceClassifierOutput:
        """Logits (batch, classes) from token numbers and mask (batch, tokens)."""
        inputs = {name: rest[name] for name in ("token_type_ids",) if rest.get(name) is not None}
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **inputs).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        pooled = nn.functional.normalize(pooled, dim=1)
        return SequenceClassifierOutput(logits=self.classifier(self.dropout(pooled)))
