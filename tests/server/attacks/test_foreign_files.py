"""Somebody hands over a file, a data set or a backup: it is taken whole or refused in one line, with nothing left."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import datasets
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.embedded.home.backup import MANIFEST, Backup

GIB = 2**30
MEMORY = 6 * GIB
"""Address space that a command gets here; libraries reserve two without using them."""

ZEROS = b"0" * 2**20


def twofold(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command as a process with an end to its memory and its time."""
    command = [sys.executable, "-c", "from curation.cli import main; main()", *map(str, arguments)]
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))  # noqa: E731
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False, preexec_fn=limit
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done.stderr[-2000:]
    assert done.stderr.startswith("twofold: ")
    assert done.stderr.count("\n") == 1, done.stderr[:2000]
    assert len(done.stderr) < 2000
    for word in words:
        assert word in done.stderr


def zeros(packed: zipfile.ZipFile, name: str) -> None:
    with packed.open(name, "w", force_zip64=True) as part:
        for _ in range(600):
            part.write(ZEROS)


# What `twofold init` reads


def deep_json(path: Path) -> None:
    path.with_suffix(".json").write_text('[{"text": ' + "[" * 200_000 + "]" * 200_000 + "}]")


def deep_json_lines(path: Path) -> None:
    path.with_suffix(".jsonl").write_text('{"text": ' + '{"a": ' * 200_000 + "\n")


def nearly_too_deep_json(path: Path) -> None:
    path.with_suffix(".json").write_text('[{"text": ' + "[" * 990 + "]" * 990 + "}]")


def json_of_one_number(path: Path) -> None:
    path.with_suffix(".json").write_text('[{"text": ' + "9" * 100_000 + "}]")


def gzip_bomb(path: Path) -> None:
    with gzip.open(path.with_suffix(".csv.gz"), "wb") as packed:
        packed.write(b"text\n")
        for _ in range(600):
            packed.write(ZEROS)


def workbook_bomb(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.save(path.with_suffix(".xlsx"))
    with zipfile.ZipFile(path.with_suffix(".xlsx"), "a", zipfile.ZIP_DEFLATED) as packed:
        zeros(packed, "xl/worksheets/sheet2.xml")


def parquet_bomb_of_pages(path: Path) -> None:
    table = pa.table({"text": ["0" * 2**20 + str(i) for i in range(300)]})
    pq.write_table(table, path.with_suffix(".parquet"), compression="zstd", use_dictionary=False)


def parquet_bomb_of_a_dictionary(path: Path) -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), ["0" * 2**20])
    pq.write_table(pa.table({"text": text}), path.with_suffix(".parquet"), compression="zstd")


def parquet_bomb_of_nothing(path: Path) -> None:
    table = pa.table({"text": pa.nulls(150_000_000, pa.string())})
    pq.write_table(table, path.with_suffix(".parquet"), compression="zstd")


def parquet_cut_short(path: Path) -> None:
    pq.write_table(pa.table({"text": ["The soup was cold."] * 99}), path.with_suffix(".parquet"))
    whole = path.with_suffix(".parquet").read_bytes()
    path.with_suffix(".parquet").write_bytes(whole[: len(whole) // 2])


def parquet_without_its_pages(path: Path) -> None:
    pq.write_table(pa.table({"text": [f"The soup was cold {i}." for i in range(9999)]}), path.with_suffix(".parquet"))
    whole = bytearray(path.with_suffix(".parquet").read_bytes())
    whole[4 : len(whole) // 2] = bytes(len(whole) // 2 - 4)
    path.with_suffix(".parquet").write_bytes(whole)


def saved(path: Path) -> Path:
    datasets.Dataset.from_dict({"text": ["The soup was cold.", "A fine evening."]}).save_to_disk(str(path))
    return path


def changed(path: Path, name: str, **values: Any) -> None:
    found = json.loads((path / name).read_text())
    (path / name).write_text(json.dumps({**found, **values}))


def saved_elsewhere(path: Path) -> None:
    other = saved(path.with_name("other"))
    names = [{"filename": f"../other/{file.name}"} for file in other.glob("*.arrow")]
    changed(saved(path), "state.json", _data_files=names)


def saved_with_deep_settings(path: Path) -> None:
    (saved(path) / "dataset_info.json").write_text("[" * 200_000)


def saved_with_other_features(path: Path) -> None:
    changed(saved(path), "dataset_info.json", features={"text": {"_type": "Popen", "args": ["touch", "trace"]}})


def saved_without_a_state(path: Path) -> None:
    (saved(path) / "state.json").write_text("{}")


def saved_as_a_pickle(path: Path) -> None:
    for file in saved(path).glob("*.arrow"):
        file.write_bytes(pickle.dumps({"text": ["a"]}))


def saved_with_a_script(path: Path) -> None:
    path.mkdir()
    (path / "data.py").write_text(f"open({str(path.with_name('trace'))!r}, 'w').write('ran')\n")
    (path / "dataset_dict.json").write_text('{"splits": ["../../etc"]}')


DATA = [
    deep_json,
    deep_json_lines,
    nearly_too_deep_json,
    json_of_one_number,
    gzip_bomb,
    workbook_bomb,
    parquet_bomb_of_pages,
    parquet_bomb_of_a_dictionary,
    parquet_bomb_of_nothing,
    parquet_cut_short,
    parquet_without_its_pages,
    saved_elsewhere,
    saved_with_deep_settings,
    saved_with_other_features,
    saved_without_a_state,
    saved_as_a_pickle,
    saved_with_a_script,
]


@pytest.mark.parametrize("case", DATA)
def test_data_that_would_fill_the_memory_or_run_is_refused(case: Callable[[Path], None], tmp_path: Path) -> None:
    case(tmp_path / "data")
    (given,) = tmp_path.glob("data*")
    before = sorted(tmp_path.iterdir())
    words = [str(given), *(["unpacks to more than"] if "bomb" in case.__name__ else [])]
    refused(twofold("init", tmp_path / "project", "--data", given, "--text", "text", "--labels", "a,b"), *words)
    assert sorted(tmp_path.iterdir()) == before


def test_what_packs_well_is_still_read(tmp_path: Path) -> None:
    rows = "".join(f"{i},The soup was cold and nobody came to table {i}.\n" for i in range(20_000))
    with gzip.open(tmp_path / "data.csv.gz", "wt") as packed:
        packed.write("id,text\n" + rows)
    numbers = list(range(20_000))
    texts = pa.array([f"A fine evening {i // 2}." for i in numbers]).dictionary_encode()
    table = pa.table({"id": numbers, "text": texts, "label": ["a", "b"] * 10_000})
    pq.write_table(table, tmp_path / "data.parquet", compression="zstd")
    for name in ("data.csv.gz", "data.parquet"):
        made = tmp_path / name.replace(".", "-")
        done = twofold("init", made, "--data", tmp_path / name, "--text", "text", "--id", "id", "--labels", "a,b")
        assert (done.returncode, done.stderr) == (0, "")
        assert "20000 of 20000 rows" in done.stdout or "10000 of 20000 rows" in done.stdout


# What `twofold restore` unpacks

SAYS = Backup(format=1, layout=1, made_at="2026-01-01T00:00:00+00:00", argilla_server="2.8.0", revision=None)


def pack(file: Path, contents: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {MANIFEST: json.dumps(asdict(SAYS)).encode(), **contents}.items():
            packed.writestr(name, content)


def no_database(file: Path) -> None:
    pack(file, {"credentials.json": b"{}"})


def no_manifest(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("argilla.db", b"")


def a_bomb(file: Path) -> None:
    pack(file, {})
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
        zeros(packed, "argilla.db")


def a_bomb_of_secrets(file: Path) -> None:
    pack(file, {"argilla.db": b"", "credentials.json": b" " * 2**24})


def a_name_that_leads_out(file: Path) -> None:
    pack(file, {"argilla.db": b"", "../outside": b"mine"})


def an_absolute_name(file: Path) -> None:
    pack(file, {"argilla.db": b"", "/tmp/outside": b"mine"})


def a_name_twice(file: Path) -> None:
    pack(file, {"argilla.db": b""})
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(file, "a") as packed:
        packed.writestr("argilla.db", b"another")


def another_file(file: Path) -> None:
    pack(file, {"argilla.db": b"", "valkey/appendonly.aof": b""})


def a_link(file: Path) -> None:
    pack(file, {})
    link = zipfile.ZipInfo("argilla.db")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(file, "a") as packed:
        packed.writestr(link, "/etc/passwd")


def a_database_of_something_else(file: Path) -> None:
    pack(file, {"argilla.db": b"The soup was cold." * 999})


def an_empty_database(file: Path) -> None:
    pack(file, {"argilla.db": b"", MANIFEST: json.dumps(asdict(SAYS) | {"revision": "6ed1b8bf8e08"}).encode()})


def a_deep_manifest(file: Path) -> None:
    pack(file, {"argilla.db": b"", MANIFEST: b"[" * 200_000})


def a_manifest_of_other_kinds(file: Path) -> None:
    pack(file, {"argilla.db": b"", MANIFEST: b'{"format": "1", "layout": null}'})


def packed_in_a_way_nobody_knows(file: Path) -> None:
    pack(file, {"argilla.db": b"SQLite" * 99})
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"\x08\x00", b"\x63\x00"))


def encrypted(file: Path) -> None:
    pack(file, {"argilla.db": b"SQLite" * 99})
    whole = bytearray(file.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := whole.find(mark, at + 1)) >= 0:
            whole[at + offset] |= 1
    file.write_bytes(whole)


BACKUPS = [
    no_database,
    no_manifest,
    a_bomb,
    a_bomb_of_secrets,
    a_name_that_leads_out,
    an_absolute_name,
    a_name_twice,
    another_file,
    a_link,
    a_database_of_something_else,
    an_empty_database,
    a_deep_manifest,
    a_manifest_of_other_kinds,
    packed_in_a_way_nobody_knows,
    encrypted,
]


@pytest.mark.parametrize("case", BACKUPS)
def test_a_backup_that_is_none_is_refused_before_it_is_unpacked(case: Callable[[Path], None], tmp_path: Path) -> None:
    case(tmp_path / "night.zip")
    refused(twofold("restore", tmp_path / "night.zip", "--home", tmp_path / "home"), "night.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["night.zip"]
    (tmp_path / "home").mkdir()
    refused(twofold("restore", tmp_path / "night.zip", "--home", tmp_path / "home"), "night.zip")
    assert {path.name for path in (tmp_path / "home").iterdir()} <= {"supervisor.lock"}
