"""Bias of labelled data and of the people who label it, as far as groups show it: functions of arrays."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curation.bias.amplified import Amplification as Amplification
    from curation.bias.amplified import Amplifications as Amplifications
    from curation.bias.amplified import amplification as amplification
    from curation.bias.collection import Target as Target
    from curation.bias.collection import balance_target as balance_target
    from curation.bias.findings import Findings as Findings
    from curation.bias.findings import GroupDifference as GroupDifference
    from curation.bias.identity_terms import identity_mentions as identity_mentions
    from curation.bias.label_shares import label_balance as label_balance
    from curation.bias.noise_shares import noise_by_group as noise_by_group
    from curation.bias.reader_effects import ReaderGroup as ReaderGroup
    from curation.bias.reader_effects import reader_groups as reader_groups
    from curation.bias.region_shares import RegionShare as RegionShare
    from curation.bias.region_shares import region_names as region_names
    from curation.bias.region_shares import representativeness as representativeness
    from curation.bias.surface import SurfaceCue as SurfaceCue
    from curation.bias.surface import surface_cues as surface_cues
    from curation.bias.weighting import Reweighting as Reweighting
    from curation.bias.weighting import reweighting as reweighting

# No module bears the name of a function here: importing it would put the module in the function's place.
_HOME = {
    "Amplification": "amplified",
    "Amplifications": "amplified",
    "Findings": "findings",
    "GroupDifference": "findings",
    "ReaderGroup": "reader_effects",
    "RegionShare": "region_shares",
    "Reweighting": "weighting",
    "SurfaceCue": "surface",
    "Target": "collection",
    "amplification": "amplified",
    "balance_target": "collection",
    "identity_mentions": "identity_terms",
    "label_balance": "label_shares",
    "noise_by_group": "noise_shares",
    "reader_groups": "reader_effects",
    "region_names": "region_shares",
    "representativeness": "region_shares",
    "reweighting": "weighting",
    "surface_cues": "surface",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'curation.bias' has no attribute {name!r}")
    return getattr(importlib.import_module(f"curation.bias.{_HOME[name]}"), name)
