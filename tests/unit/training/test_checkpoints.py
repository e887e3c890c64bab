"""Checkpoints are whole or of no account."""

from __future__ import annotations

from pathlib import Path

from training.engines.checkpoints import Seal, folder_of, last_checkpoint, seal


def made(folder: Path, step: int, *, run: str = "this", keep: tuple[Path, ...] = ()) -> Path:
    checkpoint = folder_of(folder, step)
    checkpoint.mkdir(parents=True)
    (checkpoint / "trained.safetensors").write_bytes(b"weights")
    seal(checkpoint, Seal(run=run, precision="fp32"), keep=keep)
    return checkpoint


def test_the_last_one_counts_by_its_number(tmp_path: Path) -> None:
    first = made(tmp_path, 90)
    last = made(tmp_path, 100, keep=(first,))
    found = last_checkpoint(tmp_path, run="this")
    assert found is not None
    assert found.folder == last
    assert found.seal == Seal(run="this", precision="fp32", parts=1)


def test_only_what_is_kept_stays_beside_a_new_one(tmp_path: Path) -> None:
    best, other = made(tmp_path, 6), made(tmp_path / "aside", 12)
    other.rename(folder_of(tmp_path, 12))
    (tmp_path / "aside").rmdir()
    last = made(tmp_path, 18, keep=(best,))
    assert set(tmp_path.iterdir()) == {best, last}


def test_what_is_not_whole_or_of_another_run_is_removed(tmp_path: Path) -> None:
    kept = made(tmp_path, 6)
    for number, said in ((12, ""), (18, "{"), (24, "[1]"), (30, '{"run": "this"}'), (36, '{"run": 1, "more": 2}')):
        folder_of(tmp_path, number).mkdir()
        (folder_of(tmp_path, number) / "whole.json").write_text(said)
    folder_of(tmp_path, 42).mkdir()
    assert last_checkpoint(tmp_path, run="another") is None
    assert not any(tmp_path.iterdir())
    kept = made(tmp_path, 6)
    folder_of(tmp_path, 42).mkdir()
    found = last_checkpoint(tmp_path, run="this")
    assert found is not None
    assert [*tmp_path.iterdir()] == [found.folder] == [kept]


def test_there_need_not_be_any(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path / "checkpoint", run="this") is None
