"""Whatever a file holds, it is read, or refused in one line: no other error comes out of the readers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from curation.errors import TwofoldError
from curation.sources.cleaning import Columns, clean
from curation.sources.readers import READERS, read_rows
from curation.sources.rows import Reading, Row

ROWS = [{"text": "Where is it, 'my order'?", "label": "question"}, {"text": 'She said "no"', "label": "é"}]
TABLE = "text,label\n" + "".join('"{}",{}\n'.format(r["text"].replace('"', '""'), r["label"]) for r in ROWS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Good bytes for every ending."""
    folder = tmp_path_factory.mktemp("whole")
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "a.parquet")
    book = Workbook()
    for row in [("text", "label"), *(tuple(row.values()) for row in ROWS)]:
        book.active.append(row)
    book.save(folder / "a.xlsx")
    found = {
        ".csv": TABLE.encode(),
        ".tsv": TABLE.replace(",", "\t").encode(),
        ".json": json.dumps(ROWS).encode(),
        ".jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
        ".parquet": (folder / "a.parquet").read_bytes(),
        ".xlsx": (folder / "a.xlsx").read_bytes(),
    }
    found[".ndjson"] = found[".jsonl"]
    return found | {f"{ending}.gz": gzip.compress(raw, mtime=0) for ending, raw in found.items()}


def refusal(run: Callable[[], object]) -> str | None:
    """Return the one line that a call ended with, if it did."""
    try:
        run()
    except TwofoldError as error:
        return str(error)
    return None


def read_or_refused(path: Path, reading: Reading) -> None:
    columns = Columns(fields={"text": "text"}, label="label")
    said = refusal(lambda: clean(read_rows(path, reading, columns=columns.named()), columns, source=path.name))
    assert said is None or (path.name in said and "\n" not in said)


READINGS = st.builds(
    Reading,
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16", "utf-16-le", "cp1252", "shift-jis"]),
    delimiter=st.sampled_from([None, ";", ","]),
    quoting=st.sampled_from([None, "csv", "none"]),
)
CHANGES = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3), st.integers(0, 40)), max_size=4)


@settings(deadline=None, max_examples=300)
@given(ending=st.sampled_from(sorted(READERS)), changes=CHANGES, reading=READINGS)
def test_a_file_with_changed_bytes_is_read_or_refused_in_one_line(whole, tmp_path_factory, ending, changes, reading):
    content = whole[ending]
    for where, put, taken in changes:
        at = int(where * len(content))
        content = content[:at] + put + content[at + taken :]
    path = tmp_path_factory.mktemp("any") / f"a{ending}"
    path.write_bytes(content)
    read_or_refused(path, reading)


@settings(deadline=None, max_examples=200)
@given(ending=st.sampled_from(sorted(READERS)), content=st.binary(max_size=60), reading=READINGS)
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path_factory, ending, content, reading):
    path = tmp_path_factory.mktemp("any") / f"a{ending}"
    path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)
    read_or_refused(path, reading)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=4))
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.text(max_size=3), SCALARS, max_size=2))


@settings(deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=5))
def test_any_values_become_records_or_reasons_or_one_line(triples):
    columns = Columns(fields={"text": "text"}, label="label", record_id="id")
    rows = [Row(n, dict(zip(("id", "text", "label"), t, strict=True))) for n, t in enumerate(triples, start=1)]
    said = refusal(lambda: clean(rows, columns, source="a.jsonl"))
    if said is not None:
        assert "\n" not in said
        return
    found = clean(rows, columns, source="a.jsonl")
    assert len(found.kept) + len(found.rejected) == len(rows)
    for record in found.kept:
        assert record["record_id"]
        for text in (record["record_id"], record["fields"]["text"], record["label"] or "x"):
            assert text.encode().decode() == text.strip()
