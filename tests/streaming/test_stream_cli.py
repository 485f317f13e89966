"""`unseen stream`: one reading in, one line out; a state to go on from."""

import csv
import io
import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from unseen.cli.app import app
from unseen.streaming import StreamDetector, score_series
from unseen.streaming.kept import load

ROWS = 500


@pytest.fixture
def values():
    made = np.random.default_rng(0).normal(20, 1, ROWS)
    made[400] = 60
    return made


@pytest.fixture
def path(values, tmp_path):
    lines = [f"{60 * place},{value!r}" for place, value in enumerate(values.tolist())]
    (tmp_path / "r.csv").write_text("\n".join(["time,value", *lines]) + "\n")
    return tmp_path / "r.csv"


def run(*words, **given):
    ran = CliRunner().invoke(app, ["stream", *map(str, words), "--warmup", "200"], **given)
    assert ran.exit_code == 0, ran.stderr
    return ran


def test_every_reading_has_its_line_with_the_scores_of_the_library(path, values):
    rows = list(csv.DictReader(io.StringIO(run(path).stdout)))
    scored = score_series(np.arange(ROWS) * 60.0, values, StreamDetector(warmup=200))
    assert [float(row["score"]) for row in rows] == pytest.approx(scored.score, abs=1e-3)
    assert [row["alarm"] == "yes" for row in rows] == scored.alarm.tolist()
    assert [row["state"] for row in rows] == ["learning"] * 200 + ["ok"] * 300
    assert rows[400]["why"]


def test_alarms_alone_as_json(path):
    ran = run(path, "--alarms-only", "--json")
    (alarm,) = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (alarm["time"], alarm["alarm"], alarm["state"]) == (str(400 * 60), True, "ok")
    assert alarm["p"] < 0.01
    assert "readings: 500, alarms: 1" in ran.stderr


def test_a_header_alone_is_no_fault():
    assert run("-", input="time,value\n").stdout == "time,value,score,p,alarm,state,why\n"


def test_a_state_that_cannot_be_written_is_said_before_anything_runs(path, tmp_path):
    ran = CliRunner().invoke(app, ["stream", str(path), "--state", str(tmp_path / "absent" / "s.npz")])
    assert ran.exit_code == 1
    assert "s.npz cannot be written: No such file or directory" in ran.stderr
    assert ran.stdout == ""


def test_missing_values_of_json_lines_pass():
    lines = "".join(json.dumps({"time": place, "value": None}) + "\n" for place in range(3))
    found = [json.loads(line) for line in run("-", "--json", input=lines).stdout.splitlines()]
    assert [(row["value"], row["state"]) for row in found] == [(None, "missing")] * 3


def test_a_state_goes_on_as_if_nothing_had_happened(path, tmp_path):
    text = path.read_text().splitlines(keepends=True)
    state = tmp_path / "s.npz"
    parts = [
        CliRunner().invoke(
            app,
            ["stream", "-", "--state", str(state), *(["--warmup", "200"] if not state.exists() else [])],
            input="".join([text[0], *lines]),
        )
        for lines in (text[1:300], text[300:])
    ]
    assert [part.exit_code for part in parts] == [0, 0]
    whole = run(path).stdout.splitlines()
    assert parts[0].stdout.splitlines() + parts[1].stdout.splitlines()[1:] == whole


def test_settings_beside_a_state_are_refused(path, tmp_path):
    run(path, "--state", tmp_path / "s.npz")
    ran = CliRunner().invoke(app, ["stream", str(path), "--state", str(tmp_path / "s.npz"), "--quiet", "9"])
    assert ran.exit_code == 1
    assert f"--quiet came with {tmp_path / 's.npz'}, which has its own" in ran.stderr


def test_a_pipe_is_answered_line_by_line_and_an_interrupt_keeps_the_state(tmp_path):
    command = [sys.executable, "-m", "unseen.cli", "stream", "-", "--state", str(tmp_path / "s.npz")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        process.stdin.write(b"time,value\n")
        for place in range(3):
            process.stdin.write(f"{place},{place}\n".encode())
            process.stdin.flush()
            if not place:
                assert process.stdout.readline() == b"time,value,score,p,alarm,state,why\n"
            assert process.stdout.readline().startswith(f"{place},{place}.0,".encode())
        process.send_signal(signal.SIGINT)
        process.stdin.close()
        process.wait(30)
    assert load(tmp_path / "s.npz")._seen == 3
