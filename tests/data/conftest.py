"""Real data, where it is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("UNSEEN_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def real() -> Callable[[str], Path]:
    """The path of a file of real data; the test is skipped, with its name, where it is absent."""

    def find(name: str) -> Path:
        if not (ROOT / name).exists():
            pytest.skip(f"no {name} in UNSEEN_DATA")
        return ROOT / name

    return find
