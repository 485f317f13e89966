"""A save is whole or not there, replaces nothing but a model, and survives interruption at any step."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unseen.errors import ModelFileError
from unseen.persist import read_model, write_model
from unseen.persist.tensors import pack


def save(path: Path, number: int = 1) -> None:
    write_model(
        path, document={"number": number}, arrays={"w": np.arange(3.0) + number}, kind="AwareDetector"
    )


def number_of(path: Path) -> Any:
    model = read_model(path)
    assert model.arrays["w"][0] == model.document["number"]
    return model.document["number"]


def home(path: Path) -> None:
    path.mkdir()
    (path / "thesis.tex").write_text("ten years")


def web_app(path: Path) -> None:
    path.mkdir()
    (path / "manifest.json").write_text('{"name": "my web app"}')


def model_with_notes(path: Path) -> None:
    save(path)
    (path / "notes.txt").write_text("mine")


def arrays_only(path: Path) -> None:
    path.mkdir()
    (path / "arrays.safetensors").write_bytes(pack({"w": np.ones(1)}))


def text_file(path: Path) -> None:
    path.write_text("mine")


KEPT = "it is not replaced: choose another name"
PRECIOUS: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "home": (
        "m",
        home,
        "is a folder that holds 'thesis.tex', which is no part of a model; " + KEPT,
    ),
    "model with notes": (
        "m",
        model_with_notes,
        "is a folder that holds 'notes.txt', which is no part of a model; " + KEPT,
    ),
    "other manifest": (
        "m",
        web_app,
        "is not a model (manifest.json names no format; accepted: 'unseen-model'); " + KEPT,
    ),
    "arrays only": (
        "m",
        arrays_only,
        "is not a model (has no manifest.json: it is not a model folder, or a part of one); " + KEPT,
    ),
    "file": ("m", text_file, "is a file, and a model without the suffix .zip or .unseen is a folder"),
    "file named zip": (
        "m.zip",
        text_file,
        "is not a model (is neither a model folder nor a zip archive of one (pickles are never loaded)); "
        + KEPT,
    ),
    "folder named zip": (
        "m.zip",
        home,
        "is a folder, and a model named *.zip is a file: choose another name",
    ),
}


def tree(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


@pytest.mark.parametrize("case", PRECIOUS)
def test_nothing_but_a_model_is_replaced(tmp_path, case):
    name, make, message = PRECIOUS[case]
    make(tmp_path / name)
    before = tree(tmp_path)
    with pytest.raises(ModelFileError) as caught:
        save(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: {message}"
    assert tree(tmp_path) == before


def test_a_missing_parent_is_named(tmp_path):
    with pytest.raises(ModelFileError) as caught:
        save(tmp_path / "no" / "m")
    assert str(caught.value) == f"{tmp_path}/no/m: the folder {tmp_path}/no does not exist: create it first"


def test_an_empty_folder_is_taken_and_keeps_its_rights(tmp_path):
    (tmp_path / "m").mkdir(mode=0o700)
    save(tmp_path / "m")
    save(tmp_path / "m", 2)
    assert number_of(tmp_path / "m") == 2
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o700
    assert os.listdir(tmp_path) == ["m"]


def test_a_link_to_a_model_stays_a_link(tmp_path):
    save(tmp_path / "v1")
    (tmp_path / "latest").symlink_to("v1")
    save(tmp_path / "latest", 2)
    assert (tmp_path / "latest").is_symlink()
    assert number_of(tmp_path / "v1") == number_of(tmp_path / "latest") == 2


class Interrupt:
    """Let `count` calls that reach the disk pass, then stop the program at the next one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int, fault: BaseException) -> None:
        self.left, self.fault = count, fault
        for name in ("fsync", "rename", "replace"):
            monkeypatch.setattr(os, name, self.counting(getattr(os, name)))

    def counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            self.left -= 1
            if self.left == -1:
                raise self.fault
            return call(*args)

        return counted


@pytest.mark.parametrize(
    "fault", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["ctrl-c", "full"]
)
@pytest.mark.parametrize("name", ["m", "m.zip"])
def test_an_interrupted_save_leaves_the_old_or_the_new_model_and_nothing_else(tmp_path, name, fault):
    stopped = 0
    for count in range(20):
        save(tmp_path / name, 1)
        with pytest.MonkeyPatch.context() as patch:
            patched = Interrupt(patch, count, fault)
            try:
                save(tmp_path / name, 2)
            except (KeyboardInterrupt, ModelFileError):
                stopped += 1
        assert os.listdir(tmp_path) == [name]
        assert number_of(tmp_path / name) in (1, 2)
        if patched.left >= 0:
            break
    assert number_of(tmp_path / name) == 2
    assert stopped == {"m": 6, "m.zip": 3}[name]


@pytest.mark.parametrize("name", ["m", "m.zip"])
def test_an_interrupted_first_save_leaves_nothing(tmp_path, name):
    with pytest.MonkeyPatch.context() as patch:
        Interrupt(patch, 1, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_model_set_aside_by_a_kill_is_read_and_brought_back(tmp_path):
    save(tmp_path / "m", 1)
    aside = tmp_path / ".m.old-0123456789abcdef"
    (tmp_path / "m").rename(aside)
    assert number_of(tmp_path / "m") == 1
    with pytest.raises(ModelFileError, match="nan"):
        write_model(tmp_path / "m", document={"a": float("nan")}, arrays={}, kind="K")
    assert number_of(tmp_path / "m") == 1
    save(tmp_path / "m", 2)
    assert number_of(tmp_path / "m") == 2
    assert os.listdir(tmp_path) == ["m"]


SAVING = """
import sys, numpy as np
from unseen.persist import write_model
number = 2
while True:
    write_model(sys.argv[1], document={"number": number}, arrays={"w": np.full(9, float(number))}, kind="K")
    if number == 3: print("saving", flush=True)
    number += 1
"""


@pytest.mark.parametrize("name", ["m", "m.zip"])
def test_readers_see_whole_models_only_while_a_writer_is_killed(tmp_path, name):
    target = tmp_path / name
    save(target)
    for wait in (0.11, 0.23):
        writer = subprocess.Popen([sys.executable, "-c", SAVING, target], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        with writer.stdout:
            assert writer.stdout.readline() == b"saving\n"
            last, end = 0, time.monotonic() + wait
            while time.monotonic() < end:
                assert number_of(target) >= last
                last = number_of(target)
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        assert number_of(target) >= last > 2
        save(target, 1)
        assert number_of(target) == 1
        assert not [left for left in os.listdir(tmp_path) if ".old-" in left]
