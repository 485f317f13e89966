"""The files of npm: kept, given by the user, or fetched; always those that were pinned."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace

import pytest

from unseen.errors import ConfigError
from unseen.phone import runtime


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Packages of made-up files with pins that fit, a cache of our own, and no npm."""
    contents = {pin.path: f"{pin.package}: {pin.path}".encode() for pin in runtime.PINS}
    for name in ("RUNTIME", "BINARY", "PARSER", "TERMS"):
        pin = getattr(runtime, name)
        monkeypatch.setattr(
            runtime, name, replace(pin, sha256=hashlib.sha256(contents[pin.path]).hexdigest())
        )
    monkeypatch.setattr(runtime, "PINS", (runtime.RUNTIME, runtime.BINARY, runtime.PARSER, runtime.TERMS))
    monkeypatch.setenv("UNSEEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(runtime.shutil, "which", lambda name: None)
    folder = tmp_path / "packages"
    folder.mkdir()
    for archive in {pin.archive for pin in runtime.PINS}:
        members = {p.path: contents[p.path] for p in runtime.PINS if p.archive == archive}
        write_archive(folder / archive, members)
    return folder


def write_archive(path, members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            about = tarfile.TarInfo(f"package/{name}")
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))


def npm(folder, tmp_path, monkeypatch, *, code: int = 0):
    """Put a program in the place of npm that copies the archives, or fails."""
    program = tmp_path / "npm"
    fault = "echo 'npm error network is unreachable' >&2; exit 1"
    program.write_text(f"#!/bin/sh\n{fault if code else f'cp {folder}/*.tgz .'}\n")
    program.chmod(0o755)
    monkeypatch.setattr(runtime.shutil, "which", lambda name: str(program))


def test_files_are_taken_from_archives_or_as_they_are(packages, tmp_path):
    found = runtime.runtime_files(packages)
    assert gzip.decompress(found["runtime/ort-wasm.bin"]).startswith(b"onnxruntime-web: dist/ort-wasm")
    assert found["runtime/dicom-parser.js"].endswith(b"\nexport default module.exports;\n")
    assert b"MIT License" in found["runtime/LICENSES.txt"]
    loose = tmp_path / "loose" / "deep"
    loose.mkdir(parents=True)
    for pin in runtime.PINS:
        (loose / pin.path.rpartition("/")[2]).write_bytes(f"{pin.package}: {pin.path}".encode())
    assert runtime.runtime_files(tmp_path / "loose") == found


def test_what_is_not_the_pinned_file_is_refused(packages, tmp_path):
    write_archive(packages / runtime.PARSER.archive, {runtime.PARSER.path: b"something else"})
    with pytest.raises(ConfigError, match=r"dicomParser\.min\.js of dicom-parser .* not that of version"):
        runtime.runtime_files(packages)
    (packages / runtime.PARSER.archive).write_bytes(b"no archive")
    with pytest.raises(ConfigError, match="is not a sound archive of npm"):
        runtime.runtime_files(packages)
    (packages / runtime.PARSER.archive).unlink()
    with pytest.raises(ConfigError, match=r"holds neither dicom-parser-1\.8\.21\.tgz nor dicomParser"):
        runtime.runtime_files(packages)
    with pytest.raises(ConfigError, match="does not exist; on a machine with npm run 'npm pack"):
        runtime.runtime_files(tmp_path / "none")


def test_what_npm_fetched_is_kept_and_a_changed_file_fetched_again(packages, tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="npm is not installed; on a machine with npm run 'npm pack"):
        runtime.runtime_files()
    npm(packages, tmp_path, monkeypatch)
    fetched = runtime.runtime_files()
    monkeypatch.setattr(runtime.shutil, "which", lambda name: None)
    assert runtime.runtime_files() == fetched
    kept = runtime.kept_in() / runtime.BINARY.name
    kept.write_bytes(kept.read_bytes()[:-1])
    with pytest.raises(ConfigError, match="npm is not installed"):
        runtime.runtime_files()
    npm(packages, tmp_path, monkeypatch)
    assert runtime.runtime_files() == fetched


def test_a_fault_of_npm_is_told_on_one_line(packages, tmp_path, monkeypatch):
    npm(packages, tmp_path, monkeypatch, code=1)
    with pytest.raises(ConfigError, match=r"dicom-parser@1\.8\.21: npm error network is unreachable; go"):
        runtime.runtime_files()


def test_the_real_files_are_those_that_were_pinned(runtime):
    assert 3_000_000 < len(runtime["runtime/ort-wasm.bin"]) < 4_500_000
    assert gzip.decompress(runtime["runtime/ort-wasm.bin"])[:4] == b"\0asm"
