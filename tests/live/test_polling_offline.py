"""Polling a feed that fails in every way it can equals closing the same slots offline, alarm for alarm."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from rehearsing import STEP, offline, polled, streets, with_past

from unseen.live.store import Store

DAY = 86_400
SPRING, AUTUMN = 1_490_486_400, 1_509_231_600  # 2017-03-26 and 2017-10-29, 00:00 in Madrid, -2 h


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """Twenty days of eight streets up to the day after summer time began, and a store that knows them."""
    first = SPRING + 22 * 3600
    panel = streets(8, 22, start=first - 20 * DAY)
    folder = tmp_path_factory.mktemp("past")
    return with_past(folder, panel, first), panel, first


def copied(told, folder):
    shutil.copy(told.store, folder / "watch.db")
    return told.model_copy(update={"store": folder / "watch.db"})


def faults(number: int, now: float) -> str | None:
    kinds = {1: "error", 3: "html", 5: "cut", 7: "empty", 9: "gone", 11: "twice", 13: "shuffled", 15: "old"}
    return kinds.get(number % 17)


def test_faults_of_single_answers_change_nothing(past, tmp_path):
    told, panel, first = past
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    last = first + DAY
    part = panel.slice(0, panel.slot(last))
    live, log = polled(copied(told, tmp_path / "a"), part, first, last, fault=faults, spread=500)
    still = offline(copied(told, tmp_path / "b"), part, first)
    assert len(still) >= 5
    assert live == still
    assert min(log["content"], log["error"], log["late"]) >= 5


def test_an_outage_costs_the_slots_it_hid_and_no_more(past, tmp_path):
    told, panel, first = past
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    begin, last = first + 8 * 3600, first + 14 * 3600
    part = panel.slice(0, panel.slot(last))

    def out(number, now):
        return "error" if begin <= now < begin + 2400 else None

    live, _ = polled(copied(told, tmp_path / "a"), part, first, last, fault=out, delay=60)
    hidden = part.values.copy()
    # shown from 60 s after its begin, a reading is gone with the next one, and too late 120 s after its slot
    for slot in range(part.slot(begin) - 1, part.slot(begin) + 4):
        shown = part.start + slot * STEP + 60
        polls = first + 180 * np.arange(1000)
        seen = polls[(polls >= shown) & (polls < shown + STEP)]
        if all(begin <= poll < begin + 2400 for poll in seen):
            hidden[:, slot] = np.nan
    assert np.isnan(hidden).any()
    assert live == offline(copied(told, tmp_path / "b"), replace(part, values=hidden), first)
    with Store(tmp_path / "a" / "watch.db") as store:
        assert store.db.execute("SELECT sum(count) FROM feed WHERE kind = 'error'").fetchone()[0] >= 10
