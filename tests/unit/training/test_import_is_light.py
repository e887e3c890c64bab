import subprocess
import sys

import pytest


def test_importing_training_loads_neither_torch_nor_sklearn() -> None:
    code = "import sys, training; print([m for m in ('torch', 'sklearn', 'transformers') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_config_and_results_need_no_torch_either() -> None:
    code = "import sys; from training import FitConfig, FitResult; FitConfig(); print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import training

    with pytest.raises(AttributeError, match="'fitt'"):
        _ = training.fitt
