"""The reference table: monotone, and what a fresh measurement says."""

import numpy as np
import pytest

from unseen.streaming import StreamDetector, reference, score_series


def test_the_table_falls_as_the_threshold_rises():
    lines = reference.table()
    assert len(lines) > 20
    for column in ("alarms", "share"):
        numbers = [getattr(line, column) for line in lines]
        assert numbers == sorted(numbers, reverse=True)
    assert reference.threshold(lines[0].alarms) == lines[0].score
    assert lines[5].score < reference.threshold((lines[5].alarms + lines[6].alarms) / 2) < lines[6].score
    assert all(reference.share_above(line.score) == pytest.approx(line.share) for line in lines)


def test_streams_are_the_same_for_a_seed_and_apart_for_kinds():
    first, again = (reference.stream("daily", 500, seed=3)[1] for _ in range(2))
    assert np.array_equal(first, again)
    every = [tuple(reference.stream(kind, 100, seed=0)[1]) for kind in reference.KINDS]
    assert len(set(every)) == 9


def test_alarms_of_the_table_are_counted_as_the_detector_raises_them():
    detector = StreamDetector(warmup=500, alarms=20.0)
    scored = score_series(*reference.stream("log-normal", 3000, seed=5), detector)
    (line,) = reference.measure([scored.score[500:]], levels=[detector.threshold], quiet=150)
    assert line.alarms == pytest.approx(1e4 * scored.alarm.sum() / 2500)
    assert scored.alarm.sum() > 0
