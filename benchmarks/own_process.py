"""A measurement in a process of its own, so that the memory it held is its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import numpy as np
import pandas as pd


def peak_gib() -> float:
    """Return the most memory that this process has held, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def printed_by(module: str, *arguments: object) -> dict[str, float]:
    """Run a module and return the numbers that it prints as one line of JSON."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {name: float(value) for name, value in json.loads(said).items()}


def exponent(measured: pd.Series) -> float:
    """Return the slope of the logarithm of what was measured over that of the sizes in its index."""
    return round(float(np.polyfit(np.log(measured.index.to_numpy(float)), np.log(measured.to_numpy()), 1)[0]), 2)
