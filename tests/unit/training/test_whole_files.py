"""A file is on disk before it has its name, and its name is on disk before the writer goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from training.whole_files import put_in_place, write_whole


@pytest.fixture
def happened(monkeypatch):
    """What reached the disk or was renamed, in order: a power cut cannot be provoked."""
    sync, replace, events = os.fsync, os.replace, []

    def fsync(descriptor):
        events.append(("synced", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        sync(descriptor)

    def renamed(made, path):
        replace(made, path)
        events.append(("renamed", Path(path).name))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", renamed)
    return events


def test_a_file_is_synced_then_renamed_then_its_folder_is_synced(tmp_path, happened):
    write_whole(tmp_path / "new" / "labels.csv", lambda to: to.write_text("greeting"))
    (first, temporary), *rest = happened
    assert first == "synced"
    assert temporary.startswith(".labels.csv.")
    assert rest == [("renamed", "labels.csv"), ("synced", "new")]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["labels.csv"]


def test_all_that_lies_in_a_folder_is_synced_before_the_folder_is_renamed(tmp_path, happened):
    made = tmp_path / "made"
    (made / "rounds").mkdir(parents=True)
    (made / "rounds" / "labels.csv").write_text("greeting")
    put_in_place(made, tmp_path / "project")
    assert sorted(happened[:3]) == [("synced", "labels.csv"), ("synced", "made"), ("synced", "rounds")]
    assert happened[3:] == [("renamed", "project"), ("synced", tmp_path.name)]


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("old")

    def fails(to):
        to.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, fails)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_with_files_is_not_written_over(tmp_path):
    for name in ("made", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.csv").write_text(name)
    with pytest.raises(OSError, match="not empty"):
        put_in_place(tmp_path / "made", tmp_path / "there")
    assert (tmp_path / "there" / "labels.csv").read_text() == "there"
