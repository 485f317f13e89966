"""Descriptors: values by hand, and what they may not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.music.descriptors import GROUPS, described


def line(pitches, every=4):
    window = np.zeros(32, dtype=np.int8)
    window[: len(pitches) * every : every] = np.array(pitches) - 19
    return window


def values(window, other=None):
    """Descriptors of one window; the second keeps them from being constant."""
    rng = np.random.default_rng(0)
    rest = np.stack([line(rng.integers(50, 80, size), every=3) for size in (4, 7, 10, 9, 5)])
    rest[0, 1], rest[1, 0], rest[1, 1] = 1, 0, 60
    found = described(np.stack([window, *rest]))
    return dict(zip(found.names, found.values[0].tolist(), strict=True)), found


def test_by_hand():
    # a rising scale of quarters: 60 62 64 65 67 69 71 72
    found, _ = values(line([60, 62, 64, 65, 67, 69, 71, 72]))
    expected = {
        "mean pitch": 66.25, "lowest pitch": 60, "highest pitch": 72, "pitch range": 12, "pitch classes": 7,
        "first pitch": 60, "last pitch": 72, "onsets": 8, "mean duration": 4, "duration spread": 0,
        "off-beat share": 0, "sixteenth-offset share": 0, "second-half share": 0.5, "rest share": 0,
        "held over a beat": 0, "mean interval": 12 / 7, "stepwise share": 1, "repeated share": 0,
        "rising share": 1, "turns share": 0, "arc length": 7, "net rise": 12,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found["contour"] > 0.99


def test_turns_leaps_and_rests():
    window = line([60, 67, 60, 72, 72])
    window[20] = 1
    found, _ = values(window)
    assert found["turns share"] == pytest.approx(2 / 4)
    assert found["fifths share"] == pytest.approx(2 / 4)
    assert found["octaves share"] == pytest.approx(1 / 4)
    assert found["repeated share"] == pytest.approx(1 / 4)
    assert found["rest share"] == pytest.approx(12 / 32)
    assert found["arc length"] == pytest.approx(3 / 3)


def test_transposing_moves_pitch_alone():
    window = line([60, 64, 62, 67, 65], every=5)
    higher = np.where(window > 1, window + 4, window).astype(np.int8)
    first, second = values(window)[0], values(higher)[0]
    for name, value in first.items():
        if GROUPS[name] == "P" and name not in ("pitch range", "pitch spread", "pitch classes"):
            assert second[name] == pytest.approx(value + 4)
        else:
            assert second[name] == pytest.approx(value)


def test_what_never_changes_is_dropped_and_named():
    found = described(np.stack([line([60, 62, 64, 65]), line([60, 62, 64, 67])]))
    assert "onsets" in found.dropped
    assert set(found.names) | set(found.dropped) == set(GROUPS)
    assert len(GROUPS) == 30


def test_a_window_without_notes_is_refused():
    with pytest.raises(DataError, match="window 1 has 0 onsets; descriptors need 2 or more"):
        described(np.stack([line([60, 62]), np.zeros(32, dtype=np.int8)]))
