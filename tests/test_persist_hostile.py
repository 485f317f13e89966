"""Hostile and broken model files: each gives one line, quickly, in little memory, and runs nothing."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pickle
import signal
import struct
import time
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unseen.errors import ModelFileError
from unseen.persist import ModelFile, read_model
from unseen.persist.strict_json import parse

MANIFEST, ARRAYS = "manifest.json", "arrays.safetensors"
NEVER = "pickled models are never loaded, they can run any code: fit and save it with unseen"
DEEP = 100_000


# ---------------------------------------------------------------- the format, written from its description


def tensors(header: Any = None, body: bytes = bytes(16), length: int | None = None) -> bytes:
    """A safetensors file with any header and any declared header length."""
    if header is None:
        header = {"w": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def one(dtype: Any = "F64", shape: Any = (2,), offsets: Any = (0, 16), **more: Any) -> bytes:
    return tensors({"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets} | more})


def seal(body: dict[str, Any]) -> bytes:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(body | {"manifest_sha256": digest}, ensure_ascii=False).encode()


def body(arrays: bytes, **changed: Any) -> dict[str, Any]:
    return {
        "format": "unseen-model",
        "format_version": 1,
        "kind": "AwareDetector",
        "created": "2025-01-31T12:00:00Z",
        "versions": {"unseen": "0.1.0"},
        "files": {ARRAYS: {"bytes": len(arrays), "sha256": hashlib.sha256(arrays).hexdigest()}},
        "document": {"latent": 2, "name": "größe"},
    } | changed


GOOD_ARRAYS = tensors()
GOOD = {MANIFEST: seal(body(GOOD_ARRAYS)), ARRAYS: GOOD_ARRAYS}
Maker = Callable[[Path], Any]


def folder(files: dict[str, bytes]) -> Maker:
    def make(path: Path) -> None:
        path.mkdir()
        for name, data in files.items():
            (path / name).write_bytes(data)

    return make


def with_manifest(data: bytes) -> Maker:
    return folder(GOOD | {MANIFEST: data})


def with_fields(**changed: Any) -> Maker:
    return with_manifest(seal(body(GOOD_ARRAYS, **changed)))


def with_text(text: str) -> Maker:
    """A manifest whose document is this text, whatever it is."""
    return with_manifest(GOOD[MANIFEST].replace(b'{"latent": 2,', b'{"latent": ' + text.encode() + b","))


def with_arrays(data: bytes) -> Maker:
    """Arrays that the manifest vouches for: what an author with bad intent would write."""
    return folder({MANIFEST: seal(body(data)), ARRAYS: data})


def file(data: bytes) -> Maker:
    return lambda path: path.write_bytes(data)


def archive(members: list[tuple[Any, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    sink = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(sink, "w", method) as made:
        warnings.simplefilter("ignore")  # duplicate names are the point of a case
        for name, data in members:
            made.writestr(name, data)
    return sink.getvalue()


def archive_of_64_bits() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        for name, data in GOOD.items():
            with made.open(name, "w", force_zip64=True) as member:
                member.write(data)
    return sink.getvalue()


def zipped(*extra: tuple[Any, bytes], method: int = zipfile.ZIP_STORED) -> Maker:
    return file(archive([*GOOD.items(), *extra], method))


def patched(find: bytes, offset: int, new: bytes, which: int = -1) -> Maker:
    """A good archive with bytes exchanged, counted from a signature (`which`: first 0, last -1)."""
    data = bytearray(archive(list(GOOD.items())))
    at = (data.find(find) if which == 0 else data.rfind(find)) + offset
    data[at : at + len(new)] = new
    return file(bytes(data))


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def special(name: str, mode: int, data: bytes) -> tuple[zipfile.ZipInfo, bytes]:
    member = zipfile.ZipInfo(name)
    member.external_attr = mode << 16
    return member, data


def bomb(path: Path) -> None:
    zeros = tensors(body=bytes(64 * 2**20))
    path.write_bytes(archive([(MANIFEST, seal(body(zeros))), (ARRAYS, zeros)], zipfile.ZIP_DEFLATED))


def lying_bomb(path: Path) -> None:
    """Declares 16 bytes a member; the stream goes on for 64 MiB."""
    data = bytearray(archive([(MANIFEST, bytes(2**26)), (ARRAYS, b"")], zipfile.ZIP_DEFLATED))
    for signature, offset in [(LOCAL, 22), (CENTRAL, 24)]:
        at = data.find(signature) + offset
        data[at : at + 4] = struct.pack("<I", 16)
    path.write_bytes(data)


def quine_directory(path: Path) -> None:
    """Two million bytes of directory: thirty thousand entries of nothing."""
    path.write_bytes(archive([(f"{i:020d}", b"") for i in range(30_000)]))


def linked(path: Path) -> None:
    folder({MANIFEST: GOOD[MANIFEST]})(path)
    (path.parent / "secret").write_bytes(GOOD_ARRAYS)
    (path / ARRAYS).symlink_to("../secret")


def linked_device(path: Path) -> None:
    folder({ARRAYS: GOOD_ARRAYS})(path)
    (path / MANIFEST).symlink_to("/dev/zero")


def piped(path: Path) -> None:
    folder({ARRAYS: GOOD_ARRAYS})(path)
    os.mkfifo(path / MANIFEST)


def nested_folder(path: Path) -> None:
    folder({MANIFEST: GOOD[MANIFEST]})(path)
    (path / ARRAYS).mkdir()


def sparse(name: str, size: int) -> Maker:
    def make(path: Path) -> None:
        folder(GOOD)(path)
        os.truncate(path / name, size)

    return make


class Payload:
    """Unpickling this would create the file `ran` in the working folder."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        return os.system, ("touch ran",)


PICKLE = pickle.dumps(Payload())
YAML = b"!!python/object/apply:os.system ['touch ran']\n"
LISTED = {ARRAYS: {"bytes": len(GOOD_ARRAYS), "sha256": hashlib.sha256(GOOD_ARRAYS).hexdigest()}}
DTYPES = "BOOL, I8, I16, I32, I64, U8, U16, U32, U64, F16, F32, F64"
NOT_MODEL = "is neither a model folder nor a zip archive of one (pickles are never loaded)"
ONLY = f"a model archive holds {MANIFEST} and {ARRAYS} only"

CASES: dict[str, tuple[Maker, str]] = {
    # --- what is there
    "nothing": (lambda path: None, "is not there"),
    "empty folder": (folder({}), "is an empty folder"),
    "other folder": (
        folder({"a.txt": b""}),
        "has no manifest.json: it is not a model folder, or a part of one",
    ),
    "folder of pickles": (
        folder({"model.PKL": PICKLE}),
        f"has no manifest.json (it holds 'model.PKL'; {NEVER})",
    ),
    "no manifest": (
        folder({ARRAYS: GOOD_ARRAYS}),
        "has no manifest.json: it is not a model folder, or a part of one",
    ),
    "no arrays": (
        folder({MANIFEST: GOOD[MANIFEST]}),
        "has no arrays.safetensors: it is not a model folder, or a part of one",
    ),
    "pipe": (os.mkfifo, "is neither a folder nor a plain file (a pipe, socket or device)"),
    "link to device": (
        lambda path: path.symlink_to("/dev/zero"),
        "is neither a folder nor a plain file (a pipe, socket or device)",
    ),
    "link to itself": (
        lambda path: path.symlink_to(path),
        "cannot be read: Too many levels of symbolic links",
    ),
    "member linked": (
        linked,
        "arrays.safetensors is a symbolic link, which is not followed: copy the model with cp -rL",
    ),
    "member linked to device": (
        linked_device,
        "manifest.json is a symbolic link, which is not followed: copy the model with cp -rL",
    ),
    "member piped": (piped, "manifest.json is not a plain file (a folder, pipe, socket or device)"),
    "member folder": (
        nested_folder,
        "arrays.safetensors is not a plain file (a folder, pipe, socket or device)",
    ),
    # --- foreign files
    "pickle": (file(PICKLE), f"is a pickle (pickle, joblib or older torch); {NEVER}"),
    "pickle protocol 0": (file(pickle.dumps(Payload(), 0)), NOT_MODEL),
    "joblib zlib": (file(zlib.compress(PICKLE)), f"is a zlib file, as joblib writes, not a model; {NEVER}"),
    "joblib gzip": (file(gzip.compress(PICKLE)), f"is a gzip file, not a model; {NEVER}"),
    "torch archive": (
        file(archive([("archive/data.pkl", PICKLE), ("archive/version", b"3")])),
        f"is an archive with 'archive/data.pkl', as torch.save writes; {NEVER}",
    ),
    "hdf5": (file(b"\x89HDF\r\n\x1a\n"), f"is an HDF5 file, not a model; {NEVER}"),
    "yaml": (file(YAML), NOT_MODEL),
    "empty file": (file(b""), NOT_MODEL),
    "bare safetensors": (file(GOOD_ARRAYS), NOT_MODEL),
    "manifest a pickle": (with_manifest(PICKLE), f"manifest.json is a pickle; {NEVER}"),
    "arrays a pickle": (with_arrays(PICKLE), f"arrays.safetensors is a pickle; {NEVER}"),
    # --- manifest: JSON
    "manifest empty": (
        with_manifest(b""),
        "manifest.json is not JSON or is cut short: Expecting value (line 1, column 1)",
    ),
    "manifest cut": (
        with_manifest(b'{"format": "unseen-model", "format_ver'),
        "manifest.json is not JSON or is cut short: Unterminated string starting at (line 1, column 28)",
    ),
    "manifest yaml": (
        with_manifest(YAML),
        "manifest.json is not JSON or is cut short: Expecting value (line 1, column 1)",
    ),
    "manifest utf-16": (
        with_manifest('{"a": 1}'.encode("utf-16")),
        "manifest.json is not UTF-8 text (byte 0)",
    ),
    "manifest huge": (
        sparse(MANIFEST, 2**40),
        "manifest.json has 1,099,511,627,776 bytes; at most 16,777,216 are read",
    ),
    "manifest list": (with_manifest(b"[1]"), "manifest.json must be an object, not list"),
    "duplicate keys": (
        with_text('1, "latent": 3'),
        "manifest.json has the key 'latent' twice in one object",
    ),
    "NaN": (with_text("NaN"), "manifest.json has the number 'NaN'; numbers must be finite"),
    "-Infinity": (with_text("-Infinity"), "manifest.json has the number '-Infinity'; numbers must be finite"),
    "1e999": (with_text("1e999"), "manifest.json has the number '1e999'; numbers must be finite"),
    "integer 2**64": (
        with_text(str(2**64)),
        "manifest.json has the integer '18446744073709551616'; integers must fit in 64 bits",
    ),
    "integer of a million digits": (
        with_text("9" * 10**6),
        f"manifest.json has the integer '{'9' * 27}...{'9' * 28}'; integers must fit in 64 bits",
    ),
    "deep": (with_text("[" * DEEP + "]" * DEEP), "manifest.json nests deeper than 64 levels"),
    "deep objects": (
        with_text('{"a":' * DEEP + "1" + "}" * DEEP),
        "manifest.json nests deeper than 64 levels",
    ),
    "wide": (with_text("[" + "[]," * 5 * 10**6 + "1]"), "manifest.json holds more than 1,000,000 values"),
    "escaped quotes, unclosed": (
        with_manifest(b'"' + b'\\"' * 10**6),
        "manifest.json is not JSON or is cut short: Unterminated string starting at (line 1, column 1)",
    ),
    "lone surrogate": (
        with_text('"\\ud800"'),
        "manifest.json holds text that is not Unicode (a lone surrogate)",
    ),
    # --- manifest: content
    "no format": (with_manifest(b"{}"), "manifest.json names no format; accepted: 'unseen-model'"),
    "other format": (
        with_fields(format="\x1b[2J" + "x" * 99),
        f"manifest.json names the format '\\x1b[2J{'x' * 20}...{'x' * 28}'; accepted: 'unseen-model'",
    ),
    "newer": (
        with_manifest(b'{"format": "unseen-model", "format_version": 3, "all": "else differs"}'),
        "made by a newer unseen (format 3, this one reads up to 1): pip install -U unseen",
    ),
    "version 0": (with_fields(format_version=0), "manifest.json has the format_version 0; accepted: 1 to 1"),
    "version true": (
        with_fields(format_version=True),
        "manifest.json has the format_version True; accepted: 1 to 1",
    ),
    "version text": (
        with_fields(format_version="1"),
        "manifest.json has the format_version '1'; accepted: 1 to 1",
    ),
    "version 1.0": (
        with_fields(format_version=1.0),
        "manifest.json has the format_version 1.0; accepted: 1 to 1",
    ),
    "keys missing": (
        with_manifest(b'{"format": "unseen-model", "format_version": 1, "kind": "K", "files": {}}'),
        "manifest.json lacks created, document, manifest_sha256, versions",
    ),
    "key added": (
        with_fields(__class__="os.system"),
        "manifest.json has the key '__class__', which is not in format 1",
    ),
    "edited": (
        with_text("3"),
        "manifest.json was changed after it was written (its own SHA-256 differs)",
    ),
    "kind a path": (
        with_fields(kind="os.system"),
        "manifest.json: kind must be the class name of a detector, not 'os.system'",
    ),
    "kind a list": (
        with_fields(kind=["K"]),
        "manifest.json: kind must be the class name of a detector, not ['K']",
    ),
    "created": (
        with_fields(created="yesterday"),
        "manifest.json: created must be a time like 2025-01-31T12:00:00Z, not 'yesterday'",
    ),
    "versions": (
        with_fields(versions={"unseen": 1}),
        "manifest.json: versions must be text, not {'unseen': 1}",
    ),
    "document": (with_fields(document=[]), "manifest.json: document must be an object, not []"),
    "files empty": (
        with_fields(files={}),
        "manifest.json: files must list arrays.safetensors and nothing else, not []",
    ),
    "files outside": (
        with_fields(files=LISTED | {"../../etc/passwd": {}}),
        "manifest.json: files must list arrays.safetensors and nothing else, "
        "not ['arrays.safetensors', '../../etc/passwd']",
    ),
    "files size": (
        with_fields(files={ARRAYS: {"bytes": -1, "sha256": ""}}),
        "manifest.json: arrays.safetensors must be listed as {bytes, sha256}, "
        "not {'bytes': -1, 'sha256': ''}",
    ),
    "files hash": (
        with_fields(files={ARRAYS: {"bytes": 1, "sha256": None}}),
        "manifest.json: the sha256 of arrays.safetensors must be 64 hex digits, not None",
    ),
    # --- arrays against the manifest
    "arrays cut": (
        folder(GOOD | {ARRAYS: GOOD_ARRAYS[:-1]}),
        f"arrays.safetensors has {len(GOOD_ARRAYS) - 1} bytes where manifest.json lists {len(GOOD_ARRAYS)}",
    ),
    "arrays longer": (
        sparse(ARRAYS, 2**40),
        f"arrays.safetensors has 1,099,511,627,776 bytes where manifest.json lists {len(GOOD_ARRAYS)}",
    ),
    "arrays exchanged": (
        folder(GOOD | {ARRAYS: tensors(body=bytes(15) + b"\1")}),
        "arrays.safetensors is damaged or exchanged: its SHA-256 is not the one manifest.json lists",
    ),
    # --- safetensors
    "arrays empty": (with_arrays(b""), "arrays.safetensors is cut short: 0 bytes"),
    "header 2**63": (
        with_arrays(tensors(length=2**63)),
        "arrays.safetensors declares a header of 9,223,372,036,854,775,808 bytes; at most 8,388,608 are read",
    ),
    "header beyond": (
        with_arrays(tensors({}, b"", length=500)),
        "arrays.safetensors is cut short: its header ends at byte 508 of 10",
    ),
    "header list": (with_arrays(tensors([])), "arrays.safetensors header must be an object, not list"),
    "header twice": (
        with_arrays(tensors(b'{"w": 1, "w": 2}')),
        "arrays.safetensors header has the key 'w' twice in one object",
    ),
    "header deep": (
        with_arrays(tensors(b"[" * DEEP)),
        "arrays.safetensors header nests deeper than 64 levels",
    ),
    "many arrays": (
        with_arrays(tensors({str(i): 0 for i in range(10_001)})),
        "arrays.safetensors holds 10,001 arrays; at most 10,000 are read",
    ),
    "metadata": (
        with_arrays(tensors({"__metadata__": {"a": "b"}}, b"")),
        "arrays.safetensors: array '__metadata__' must be {dtype, shape, data_offsets}, not {'a': 'b'}",
    ),
    "dtype unknown": (
        with_arrays(one("O8")),
        f"arrays.safetensors: array 'w' has dtype 'O8'; accepted: {DTYPES}",
    ),
    "dtype of torch": (
        with_arrays(one("BF16", [8])),
        f"arrays.safetensors: array 'w' has dtype 'BF16'; accepted: {DTYPES}",
    ),
    "shape negative": (
        with_arrays(one(shape=[-2])),
        "arrays.safetensors: array 'w' has shape [-2]; accepted: up to 32 whole numbers",
    ),
    "shape of 33": (
        with_arrays(one(shape=[1] * 33)),
        "arrays.safetensors: array 'w' has shape [1, 1, 1, 1, 1, 1, ...]; accepted: up to 32 whole numbers",
    ),
    "shape overflow": (
        with_arrays(one(shape=[2**32, 2**32, 4])),
        "arrays.safetensors: array 'w' of shape [4294967296, 4294967296, 4] needs "
        "590,295,810,358,705,651,712 bytes, not 16",
    ),
    "shape wraps to size": (
        with_arrays(one("U8", [2**63, 2, 16], [0, 0])),
        "arrays.safetensors: array 'w' of shape [9223372036854775808, 2, 16] needs "
        "295,147,905,179,352,825,856 bytes, not 0",
    ),
    "offset negative": (
        with_arrays(one(offsets=[-16, 0])),
        "arrays.safetensors: array 'w' has data_offsets [-16, 0]; accepted: [begin, end]",
    ),
    "offset reversed": (
        with_arrays(one(offsets=[16, 0])),
        "arrays.safetensors: array 'w' has data_offsets [16, 0]; accepted: [begin, end]",
    ),
    "offset beyond": (
        with_arrays(one(shape=[4], offsets=[0, 32])),
        "arrays.safetensors describes 32 bytes of arrays but holds 16",
    ),
    "offset gap": (
        with_arrays(one(shape=[1], offsets=[8, 16])),
        "arrays.safetensors: array 'w' leaves a gap after the bytes before 0",
    ),
    "overlap": (
        with_arrays(
            tensors(
                {
                    "a": {"dtype": "U8", "shape": [12], "data_offsets": [0, 12]},
                    "b": {"dtype": "U8", "shape": [8], "data_offsets": [8, 16]},
                }
            )
        ),
        "arrays.safetensors: array 'b' overlaps the bytes before 12",
    ),
    "bytes left over": (
        with_arrays(one(shape=[1], offsets=[0, 8])),
        "arrays.safetensors describes 8 bytes of arrays but holds 16",
    ),
    "bool of 2": (
        with_arrays(tensors({"w": {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}}, b"\1\2")),
        "arrays.safetensors: array 'w' is BOOL but has bytes other than 0 and 1",
    ),
    # --- archives
    "archive of nothing": (
        file(archive([])),
        "has no manifest.json: it is not a model archive, or a part of one",
    ),
    "archive without arrays": (
        file(archive([(MANIFEST, GOOD[MANIFEST])])),
        "has no arrays.safetensors: it is not a model archive, or a part of one",
    ),
    "archive cut": (
        file(archive(list(GOOD.items()))[:-30]),
        "is a damaged zip archive: File is not a zip file",
    ),
    "traversal": (zipped(("../x", b"")), f"holds '../x'; {ONLY}"),
    "absolute": (zipped(("/etc/cron.d/x", b"")), f"holds '/etc/cron.d/x'; {ONLY}"),
    "drive": (zipped(("C:\\x", b"")), f"holds 'C:\\\\x'; {ONLY}"),
    "hidden by NUL": (patched(CENTRAL, 46 + 13, b"\0evil"), f"holds 'arrays.safete\\x00evil'; {ONLY}"),
    "unlisted member": (zipped(("readme.txt", b"")), f"holds 'readme.txt'; {ONLY}"),
    "duplicate member": (zipped((MANIFEST, b"{}")), "holds manifest.json twice"),
    "encrypted": (patched(CENTRAL, 8, b"\1\0"), "arrays.safetensors is encrypted: decrypt the archive first"),
    "symlink member": (
        file(archive([(MANIFEST, GOOD[MANIFEST]), special(ARRAYS, 0o120777, b"/etc/passwd")])),
        "arrays.safetensors is a link or special file in the archive; accepted: plain files",
    ),
    "lzma": (
        zipped(method=zipfile.ZIP_LZMA),
        "manifest.json has compression method 14; accepted: stored, deflated",
    ),
    "wrong CRC": (
        patched(b"unseen-model", 0, b"Unseen"),
        "is a damaged zip archive: Bad CRC-32 for file 'manifest.json'",
    ),
    "method lie": (
        patched(CENTRAL, 10, b"\x08\0"),
        "is a damaged zip archive: Error -3 while decompressing data: invalid block type",
    ),
    "stored with two sizes": (
        patched(CENTRAL, 24, b"\xff\xff\xff\x7f"),
        "arrays.safetensors is stored but declares two sizes",
    ),
    "member beyond the file": (
        patched(CENTRAL, 20, b"\xff\xff\xff\x7f\xff\xff\xff\x7f"),
        "is cut short: arrays.safetensors ends beyond the archive",
    ),
    "zip bomb": (bomb, "arrays.safetensors unpacks to more than 100 times its size: refused as a zip bomb"),
    "lying zip bomb": (lying_bomb, "is a damaged zip archive: Bad CRC-32 for file 'manifest.json'"),
    "zip directory bomb": (
        quine_directory,
        "is a damaged zip archive: it declares a part of 1,980,000 bytes",
    ),
}


@contextmanager
def bounded(*, seconds: float, megabytes: int) -> Iterator[None]:
    """Fail, rather than hang, where a block takes long or much."""

    def stop(*_: object) -> None:
        raise TimeoutError("took too long")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 5 * seconds)
    tracemalloc.start()
    start = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert time.process_time() - start < seconds
    assert peak < megabytes * 2**20


@pytest.mark.parametrize("case", CASES)
def test_each_gives_one_line_quickly_and_runs_nothing(case, tmp_path, monkeypatch):
    make, message = CASES[case]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model"
    make(path)
    before = sorted(os.listdir(tmp_path))
    with bounded(seconds=4, megabytes=100), pytest.raises(ModelFileError) as caught:
        read_model(path)
    assert str(caught.value) == f"{path}: {message}"
    assert str(caught.value).isprintable()
    assert sorted(os.listdir(tmp_path)) == before  # no file "ran", nothing unpacked


def test_the_table_is_as_long_as_it_was():
    assert len(CASES) >= 100


def test_names_that_no_file_has(tmp_path):
    for path, message in {
        "a\0b": "'a\\x00b': cannot be read: embedded null byte",
        "a\nb": "'a\\nb': is not there",
        "x" * 5000: f"{'x' * 5000}: cannot be read: File name too long",
    }.items():
        with pytest.raises(ModelFileError) as caught:
            read_model(path)
        assert str(caught.value) == message


def test_a_smaller_limit_can_be_set(tmp_path):
    folder(GOOD)(tmp_path / "m")
    size = len(GOOD_ARRAYS)
    with pytest.raises(
        ModelFileError, match=f"arrays.safetensors has {size} bytes; at most {size - 1} are read"
    ):
        read_model(tmp_path / "m", max_bytes=size - 1)
    assert read_model(tmp_path / "m", max_bytes=size).kind == "AwareDetector"


# ------------------------------------------------------------------------------ harmless differences


def contents(model: ModelFile) -> Any:
    arrays = {name: (array.dtype, array.shape, array.tobytes()) for name, array in model.arrays.items()}
    return model.kind, model.document, arrays, model.versions, model.schema, model.created


HARMLESS: dict[str, Maker] = {
    "another file beside": folder(
        GOOD | {"README.md": b"a model card", "evil.pkl": PICKLE, ".DS_Store": b""}
    ),
    "deflated by hand": zipped(method=zipfile.ZIP_DEFLATED),
    "other line ends": with_manifest(GOOD[MANIFEST].replace(b", ", b",\r\n\t")),
    "other order of keys": with_manifest(json.dumps(json.loads(GOOD[MANIFEST]), sort_keys=True).encode()),
    "flag of encryption in a header nobody reads": patched(LOCAL, 6, b"\1\0", which=0),
    "64-bit archive": file(archive_of_64_bits()),
    "text before the archive": file(b"PK" + archive(list(GOOD.items()))),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_does_not_matter_changes_nothing(case, tmp_path):
    folder(GOOD)(tmp_path / "good")
    HARMLESS[case](tmp_path / "model")
    assert contents(read_model(tmp_path / "model")) == contents(read_model(tmp_path / "good"))


def test_a_class_key_in_a_document_stays_a_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = {"__class__": "os.system", "py/object": "os.system", "!!python": ["touch ran"]}
    with_fields(document=hostile)(tmp_path / "m")
    assert read_model(tmp_path / "m").document == hostile
    assert os.listdir(tmp_path) == ["m"]


# --------------------------------------------------------------------------------------------- fuzz


def mutations(data: bytes, *, seed: int, count: int) -> Iterator[bytes]:
    """Flip a bit, set a byte to an extreme, cut, repeat, drop or exchange a part."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        made = bytearray(data)
        at, other = sorted(int(i) for i in rng.integers(0, len(data), 2))
        match int(rng.integers(6)):
            case 0:
                made[at] ^= 1 << int(rng.integers(8))
            case 1:
                made[at] = int(rng.choice([0, 0x7F, 0x80, 0xFF, *b'"{[]},:0-9e']))
            case 2:
                del made[at:]
            case 3:
                made[at:at] = made[at : at + 16]
            case 4:
                del made[at : at + int(rng.integers(1, 9))]
            case _:
                made[at : at + 4], made[other : other + 4] = made[other : other + 4], made[at : at + 4]
        yield bytes(made)


FUZZED: dict[str, tuple[bytes, Callable[[bytes], Maker]]] = {
    "manifest": (GOOD[MANIFEST], with_manifest),
    "arrays": (GOOD_ARRAYS, lambda data: folder(GOOD | {ARRAYS: data})),
    "archive": (archive(list(GOOD.items())), file),
    "deflated archive": (archive(list(GOOD.items()), zipfile.ZIP_DEFLATED), file),
}


@pytest.mark.parametrize("part", FUZZED)
def test_a_damaged_model_is_refused_or_unchanged(part, tmp_path):
    data, make = FUZZED[part]
    make(data)(tmp_path / "good")
    expected, refused = contents(read_model(tmp_path / "good")), []
    for i, damaged in enumerate(mutations(data, seed=7, count=400)):
        make(damaged)(tmp_path / str(i))
        try:
            assert contents(read_model(tmp_path / str(i))) == expected
        except ModelFileError as error:
            refused.append(str(error))
    assert len(refused) > 200
    assert all(line.isprintable() for line in refused)


def test_arrays_that_lie_with_the_right_hash_are_refused_or_arrays(tmp_path):
    """An author can hash what he likes: the header's own checks are all that is left."""
    read = 0
    for i, hostile in enumerate(mutations(GOOD_ARRAYS, seed=11, count=400)):
        with_arrays(hostile)(tmp_path / str(i))
        try:
            arrays = read_model(tmp_path / str(i)).arrays
        except ModelFileError:
            continue
        read += 1
        assert sum(array.nbytes for array in arrays.values()) <= len(hostile)
    assert 0 < read < 400


def test_any_mutated_json_is_a_value_or_refused():
    parsed = 0
    for text in mutations(GOOD[MANIFEST], seed=13, count=1000):
        try:
            parse(text, what="it")
        except ModelFileError:
            continue
        parsed += 1
    assert 0 < parsed < 1000
