"""Model files: what is written comes back bit for bit, and a save is whole or not there."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unseen.errors import ModelFileError
from unseen.persist import canonical_versions, read_model, write_model
from unseen.persist.manifest import compose, understand
from unseen.persist.tensors import pack, unpack

GOLDEN = Path(__file__).parent / "golden" / "model_v1"
NAMES = ["model", "model.zip", "model.UNSEEN"]
DTYPES = [np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)]
DTYPES += [np.dtype(code) for code in ("?", "f2", "f4", "f8")]
PATTERNS = {  # quiet and signalling NaN with payloads, both signs; infinities; -0; the smallest subnormal
    "f2": np.array([0x7E01, 0x7C01, 0xFE55, 0x7C00, 0x8000, 1], "u2").view("f2"),
    "f4": np.array([0x7FC12345, 0x7F800001, 0xFFC00001, 0xFF800000, 0x80000000, 1], "u4").view("f4"),
    "f8": np.array([0x7FF8DEADBEEF0001, 0x7FF0000000000001, 0xFFF8 << 48, 1 << 63, 1], "u8").view("f8"),
}


def save(path: Path, number: int = 1) -> None:
    write_model(
        path, document={"number": number}, arrays={"w": np.arange(3.0) + number}, kind="AwareDetector"
    )


def number_of(path: Path) -> Any:
    model = read_model(path)
    assert model.arrays["w"][0] == model.document["number"]
    return model.document["number"]


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


# ------------------------------------------------------------------------------------------ round trip


@pytest.mark.parametrize("name", NAMES)
def test_arrays_of_every_dtype_and_shape_come_back_bit_for_bit(tmp_path, name):
    arrays = {
        f"{dtype}.{len(shape)}.d": np.ones(shape, dtype)
        for dtype in DTYPES
        for shape in [(), (0, 3), (2, 1, 2)]
    }
    arrays |= {f"nan.{code}": values for code, values in PATTERNS.items()} | {
        "größe": np.array(2),
        "a b": np.array([]),
    }
    write_model(tmp_path / name, document={}, arrays=arrays, kind="K")
    back = read_model(tmp_path / name).arrays
    assert back.keys() == arrays.keys()
    assert all(same_bits(back[key], arrays[key]) for key in arrays)
    assert len(arrays) == 12 * 3 + 5


@given(
    array=hnp.arrays(
        st.sampled_from(DTYPES), hnp.array_shapes(min_dims=0, min_side=0, max_dims=4, max_side=4)
    )
)
def test_any_array_survives_packing(array):
    assert same_bits(unpack(pack({"x": array}))["x"], array)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]))
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)


@settings(deadline=None, max_examples=30)
@given(document=st.dictionaries(KEYS, TREES))
def test_any_document_survives_the_manifest(document):
    back = understand(compose(kind="K", document=document, arrays=b"")).document
    assert repr(back) == repr(document)  # repr: -0.0, 1 and 1.0, and the order of keys count


@pytest.mark.parametrize(
    "given_",
    [
        pytest.param(np.arange(6.0).reshape(2, 3).T, id="transposed"),
        pytest.param(np.arange(9.0)[::-2], id="strided backwards"),
        pytest.param(np.broadcast_to(np.float32(7), (3, 2)), id="broadcast"),
        pytest.param(np.arange(5, dtype=">f8"), id="big-endian"),
        pytest.param(np.arange(4.0).view(np.memmap), id="subclass"),
    ],
)
def test_memory_layout_is_not_content(given_):
    back = unpack(pack({"x": given_}))["x"]
    np.testing.assert_array_equal(back, given_)
    assert type(back) is np.ndarray
    assert back.flags.writeable
    assert back.flags.aligned
    assert back.dtype == given_.dtype.newbyteorder("<")


def test_enums_and_tuples_become_what_json_gives_back(tmp_path):
    level = IntEnum("level", {"HIGH": 3})
    write_model(
        tmp_path / "m", document={"a": (1, (2,)), "b": level.HIGH, "c": np.float64(0.1)}, arrays={}, kind="K"
    )
    model = read_model(tmp_path / "m")
    assert model.document == {"a": [1, [2]], "b": 3, "c": 0.1}
    assert dict(model.arrays) == {}


def test_folder_and_archive_hold_the_same_and_say_who_made_them(tmp_path):
    before = datetime.now(UTC)
    for name in NAMES:
        save(tmp_path / name)
    models = [read_model(tmp_path / name) for name in NAMES]
    for model in models:
        assert (model.kind, model.schema, model.document) == ("AwareDetector", 1, {"number": 1})
        assert same_bits(model.arrays["w"], np.array([1.0, 2.0, 3.0]))
        assert model.versions == canonical_versions()
        assert timedelta(seconds=-2) < model.created - before < timedelta(seconds=60)
    assert sorted(os.listdir(tmp_path / "model")) == ["arrays.safetensors", "manifest.json"]


def test_a_suffix_is_for_writing_only(tmp_path):
    save(tmp_path / "model.zip", 4)
    (tmp_path / "model.zip").rename(tmp_path / "model.bin")
    assert number_of(tmp_path / "model.bin") == 4


def test_versions_come_without_importing_torch():
    code = (
        "import sys; from unseen.persist import canonical_versions; v = canonical_versions();"
        "assert not {'torch', 'sklearn', 'pyarrow'} & set(sys.modules);"
        "print(*v, v['numpy'], v['python'])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    expected = f"python unseen numpy torch scikit-learn pyarrow {np.__version__} {sys.version.split()[0]}"
    assert out.split() == expected.split()


def test_a_file_of_format_1_keeps_loading():
    """The promise. The folder was written once and must never be written again."""
    model = read_model(GOLDEN)
    assert (model.kind, model.schema) == ("AwareDetector", 1)
    assert model.created == datetime(2025, 1, 31, 12, 0, tzinfo=UTC)
    assert model.versions["unseen"] == "0.1.0"
    assert model.document == {
        "config": {"latent": 2, "layers": [8, 4], "beta": 0.1, "seed": 18446744073709551615, "name": None},
        "columns": ["Flow Bytes/s", "größe"],
        "aware": True,
    }
    expected = {
        "encoder.0.weight": np.array([[1.5, -0.0], [5e-324, np.inf]]),
        "encoder.0.bias": np.array([0x7FC12345], "u4").view("f4"),
        "fitted": np.array(True),
        "known": np.zeros((0, 3), "i8"),
        "counts": np.array([0, 255], "u1"),
    }
    assert model.arrays.keys() == expected.keys()
    assert all(same_bits(model.arrays[name], expected[name]) for name in expected)


# ------------------------------------------------------------------------- what cannot be written


class Loop(dict):
    """A document that holds itself."""

    def __init__(self) -> None:
        super().__init__()
        self["self"] = self


JSON_ONLY = (
    "a document holds None, bool, int, float, str, lists and dicts with str keys "
    "(NumPy: .item() or .tolist(), or give it as an array)"
)
DTYPE = "bool, integers and floats of 8 to 64 bits"
UNWRITABLE = {
    "document list": ({"document": [1]}, "the document is list; it must be a dict with str keys"),
    "document nan": (
        {"document": {"a": {"b": [float("nan")]}}},
        "document.a.b[0] is nan; numbers in a document must be finite",
    ),
    "document inf": (
        {"document": {"a": -np.inf}},
        "document.a is -inf; numbers in a document must be finite",
    ),
    "document numpy": ({"document": {"a": np.float32(1)}}, f"document.a is numpy.float32; {JSON_ONLY}"),
    "document array": ({"document": {"a": np.ones(2)}}, f"document.a is numpy.ndarray; {JSON_ONLY}"),
    "document set": ({"document": {"a": {1}}}, f"document.a is builtins.set; {JSON_ONLY}"),
    "document bytes": ({"document": {"a": b"x"}}, f"document.a is builtins.bytes; {JSON_ONLY}"),
    "document path": (
        {"document": {"a": len}},
        f"document.a is builtins.builtin_function_or_method; {JSON_ONLY}",
    ),
    "integer key": ({"document": {"a": {1: 2}}}, "document.a has the key 1; keys of a document must be str"),
    "big integer": (
        {"document": {"a": 2**64}},
        "document.a is an integer that does not fit in 64 bits; store it as text",
    ),
    "holds itself": ({"document": Loop()}, "the document nests deeper than 64 levels (or holds itself)"),
    "surrogate": (
        {"document": {"a": "\ud800"}},
        "manifest.json holds text that is not Unicode (a lone surrogate)",
    ),
    "kind dotted": (
        {"kind": "os.system"},
        "manifest.json: kind must be the class name of a detector, not 'os.system'",
    ),
    "kind empty": ({"kind": ""}, "manifest.json: kind must be the class name of a detector, not ''"),
    "array list": ({"arrays": {"w": [1.0]}}, "array 'w' is list; accepted: numpy.ndarray"),
    "array masked": ({"arrays": {"w": np.ma.ones(2)}}, "array 'w' is MaskedArray; accepted: numpy.ndarray"),
    "array object": ({"arrays": {"w": np.array([len])}}, f"array 'w' has dtype object; accepted: {DTYPE}"),
    "array text": ({"arrays": {"w": np.array(["ab"])}}, f"array 'w' has dtype <U2; accepted: {DTYPE}"),
    "array complex": (
        {"arrays": {"w": np.ones(1, "c8")}},
        f"array 'w' has dtype complex64; accepted: {DTYPE}",
    ),
    "array date": (
        {"arrays": {"w": np.zeros(1, "M8[s]")}},
        f"array 'w' has dtype datetime64[s]; accepted: {DTYPE}",
    ),
    "array wide": (
        {"arrays": {"w": np.zeros(1, "longdouble")}},
        f"array 'w' has dtype float128; accepted: {DTYPE}",
    ),
    "name reserved": (
        {"arrays": {"__metadata__": np.ones(1)}},
        "array name '__metadata__' is not accepted: 1 to 512 characters, not '__metadata__'",
    ),
    "name empty": (
        {"arrays": {"": np.ones(1)}},
        "array name '' is not accepted: 1 to 512 characters, not '__metadata__'",
    ),
    "name number": (
        {"arrays": {3: np.ones(1)}},
        "array name 3 is not accepted: 1 to 512 characters, not '__metadata__'",
    ),
    "many arrays": (
        {"arrays": dict.fromkeys(map(str, range(10_001)), np.ones(0))},
        "10,001 arrays were given; a model holds at most 10,000",
    ),
    "4 GiB": (
        {"arrays": {"w": np.broadcast_to(np.zeros((), "u1"), 2**32)}},
        "the arrays take 4,294,967,296 bytes; a model holds at most 4,286,578,688",
    ),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_what_would_not_come_back_is_not_written(tmp_path, case):
    changed, message = UNWRITABLE[case]
    with pytest.raises(ModelFileError) as caught:
        write_model(tmp_path / "m", **({"document": {}, "arrays": {}, "kind": "K"} | changed))
    reason = str(caught.value).removeprefix(f"{tmp_path / 'm'}: ")
    assert reason == message
    assert os.listdir(tmp_path) == []


def test_numbers_by_the_million_belong_in_arrays(tmp_path):
    with pytest.raises(
        ModelFileError, match=r"16,777,216 are read back: give long lists of numbers as arrays"
    ):
        write_model(tmp_path / "m", document={"a": "x" * 2**24}, arrays={}, kind="K")


def test_no_length_of_the_header_is_taken_for_a_pickle(tmp_path: Path) -> None:
    """A safetensors file begins with the length of its header; 0x280, 0x380, ... begin as pickles do."""
    alike = 0
    for count in range(1, 60):
        arrays = {f"{place:03}": np.zeros(1) for place in range(count)}
        head = pack(arrays)[:2]
        if head[0] == 0x80 and 2 <= head[1] <= 9:
            alike += 1
            write_model(tmp_path / "m", document={}, arrays=arrays, kind="AwareDetector")
            assert read_model(tmp_path / "m").arrays.keys() == arrays.keys()
    assert alike >= 1
