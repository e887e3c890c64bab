"""What another process removes while a folder is gone through is no matter."""

from __future__ import annotations

from pathlib import Path

from curation.safety.plain_files import close_to_others, what_is_odd


def test_a_file_that_went_meanwhile_stops_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.touch(mode=0o644)
    paths = [tmp_path / "went.tmp", kept]
    close_to_others(paths)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert what_is_odd(paths, tmp_path) is None
