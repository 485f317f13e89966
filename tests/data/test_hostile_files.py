"""Broken and hostile files, each with the one line it gets."""

import gzip
import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unseen.data import ArraySource, open_source
from unseen.data.files import DiskFile
from unseen.errors import DataError

LONG = "".join(f"{i},w{i % 7}\n" for i in range(400_000))  # several blocks


def parquet(**columns) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=1000)
    return sink.getvalue()


def arrow(**columns) -> bytes:
    sink = io.BytesIO()
    table = pa.table(columns)
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return sink.getvalue()


def arrow_stream(**columns) -> bytes:
    sink = io.BytesIO()
    table = pa.table(columns)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return sink.getvalue()


def npz(**arrays) -> bytes:
    sink = io.BytesIO()
    np.savez_compressed(sink, **arrays)
    return sink.getvalue()


def zipped(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return sink.getvalue()


def header(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    sink = io.BytesIO()
    np.lib.format.write_array_header_1_0(sink, {"descr": dtype, "fortran_order": False, "shape": shape})
    return sink.getvalue()


def damaged(data: bytes, at: float, count: int = 40) -> bytes:
    start = int(len(data) * at)
    return data[:start] + bytes(255 - b for b in data[start : start + count]) + data[start + count :]


NUMBERS = np.random.default_rng(0).normal(size=5000)
GZIPPED = gzip.compress(LONG.encode())

CASES = {
    # text
    "empty.csv": (b"", "is empty"),
    "blank.csv": (b"\n\r\n\n", "is empty"),
    "empty.csv.gz": (gzip.compress(b""), "is empty"),
    "header only.csv": (b"a,b\n", "has a header and no rows"),
    "header only without break.csv": (b"a,b", "has a header and no rows"),
    "twice.csv": (b"a,b, a\n1,2,3\n", "column name 'a' comes 2 times"),
    "index.csv": (b",b\n0,2\n", "column 1 has no name"),
    "no header.csv": (b"0.5,1\n0.7,2\n", "the first row holds only numbers"),
    "ragged.csv": (b"a,b\n1,2\n3\n5,6\n", "row 1 (line 3) has 1 value, but there are 2 columns"),
    "long row.csv": (b"a,b\n1,2\n3,4,5\n", "row 1 (line 3) has 3 values"),
    "ragged far down.csv": (f"n,w\n{LONG}5\n".encode(), "row 400000 (line 400002) has 1 value,"),
    "word far down.csv": (
        f"n,w\n{LONG}oops,w\n".encode(),
        "row 400000 (line 400002), column 'n': 'oops' is not a number",
    ),
    "word far down after quoted breaks.csv": (
        ("w,n\n" + '"a\nb",1\n\n' * 300_000 + "c,oops\n").encode(),
        "row 300000 (line 900002), column 'n': 'oops' is not a number",
    ),
    "date far down.csv": (
        ("t\n" + "2024-01-01 00:00:00\n" * 200_000 + "yesterday\n").encode(),
        "row 200000 (line 200002), column 't': 'yesterday' is not a date",
    ),
    "decimal comma far down.csv": (
        ("n;w\n" + "1,5;a\n" * 400_000 + "1,5,5;a\n").encode(),
        "row 400000 (line 400002), column 'n': '1,5,5' is not a number",
    ),
    "open quote.csv": (b'a,b\n1,"x\n3,4\n5,6\n', "a quote opened in line 2 is never closed"),
    "open quote far down.csv": (
        f'n,w\n{LONG}1,"oops\n{LONG}'.encode(),
        "a quote opened in line 400002 is never closed",
    ),
    "latin.csv": ("a,b\n1,stra\xdfe\n".encode("latin1"), "byte 10 (0xdf) is not UTF-8"),
    "latin far down.csv": (f"n,w\n{LONG}1,\xe9\n".encode("latin1"), "(0xe9) is not UTF-8"),
    "cut in a letter.csv": ("a,b\n1,é".encode()[:-1], "byte 6 (0xc3) is not UTF-8"),
    "sixteen.csv": ("a,b\n1,2\n".encode("utf-16"), "is UTF-16 text"),
    "nul.csv": (b"a,b\n1,\0\n", "byte 6 is NUL"),
    "junk.csv": (bytes(range(1, 256)) * 20, "is not UTF-8"),
    "junk": (b"\x01\x02\x00\x07" * 50, "byte 2 is NUL"),
    "cut.csv.gz": (GZIPPED[: len(GZIPPED) // 2], "is a broken or truncated gzip file"),
    "cut at once.csv.gz": (GZIPPED[:12], "is a broken or truncated gzip file"),
    "damaged.csv.gz": (damaged(GZIPPED, 0.5), "damaged.csv.gz"),
    "binary.csv.gz": (gzip.compress(parquet(a=NUMBERS)), "binary.csv.gz"),
    "one endless word.csv": (b"a" * (1 << 20), "the first lines cannot be parsed"),
    "one endless line.csv": (b"a" * (9 << 20), "line 1 is longer than 4 MiB"),
    # Parquet
    "cut.parquet": (parquet(a=NUMBERS)[:-10], "is not a Parquet file, or is truncated or damaged"),
    "half.parquet": (parquet(a=NUMBERS)[:9000], "is not a Parquet file, or is truncated or damaged"),
    "text.parquet": (b"a,b\n1,2\n", "is not a Parquet file"),
    "only magic.parquet": (b"PAR1\x15", "is not a Parquet file"),
    "no rows.parquet": (parquet(a=NUMBERS[:0]), "holds no rows"),
    "twice.parquet": (parquet(**{"a": NUMBERS, "a ": NUMBERS}), "column name 'a' comes 2 times"),
    # Arrow
    "cut.arrow": (arrow(a=NUMBERS)[:-30], "is not an Arrow file"),
    "cut stream.arrow": (arrow_stream(a=NUMBERS)[:20000], "is not an Arrow file"),
    "junk.arrow": (b"\xff\xff\xff\xff" + b"\x7f" * 60, "is not an Arrow file"),
    "no rows.arrow": (arrow_stream(a=NUMBERS[:0]), "holds no rows"),
    "bad offsets.arrow": (
        arrow_stream(a=["alpha", "beta"]).replace(
            b"\0\0\0\0\5\0\0\0\x09\0\0\0", b"\0\0\0\0\5\0\0\0\xff\xff\xff\x7f"
        ),
        "is not an Arrow file",
    ),
    # NumPy
    "objects.npz": (npz(X=np.array([{}, 1], dtype=object)), "array 'X' holds Python objects"),
    "objects.npy": (header((2,), "|O") + pickle.dumps([1, 2]), "array 'X' holds Python objects"),
    "cut.npz": (npz(X=NUMBERS)[:-100], "is not a NumPy file, or is truncated or damaged"),
    "cut.npy": (header((5,)) + b"\0" * 30, "array 'X' ends 10 bytes too early"),
    "damaged.npz": (damaged(npz(X=NUMBERS), 0.5), "is not a NumPy file, or is truncated or damaged"),
    "bomb.npz": (zipped(X=header((1 << 40, 8))), "array 'X' declares 65536.0 GiB, above the limit of 8 GiB"),
    "bomb in one row.npz": (zipped(X=header((1, 1 << 60))), "above the limit of 8 GiB"),
    "negative.npz": (zipped(X=header((-5, 3))), "has shape (-5, 3)"),
    "lying.npz": (zipped(X=header((1000, 3)) + b"\0" * 80), "ends 23920 bytes too early"),
    "code in header.npz": (zipped(X=header((1,)).replace(b"False", b"f(10)")), "is not a NumPy file"),
    "version 3.npz": (zipped(X=b"\x93NUMPY\x03\x00" + header((1,))[8:]), "header of version (3, 0)"),
    "five axes.npz": (npz(X=np.zeros((2, 2, 2, 2, 2))), "has shape (2, 2, 2, 2, 2); accepted"),
    "no rows.npz": (npz(X=np.zeros((0, 3))), "so it holds no rows"),
    "complex.npz": (npz(X=np.zeros((3, 2), dtype=complex)), "has type complex128"),
    "structured.npz": (npz(X=np.zeros(3, dtype=[("a", "f8")])), "accepted: numbers, text, dates"),
    "lengths.npz": (
        npz(a=np.zeros((3, 2)), b=np.zeros((4, 2))),
        "arrays of different lengths (a (3, 2), b (4, 2))",
    ),
    "book.npz": (zipped(), "is a zip archive without arrays"),
    "text.npz": (b"a,b\n1,2\n", "is not a NumPy file"),
    # foreign
    "model.csv": (pickle.dumps({"a": list(range(9))}), "is a pickle, which is never loaded"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n", "is a single image"),
    "table.h5": (b"\x89HDF\r\n\x1a\n", "is not an HDF5 file, or is truncated or damaged"),
    "events.root": (b"root\0\0\xf2\x1c", "is not a ROOT file, or is truncated or damaged"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_file_gets_one_line(tmp_path, name, monkeypatch):
    monkeypatch.setattr("unseen.data.blocks.LONGEST_RECORD", 1 << 22)
    data, message = CASES[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        open_source(path).read()
    line = str(caught.value)
    assert message in line
    assert str(path) in line
    assert "\n" not in line
    assert len(line) < 500 + len(str(path))


def test_a_file_cut_anywhere_is_an_error_or_whole_rows(tmp_path):
    """No cut of a binary file passes silently for the whole."""
    path = tmp_path / "cut"
    for make in (parquet, arrow, arrow_stream, npz):
        data = make(a=NUMBERS[:300])
        for end in range(1, len(data), 97):
            path.write_bytes(data[:end])
            with pytest.raises(DataError):
                open_source(path).read()


def folder(path: Path, *names: str) -> Path:
    path.mkdir()
    for name in names:
        (path / name).write_bytes(b"some text")
    return path


def two_tables(path: Path, second: pa.Table) -> Path:
    path.mkdir()
    pq.write_table(pa.table({"a": [1.0], "b": ["x"]}), path / "1.parquet")
    pq.write_table(second, path / "2.parquet")
    return path


INPUTS = {
    "absent file": (lambda tmp: tmp / "flows.csv", "does not exist. Did you mean 'flow.csv'?"),
    "absent folder": (lambda tmp: tmp / "no" / "flows.csv", "Nor does the folder"),
    "empty folder": (lambda tmp: folder(tmp / "empty"), "is a folder without data (0 files)"),
    "folder of text": (
        lambda tmp: folder(tmp / "texts", "a.md", "b.md"),
        "is a folder without data (2 files)",
    ),
    "other columns": (lambda tmp: two_tables(tmp / "t", pa.table({"a": [1.0], "c": ["x"]})), "columns: b, c"),
    "other types": (
        lambda tmp: two_tables(tmp / "t", pa.table({"a": [1.0], "b": [2.0]})),
        "column 'b' is double, but string",
    ),
    "text mode": (lambda tmp: io.StringIO("a\n1\n"), "is open in text mode"),
    "empty stream": (lambda tmp: io.BytesIO(), "is empty"),
    "a list": (lambda tmp: [1, 2], "list is not a source of rows"),
    "a vector": (lambda tmp: np.ones(3), "array of shape (3,)"),
    "an array of objects": (lambda tmp: np.array([[{}]]), "type object"),
    "a table of no rows": (lambda tmp: pa.table({"a": pa.array([], pa.float64())}), "holds no rows"),
    "a table of no columns": (lambda tmp: pa.table({}), "has no columns"),
    "a frame of mixed types": (lambda tmp: pd.DataFrame({"a": [1, "x", {}]}), "mixed types"),
}


@pytest.mark.parametrize("case", INPUTS)
def test_what_is_not_a_source_gets_one_line(tmp_path, case):
    make, message = INPUTS[case]
    (tmp_path / "flow.csv").write_text("a\n1\n")
    with pytest.raises(DataError) as caught:
        open_source(make(tmp_path)).read()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


NAMES = {
    "too few names": (b"1,2,3\n", ["a", "b"], "has 3 columns, but 2 names were given"),
    "names twice": (b"1,2\n", ["a", "a"], "column name 'a' comes 2 times"),
    "names for Parquet": (parquet(a=NUMBERS), ["b"], "names its own columns"),
    "names for an array": (npz(X=np.ones((2, 3))), ["b"], "has 3 columns, but 1 names were given"),
}


@pytest.mark.parametrize("case", NAMES)
def test_names_that_do_not_fit(case):
    data, names, message = NAMES[case]
    with pytest.raises(DataError, match=message):
        open_source(io.BytesIO(data), names=names).read()


def test_select_offers_the_nearest_name():
    with pytest.raises(
        DataError, match=r"column 'Flow Durations' is not known.*Did you mean 'Flow Duration'"
    ):
        open_source(pa.table({"Flow Duration": [1]})).select(["Flow Durations"])


def test_limit_and_keys_of_arrays(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, X=np.ones((1000, 10)))
    with pytest.raises(DataError, match="above the limit of"):
        ArraySource(DiskFile(path), limit=79_999)
    assert ArraySource(DiskFile(path), limit=80_000).read().num_rows == 1000
    with pytest.raises(DataError, match=r"array 'x' is not known; accepted: X"):
        ArraySource(DiskFile(path), keys=["x"])
