from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import QUICK, ROOT, Place, flow_table, unseen


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("cli")
    flows, model = folder / "flows.csv", folder / "model"
    flows.write_text(flow_table())
    ran = unseen(
        "fit", flows, "--label", "kind", "--normal", "ok", "--known", "DoS", "--hold-out", 0.4,
        "--false-alarms", 0.05, "--out", model, *QUICK,
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    whole = folder / "whole"
    assert unseen("fit", flows, "--drop", "kind", "--out", whole, *QUICK).code == 0
    return Place(folder, flows, model, whole)


@pytest.fixture
def network() -> Callable[[str], Path]:
    """Path of a file of real network data; the test is skipped where it is absent."""
    base = Path(os.environ.get("UNSEEN_DATA", ROOT.parent / "shared" / "data")) / "network"

    def find(name: str) -> Path:
        if not (base / name).exists():
            pytest.skip(f"{name} is absent")
        return base / name

    return find


@pytest.fixture
def real_events() -> Path:
    """Folder of the published dark-shower images; the test is skipped where it is absent."""
    folder = (
        Path(os.environ.get("UNSEEN_DATA", ROOT.parent / "shared" / "data")) / "collider" / "dark_showers"
    )
    if not folder.exists():
        pytest.skip("collider/dark_showers is absent")
    return folder
