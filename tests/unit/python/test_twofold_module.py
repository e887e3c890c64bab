"""`import twofold`: light, lazy, typed, and plain about what stands in its way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import twofold as tf


def run(code: str, folder: Path | None = None) -> str:
    root = str(Path(tf.__file__).parents[1])
    start = f"import sys; sys.path[:0] = ['', {root!r}]\n"
    ran = subprocess.run([sys.executable, "-c", start + code], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_importing_it_takes_no_library() -> None:
    heavy = ("torch", "pandas", "numpy", "pyarrow", "sklearn", "curation", "training", "evaluation")
    assert run(f"import twofold\nprint([name for name in {heavy} if name in sys.modules])") == "[]"
    assert run("import twofold as tf\ntf.agreement\nprint('torch' in sys.modules)") == "False"


def test_its_names_are_listed_and_are_those_of_the_rooms() -> None:
    assert dir(tf) == sorted(tf.__all__)
    assert "consensus" in dir(tf)
    for name in tf.__all__:
        assert getattr(tf, name).__name__ == {"Score": "Interval"}.get(name, name)
    with pytest.raises(AttributeError, match="module 'twofold' has no attribute 'agreemint'"):
        _ = tf.agreemint


def test_what_type_checkers_see_is_what_is_there(tmp_path: Path) -> None:
    assert (Path(tf.__file__).parent / "py.typed").is_file()
    source = Path(tf.__file__).read_text(encoding="utf-8")
    for name in tf.__all__:
        assert f" import {name} as {name}\n" in source, name


def test_a_package_of_the_same_name_that_comes_first_is_named(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    assert run("import twofold as tf\nprint(tf.FitConfig.__name__)", tmp_path) == "FitConfig"
    (tmp_path / "training" / "__init__.py").touch()
    asked = (
        "for name in ('embed', 'label_quality'):\n    try:\n        getattr(tf, name)\n    except ImportError as error:"
    )
    code = f"import twofold as tf\nprint(tf.evaluate.__name__)\n{asked}\n        print(error)"
    first, *others = run(code, tmp_path).splitlines()
    assert first == "evaluate"
    assert len(others) == 2  # also where `curation` is asked for, which imports ours
    assert all("expected Twofold's own 'training'" in each and "rename that one" in each for each in others)
