"""What the docs promise is there: commands, settings, and the Python API."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from commands import every_command

from curation.cli import COMMANDS
from curation.project.config import Config
from curation.sources.readers import READERS
from curation.sources.rows import Reading
from curation.tasks.kinds import OURS
from training.config import FitConfig

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_in_the_readme_and_every_command_in_the_readme_exists():
    rows = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `twofold")]
    named = [set(re.findall(r"(?<![-\w])[a-z]+\b", row)) - {"twofold"} for row in rows]
    for path in every_command():
        assert any(set(path) <= words for words in named), f"README's table lacks twofold {' '.join(path)}"
    assert set().union(*named) <= {word for path in every_command() for word in path}
    assert set(re.findall(r"`twofold ([a-z]+)", README)) <= set(COMMANDS)


def test_every_setting_is_in_the_configuration_page():
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for section, field in Config.model_fields.items():
        nested = getattr(field.annotation, "model_fields", None)
        for name in nested or [section]:
            if section == "training" and f"\n        {name}: " in (FitConfig.__doc__ or ""):
                continue  # the page sends the reader there
            assert f"`{name}`" in page or f"`{section}.{name}" in page or f", `{name}`" in page, (section, name)
    for kind in OURS.values():
        for name in kind.settings.model_fields:
            assert f"`task.questions.NAME.{name}`" in page, (kind.name, name)


def test_what_the_readme_shows_of_python_works_and_imports_bring_no_torch():
    block = re.search(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert block is not None
    subprocess.run([sys.executable, "-c", block.group(1)], check=True)
    light = "import twofold, curation, evaluation, training, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", light], check=True)


def test_every_page_that_the_readme_links_is_there():
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / link).exists(), link


def test_every_file_that_comes_in_and_every_option_of_reading_is_on_the_page_of_files():
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    for ending in READERS:
        assert f"`{ending.removesuffix('.gz')}`" in page, ending
    for name in (*Reading.__dataclass_fields__, "join-labels", "gold", "test", "id", "labels-from-data"):
        assert f"--{name}" in page, name
