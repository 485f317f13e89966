"""The same rows, whatever file they come from."""

import gzip
import io
import os
import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

from unseen.data import ArraySource, TableSource, open_source
from unseen.data.blocks import blocks
from unseen.data.files import DiskFile
from unseen.errors import ConfigError, DataError
from unseen.seeds import generator

ROWS = 5000


def mixed() -> pa.Table:
    random = generator(4)
    words = random.choice(["http", "dns, tcp", 'a "quoted" one', "zwölf"], ROWS)
    return pa.table(
        {
            "bytes": random.integers(0, 10**6, ROWS).astype(float),
            "rate": random.lognormal(0, 5, ROWS),
            "service": pa.array(words),
            "secure": random.random(ROWS) < 0.5,
            "time": pa.array(np.datetime64("2024-01-01", "ns") + random.integers(0, 10**15, ROWS)),
        }
    )


def csv_bytes(table: pa.Table, delimiter: str = ",") -> bytes:
    sink = io.BytesIO()
    pa_csv.write_csv(table, sink, pa_csv.WriteOptions(delimiter=delimiter))
    return sink.getvalue()


def write_csv(path, table):
    path.write_bytes(csv_bytes(table))


def write_csv_bom(path, table):
    path.write_bytes(b"\xef\xbb\xbf" + csv_bytes(table))


def write_crlf(path, table):
    path.write_bytes(csv_bytes(table).replace(b"\n", b"\r\n"))


def write_gzip(path, table):
    path.write_bytes(gzip.compress(csv_bytes(table)))


def write_two_gzip_members(path, table):
    data = csv_bytes(table)
    path.write_bytes(gzip.compress(data[:1000]) + gzip.compress(data[1000:]))


def write_semicolons(path, table):
    path.write_bytes(csv_bytes(table, ";"))


def write_tabs(path, table):
    path.write_bytes(csv_bytes(table, "\t"))


def write_bars(path, table):
    path.write_bytes(csv_bytes(table, "|"))


def write_parquet(path, table):
    pq.write_table(table, path, row_group_size=700)


def write_integers(path, table):
    """The types a database would choose: int32, float32 is left out since it rounds, dictionary."""
    table = table.set_column(0, "bytes", table["bytes"].cast(pa.int32()))
    table = table.set_column(2, "service", table["service"].combine_chunks().dictionary_encode())
    pq.write_table(table, path)


def write_feather(path, table):
    feather.write_feather(table, path, chunksize=900)


def write_stream(path, table):
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=800)


WRITERS = {
    "plain.csv": write_csv,
    "bom.csv": write_csv_bom,
    "crlf.csv": write_crlf,
    "packed.csv.gz": write_gzip,
    "packed twice.csv.gz": write_two_gzip_members,
    "semicolon.csv": write_semicolons,
    "tabs.tsv": write_tabs,
    "bars.txt": write_bars,
    "groups.parquet": write_parquet,
    "integers.parquet": write_integers,
    "file.feather": write_feather,
    "stream.arrows": write_stream,
    "wrong suffix.csv": write_parquet,
    "no suffix": write_csv,
    "gzip without suffix": write_gzip,
}


class Pipe(io.RawIOBase):
    """A stream that cannot seek and hands its bytes over in small pieces."""

    def __init__(self, data: bytes) -> None:
        self.rest = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        piece = self.rest.read(min(len(buffer), 7777))
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("way", ["path", "pipe"])
def test_same_rows_from_every_format(tmp_path, name, way):
    table = mixed()
    path = tmp_path / name
    WRITERS[name](path, table)
    source = open_source(path if way == "path" else Pipe(path.read_bytes()))
    assert source.columns == tuple(table.column_names)
    assert source.read().equals(table)


@pytest.mark.parametrize(
    "name", ["plain.csv", "packed.csv.gz", "groups.parquet", "file.feather", "stream.arrows"]
)
@pytest.mark.parametrize("rows", [1, 999, ROWS, 10 * ROWS])
def test_batches_have_the_size_asked_for(tmp_path, name, rows):
    table = mixed().slice(0, ROWS if rows > 1 else 40)
    WRITERS[name](tmp_path / name, table)
    batches = list(open_source(tmp_path / name).batches(rows))
    assert [batch.num_rows for batch in batches[:-1]] == [rows] * (len(batches) - 1)
    assert 0 < batches[-1].num_rows <= rows
    assert pa.concat_tables(batches).equals(table)


@pytest.mark.parametrize("name", ["plain.csv", "groups.parquet", "file.feather"])
def test_a_file_is_read_twice_and_by_columns(tmp_path, name):
    WRITERS[name](tmp_path / name, mixed())
    source = open_source(tmp_path / name)
    assert source.read().equals(source.read())
    chosen = source.select(["service", "bytes"])
    assert chosen.columns == ("service", "bytes")
    assert chosen.read().equals(mixed().select(["service", "bytes"]))


def test_frames_and_tables_give_the_same_rows():
    table = mixed()
    pandas, polars = pd.DataFrame(table.to_pydict()), pl.from_arrow(table)
    for data in (table, pandas, polars, table.to_batches()[0]):
        source = open_source(data)
        assert isinstance(source, TableSource)
        assert source.read().equals(table), type(data)


NUMBERS = generator(5).normal(size=(1200, 4))
ARRAY_WRITERS = {
    "plain.npz": lambda path, X: np.savez(path, X=X),
    "packed.npz": lambda path, X: np.savez_compressed(path, X=X),
    "columns.npz": lambda path, X: np.savez(path, X=np.asfortranarray(X)),
    "big endian.npz": lambda path, X: np.savez(path, X=X.astype(">f8")),
    "alone.npy": np.save,
    "text.csv": lambda path, X: write_csv(path, pa.table({f"x{i}": c for i, c in enumerate(X.T)})),
}


@pytest.mark.parametrize("name", ARRAY_WRITERS)
def test_arrays_give_the_same_rows(tmp_path, name):
    ARRAY_WRITERS[name](tmp_path / name, NUMBERS)
    expected = open_source(NUMBERS).read()
    assert expected.column_names == ["x0", "x1", "x2", "x3"]
    for source in (open_source(tmp_path / name), open_source(Pipe((tmp_path / name).read_bytes()))):
        assert pa.concat_tables(source.batches(500)).equals(expected)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float16", "float32", "longdouble"])
def test_array_types_become_float64(tmp_path, dtype):
    values = np.array([[0, 1], [1, 0], [1, 1]], dtype=dtype)
    np.savez(tmp_path / "a.npz", X=values, y=[1, 0, 1])
    table = open_source(tmp_path / "a.npz").read()
    assert table.column_names == ["x0", "x1", "y"]
    if dtype != "bool":
        assert set(table.schema.types) == {pa.float64()}
        assert np.array_equal(np.stack([table["x0"], table["x1"]], axis=1), values.astype(float))


IMAGES = generator(6).integers(0, 256, (30, 3, 5, 4)).astype(np.uint8)
IMAGE_CASES = {
    "grey": (IMAGES[:, 0], IMAGES[:, :1]),
    "channels first": (IMAGES, IMAGES),
    "channels last": (IMAGES.transpose(0, 2, 3, 1), IMAGES),
    "float64": (IMAGES / 255, (IMAGES / 255).astype(np.float32)),
}


@pytest.mark.parametrize("case", IMAGE_CASES)
def test_images_of_an_array(tmp_path, case):
    stored, expected = IMAGE_CASES[case]
    np.savez_compressed(tmp_path / "images.npz", X=stored, y=np.arange(30))
    source = open_source(tmp_path / "images.npz")
    assert source.columns == ("image", "y")
    table = pa.concat_tables(source.batches(7))
    assert tuple(table.schema.field("image").type.shape) == expected.shape[1:]
    pixels = table["image"].combine_chunks().to_numpy_ndarray()
    assert pixels.dtype == expected.dtype
    assert np.array_equal(pixels, expected)
    pq.write_table(table, tmp_path / "images.parquet")
    assert open_source(tmp_path / "images.parquet").read().equals(table)


def test_keys_choose_arrays(tmp_path):
    path = tmp_path / "sets.npz"
    np.savez(path, train=np.ones((3, 2)), test=np.zeros((4, 2)), test_y=np.array(["a", "b", "a", "b"]))
    source = ArraySource(DiskFile(path), keys=["test", "test_y"])
    assert source.columns == ("x0", "x1", "test_y")
    assert source.read()["test_y"].to_pylist() == ["a", "b", "a", "b"]


def test_arrays_of_one_length_keep_their_names(tmp_path):
    np.savez(tmp_path / "a.npz", speed=np.arange(3), place=np.array(["x", "y", "z"]))
    assert open_source(tmp_path / "a.npz").columns == ("speed", "place")


def test_a_folder_of_parquet_is_one_table(tmp_path):
    table = mixed()
    (tmp_path / "later").mkdir()
    pq.write_table(table.slice(0, 2000), tmp_path / "a.parquet")
    pq.write_table(table.slice(2000).select(table.column_names[::-1]), tmp_path / "later" / "b.parquet")
    assert open_source(tmp_path).read().equals(table)


def test_a_fraction_may_follow_a_million_integers(tmp_path):
    path = tmp_path / "late.csv"
    path.write_text("n,word\n" + "1,a\n" * 1_000_000 + "3.5,b\n")
    last = list(open_source(path).batches())[-1]
    assert last["n"].to_pylist()[-2:] == [1.0, 3.5]


def test_a_header_may_be_wider_than_a_block():
    names = [f"column number {i} " + "of many" * 20 for i in range(15_000)]
    text = ",".join(names) + "\n" + ",".join(["1"] * len(names)) + "\n"
    assert len(text) > 1 << 21
    assert open_source(io.BytesIO(text.encode())).columns == tuple(names)


def test_quoted_line_breaks_survive_the_cut_into_blocks():
    record = b'1,"two\nlines, and ""quotes"""\n'
    for size in range(5, 3 * len(record), 7):
        parts = list(blocks(io.BufferedReader(io.BytesIO(record * 50)), "text", size))
        assert b"".join(part.data for part in parts) == record * 50
        assert all(part.data.count(b'"') % 6 == 0 for part in parts)
        assert [part.line for part in parts] == list(
            np.cumsum([1, *(p.data.count(b"\n") for p in parts[:-1])])
        )


def test_a_lone_quote_inside_a_word_is_a_letter(tmp_path):
    path = tmp_path / "inches.csv"
    path.write_text("size,n\n" + '5" disk,1\n' * 3)
    assert open_source(path).read()["size"].to_pylist() == ['5" disk'] * 3


TEXTS = {
    "blanks around names": (" a , b\n1,2\n", {"a": [1.0], "b": [2.0]}),
    "missing values": ("a,b\n1,x\n,\nNaN,NA\n", {"a": [1.0, None, None], "b": ["x", None, None]}),
    "infinities": ("a\ninf\n-Infinity\n1\n", {"a": [np.inf, -np.inf, 1.0]}),
    "blank lines": ("\n\na,b\n\n1,2\n\n3,4\n", {"a": [1.0, 3.0], "b": [2.0, 4.0]}),
    "no last line break": ("a,b\n1,2", {"a": [1.0], "b": [2.0]}),
    "delimiter inside quotes": ('a;b\n"x,y,z";1\n"u,v,w";2\n', {"a": ["x,y,z", "u,v,w"], "b": [1.0, 2.0]}),
    "decimal comma": (
        "a;b;c\n1,5;2;x\n-2,25e3;3;y,z\n",
        {"a": [1.5, -2250.0], "b": [2.0, 3.0], "c": ["x", "y,z"]},
    ),
    "decimal point beside semicolons": ("a;b\n1.5;2\n2.5;3\n", {"a": [1.5, 2.5], "b": [2.0, 3.0]}),
    "quotes around numbers": ('a\n"1"\n"2"\n', {"a": [1.0, 2.0]}),
    "lines that end with CR": ("a,b\r1,2\r3,4\r", {"a": [1.0, 3.0], "b": [2.0, 4.0]}),
    "one column": ("a\n1\n2\n", {"a": [1.0, 2.0]}),
    "header over two lines": ('"a\nb",c\n1,2\n', {"a\nb": [1.0], "c": [2.0]}),
    "leading zeros": ("a\n007\n", {"a": [7.0]}),
    "all missing": ("a,b\n,1\n,2\n", {"a": [None, None], "b": [1.0, 2.0]}),
    "clock times are words": ("a\n10:30:00\n", {"a": ["10:30:00"]}),
}


@pytest.mark.parametrize("case", TEXTS)
def test_text(case):
    text, expected = TEXTS[case]
    assert open_source(io.BytesIO(text.encode())).read().to_pydict() == expected


def test_names_replace_a_header():
    source = open_source(io.BytesIO(b"1,tcp\n2,udp\n"), names=["n", "protocol"])
    assert source.read().to_pydict() == {"n": [1.0, 2.0], "protocol": ["tcp", "udp"]}
    assert open_source(np.ones((2, 2)), names=["a", "b"]).columns == ("a", "b")


def test_dates_keep_their_zone():
    table = open_source(io.BytesIO(b"t\n2024-01-01T10:00:00Z\n2024-01-01T10:00:00.5+02:00\n")).read()
    assert table["t"].type == pa.timestamp("ns", "UTC")
    assert table["t"][1].as_py().hour == 8


def test_a_named_pipe_is_a_stream(tmp_path):
    os.mkfifo(tmp_path / "flows")
    writer = threading.Thread(target=(tmp_path / "flows").write_bytes, args=(b"a,b\n1,2\n",))
    writer.start()
    assert open_source(tmp_path / "flows").read().to_pydict() == {"a": [1.0], "b": [2.0]}
    writer.join()


def test_a_stream_is_read_once():
    source = open_source(Pipe(b"a\n1\n"))
    assert source.read().num_rows == 1
    with pytest.raises(DataError, match="can be read once only"):
        source.read()


def test_standard_input(monkeypatch):
    class Stdin:
        buffer = Pipe(b"a,b\n1,2\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    source = open_source("-")
    assert source.name == "standard input"
    assert source.read().to_pydict() == {"a": [1.0], "b": [2.0]}


def test_a_batch_of_no_rows_is_refused():
    with pytest.raises(ConfigError, match="rows=0"):
        open_source(np.ones((2, 2))).batches(0)
