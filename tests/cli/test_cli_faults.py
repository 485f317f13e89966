"""Every fault: one line, the exact words, the exit code, and nothing written."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path

import numpy as np
import pytest
from commandline import flow_table, unseen

CASES = tomllib.loads((Path(__file__).parent / "faults.toml").read_text())["case"]


def flows_with_a_gap() -> str:
    lines = flow_table(120).splitlines()
    size, _, rest = lines[91].split(",", 2)
    return "\n".join([*lines[:91], f"{size},,{rest}", *lines[92:], ""])


def put(path: Path, content: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if content == "@folder":
        path.mkdir()
    elif content == "@objects":
        np.savez(path, X=np.array([[None]], dtype=object))
    else:
        texts = {"@flows": flow_table(120), "@flows-gap": flows_with_a_gap(), "@pickle": "\x80\x04N."}
        path.write_bytes(texts.get(content, content).encode("latin-1"))


def test_table_is_whole():
    assert len(CASES) >= 50
    assert len({case["name"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_fault(case, place, tmp_path):
    for name, content in case.get("files", {}).items():
        put(tmp_path / name, content)
    before = sorted(tmp_path.rglob("*"))
    fill = {"here": tmp_path, "model": place.model, "whole": place.whole, "flows": place.flows}
    ran = unseen(*shlex.split(case["typed"].format(**fill)))
    assert ran.err == f"unseen: {case['says'].format(**fill)}\n"
    assert ran.code == case.get("code", 1)
    assert ran.out == ""
    assert sorted(tmp_path.rglob("*")) == before
