"""SIGKILL at any moment: what the store says afterwards is what an undisturbed run says of the same slots."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
from rehearsing import FIELDS, STEP, logged, offline, streets, with_past

from unseen.live.clock import SpedClock
from unseen.live.rehearsal import Rehearsal, served
from unseen.live.store import Store

FIRST = 1_490_565_600  # 2017-03-27, midnight in Madrid
SPEED = 300.0
SLOTS = 7

TEXT = """
store = "live.db"
feed = {{ url = "{url}", every = 60 }}
series = {series}
alarm = {{ theta = 0.02 }}
dashboard = {{ on = false }}
clock = {{ speed = {speed}, origin = {origin}, wall = {wall} }}
"""


def started(folder, lines):
    command = [sys.executable, "-m", "unseen.cli", "watch", str(folder / "watch.toml"), "--json"]
    with lines.open("ab") as out, (folder / "notes").open("ab") as notes:
        return subprocess.Popen(command, stdout=out, stderr=notes, env={**os.environ, "OMP_NUM_THREADS": "1"})


def closed(path) -> int:
    with Store(path, read_only=True) as store:
        return store.last_slot()


def test_killed_at_random_moments_no_alarm_is_lost_or_doubled(tmp_path):
    begin = FIRST + 6 * 3600
    panel = streets(12, 22, start=begin - 20 * 86_400)
    told = with_past(tmp_path, panel, begin, days=1)
    shutil.copy(told.store, tmp_path / "live.db")
    clock = SpedClock(SPEED, float(begin), time.time())
    lines, rng = tmp_path / "lines.jsonl", np.random.default_rng(5)
    with served(Rehearsal(panel, clock)) as url:
        series = json.dumps({"zone": "Europe/Madrid", "slot": 15, **FIELDS}).replace(":", " =")
        origin = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin))
        text = TEXT.format(url=url, series=series, speed=SPEED, origin=origin, wall=clock.wall)
        (tmp_path / "watch.toml").write_text(text)
        for kill in range(3):
            process = started(tmp_path, lines)
            at = closed(tmp_path / "live.db")
            deadline = time.monotonic() + 60
            while (
                closed(tmp_path / "live.db") == at and process.poll() is None and time.monotonic() < deadline
            ):
                time.sleep(0.02)
            if kill < 2:
                time.sleep(float(rng.uniform(0, STEP / SPEED)))
                process.send_signal(signal.SIGKILL)
                process.wait()
        while closed(tmp_path / "live.db") < begin + SLOTS * STEP and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
        process.wait()
    assert process.returncode == 0, (tmp_path / "notes").read_text()
    with Store(tmp_path / "live.db", read_only=True) as store:
        live, last = logged(store), store.last_slot()
        values, _ = store.slots(begin, last + STEP, STEP, 12)
        changes = {row[0] for row in store.db.execute("SELECT number FROM transitions")}
    part = panel.slice(0, panel.slot(last) + 1)
    seen = part.values.copy()
    seen[:, part.slot(begin) :] = values
    came = part.values[:, part.slot(begin) :]
    assert ((values == came) | np.isnan(values)).all()
    assert np.isfinite(values).any(axis=0).sum() >= 3
    told = told.model_copy(update={"alarm": told.alarm.model_copy(update={"theta": 0.02})})
    assert live == offline(told, replace(part, values=seen), begin)
    assert len(live) >= 3
    words = [json.loads(line) for line in lines.read_text().splitlines()]
    numbers = [int(word["key"].rpartition("-")[2]) for word in words if word["event"] != "slot"]
    assert set(numbers) == changes
    slots = [word["slot"] for word in words if word["event"] == "slot"]
    assert len(slots) == len(set(slots))
