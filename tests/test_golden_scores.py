"""Scores of `AwareDetector` that later code must give again: changes elsewhere move nothing here."""

import json
import runpy
from pathlib import Path

import pytest

HOME = Path(__file__).parent / "golden"
WRITER = runpy.run_path(str(HOME / "write_aware_scores.py"), run_name="writer")
GOLDEN = json.loads((HOME / "aware_scores.json").read_text())


@pytest.mark.parametrize("name", WRITER["MAKE"])
def test_scores_are_those_of_before(name):
    """Bit for bit where torch and processor are those of the file; elsewhere training magnifies rounding."""
    found, before = WRITER["numbers"](name), GOLDEN["numbers"][name]
    if WRITER["machine"]() == GOLDEN["made on"]:
        assert found == before
    for part, values in before.items():
        assert found[part] == pytest.approx(values, abs=0.1), part
