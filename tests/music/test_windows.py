"""Tokens, windows and their division: what is left out, and that no tune is on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from unseen.errors import DataError
from unseen.music.melody import STEP, TICKS, melody
from unseen.music.tokens import refusal, sounding, tokens
from unseen.music.tunes import gathered, read
from unseen.music.windows import chosen, cut, distinct, divided


def walk(seed: int, notes: int = 96, name: str = "walk"):
    """Return a random melody of eighth notes in whole bars."""
    rng = np.random.default_rng(seed)
    pitches = np.clip(67 + np.cumsum(rng.integers(-2, 3, notes)), 50, 84)
    starts = np.arange(notes) * 2 * STEP
    return melody(f"{name} {seed}", "mine", starts.tolist(), [2 * STEP] * notes, pitches.tolist())


REFUSED = {
    "another meter (3/4)": {"meters": ("3/4",)},
    "another meter (6/8)": {"meters": ("4/4", "6/8")},
    "no meter": {"meters": ()},
    "fewer than 8 notes": {"starts": [0], "lengths": [STEP], "pitches": [60]},
    "off the grid of sixteenths": {"starts": [0, *(TICKS // 3 + STEP * i for i in range(1, 9))]},
    "outside MIDI 21 to 108": {"pitches": [10] * 9},
    "longer than 2,000 bars": {"end": 10**12},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_written_is_named(reason):
    given = {"starts": [STEP * i for i in range(9)], "lengths": [STEP] * 9, "pitches": [60] * 9}
    given |= REFUSED[reason]
    own = [given.pop(name) for name in ("starts", "lengths", "pitches")]
    assert refusal(melody("a", "b", *own, **given)) == reason


def test_tokens_begin_at_the_first_full_bar():
    starts = [STEP * place for place in (0, 2, 6, 8, 12)]
    tune = melody("a", "b", starts, [2 * STEP, 2 * STEP, 2 * STEP, STEP, 4 * STEP], [60, 61, 62, 63, 64],
                  first_bar=2 * STEP)  # fmt: skip
    assert tokens(tune).tolist() == [42, 0, 1, 0, 43, 0, 44, 1, 0, 0, 45, 0, 0, 0]


def test_a_note_held_over_a_bar_is_begun_anew():
    starts, lengths = [0, *(STEP * place for place in range(48, 56))], [48 * STEP, *[STEP] * 8]
    tune = melody("a", "b", starts, lengths, [60, *[62] * 8], end=64 * STEP)
    windows = cut(gathered([tune]), 2)
    # the first two windows have too few onsets; the third begins within the long note
    assert windows.tokens[:, 0].tolist() == [41]
    assert windows.tokens[0, 16] == 43
    assert sounding(np.array([0, 1, 0, 43, 0], dtype=np.int8)).tolist() == [1, 1, 1, 43, 43]


def test_no_tune_and_no_window_is_on_both_sides():
    tunes = gathered([walk(seed) for seed in range(60)])
    parts = divided(tunes, 2, seed=3, least=100)
    sides = [set(part.tunes.tolist()) for part in (parts.learn, parts.watch, parts.test)]
    assert all(sides)
    assert sum(map(len, sides)) == len(set.union(*sides))
    rows = [{row.tobytes() for row in part.tokens} for part in (parts.learn, parts.test)]
    assert not rows[0] & rows[1]
    assert len(rows[0]) == len(parts.learn)
    # the same tunes are on the same side, whatever the length of a window
    longer = divided(tunes, 4, seed=3, least=100)
    assert set(longer.test.tunes.tolist()) <= sides[2]


def test_a_window_learned_from_is_dropped_from_the_test():
    tune = walk(0)
    twins = [melody(f"t {n}", "mine", tune.starts.tolist(), tune.lengths.tolist(),
                    [60, 62 + n, *tune.pitches.tolist()[2:]]) for n in range(20)]  # fmt: skip
    parts = divided(gathered([*twins, *(walk(seed) for seed in range(1, 40))]), 2, seed=0, least=100)
    known = {row.tobytes() for row in parts.learn.tokens}
    assert parts.leaked > 0
    assert not any(row.tobytes() in known for row in parts.test.tokens)


def test_too_few_windows_are_refused():
    with pytest.raises(DataError, match=r"^\d+ windows of 2 bars came from 3 tunes; at least 1,000"):
        divided(gathered([walk(seed) for seed in range(3)]), 2, seed=0)


def test_equal_beginnings_are_one_tune_in_any_key():
    tune = walk(5)
    higher = melody(
        "higher", "mine", tune.starts.tolist(), tune.lengths.tolist(), (tune.pitches + 3).tolist()
    )
    found = gathered([tune, higher, walk(6)])
    assert len(found) == 2
    assert found.left.lines() == ["1 left out: begins as an earlier tune (higher)"]


def test_nothing_to_use_is_refused():
    with pytest.raises(
        DataError, match=r"^no tune could be used: 1 left out: another meter \(3/4\) \(waltz\)$"
    ):
        gathered([melody("waltz", "b", [0], [STEP], [60], meters=("3/4",))])


def test_a_file_of_tunes_comes_back(tmp_path):
    tunes = gathered([walk(seed) for seed in range(4)] + [walk(1)])
    tunes.write(tmp_path / "t.npz")
    back = read(tmp_path / "t.npz")
    assert (back.steps == tunes.steps).all()
    assert back.names.tolist() == tunes.names.tolist()
    assert back.left.lines() == tunes.left.lines()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"text", None])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "t.npz"
    if content is None:
        np.savez(path, steps=np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"(is not a file of tunes|is damaged).* unseen music prepare"):
        read(path)


def test_drawing_is_seeded():
    windows = distinct(cut(gathered([walk(seed) for seed in range(9)]), 2))
    assert (chosen(windows, 20, 4).tokens == chosen(windows, 20, 4).tokens).all()
    assert len(chosen(windows, 10**6, 4)) == len(windows)
