"""Augmentation of the train part, behind a gate that keeps the label."""

from curation.augmentation.augment import Augmented, augment
from curation.augmentation.gain import Gain, augmentation_gain
from curation.augmentation.gate import Gate, label_gate

__all__ = ["Augmented", "Gain", "Gate", "augment", "augmentation_gain", "label_gate"]
