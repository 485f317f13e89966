"""As a process of its own: pipes, streams, exit codes, interrupts, start-up time."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from commandline import ROOT, flow_table, started

from unseen.cli import faults
from unseen.training.progress import listening, tell


def ran(*words, stdin=None):
    process = started(*words, stdin=subprocess.PIPE)
    out, err = process.communicate(stdin, timeout=60)
    return process.returncode, out.decode(), err.decode()


def test_a_pipe_goes_in_and_out(place):
    code, out, err = ran("score", place.model, "-", "--top", 3, stdin=place.flows.read_bytes())
    assert (code, err) == (0, "")
    assert len(list(csv.DictReader(io.StringIO(out)))) == 3


def test_a_fault_is_on_standard_error_alone(place):
    code, out, err = ran("score", place.model, "absent.csv")
    assert (code, out) == (1, "")
    assert err == "unseen: absent.csv does not exist.\n"


def test_a_misspelt_option_leaves_with_2():
    code, out, err = ran("score", "--tpo", 3)
    assert (code, out) == (2, "")
    assert (
        err
        == "unseen: no such option: --tpo (Possible options: --top). See 'unseen score --help'.\n".replace(
            "(Possible options: --top)", err[err.index("(") : err.index(")") + 1]
        )
    )
    assert "--top" in err


def test_a_reader_that_leaves_is_no_fault(place, tmp_path):
    big = tmp_path / "big.csv"
    big.write_text(flow_table(30_000))
    process = started("score", place.model, big)
    assert process.stdout.readline() == b"row,score,p_value,alarm\n"
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    (tmp_path / "f.csv").write_text(flow_table(20_000))
    process = started("fit", "f.csv", "--drop", "kind", "--out", "m", "--steps", 1_000_000, cwd=tmp_path)
    time.sleep(3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert err == b"unseen: interrupted; nothing was left half-written\n"
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]


@pytest.mark.parametrize("wait", [0.0, 0.1, 0.2, 0.3, 0.6, 1.0, 2.0])
def test_an_interrupt_at_any_time_has_its_exit_code(tmp_path, wait):
    """From the first line of ours on; what comes before is the interpreter's."""
    (tmp_path / "f.csv").write_text(flow_table(20_000))
    words = ["fit", "f.csv", "--drop", "kind", "--out", "m", "--steps", "1000000"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from unseen.cli import main; print('up', flush=True); main()", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
    )
    assert process.stdout.readline() == b"up\n"
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert err == b"unseen: interrupted; nothing was left half-written\n"


def test_an_interrupt_that_was_swallowed_is_raised_anew():
    """As a destructor or a callback of a C library would swallow it."""
    with faults._interrupts(), listening(lambda *_: None):
        tell("work", 1, 3)
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            tell("work", 2, 3)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    tell("work", 3, 3)


def test_an_interrupted_score_keeps_the_older_file(place, tmp_path):
    (tmp_path / "s.csv").write_text("older")
    process = started("score", place.model, "-", "--out", tmp_path / "s.csv", stdin=subprocess.PIPE)
    process.stdin.write(flow_table(50).encode())
    process.stdin.flush()
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == b"unseen: interrupted; nothing was left half-written\n"
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]
    assert (tmp_path / "s.csv").read_text() == "older"


def test_help_does_not_wait_for_torch():
    code = (
        "import sys; from unseen.cli.app import app; "
        "print(sorted({'torch', 'pyarrow', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={"PYTHONPATH": str(ROOT / "src")}, check=True
    )
    assert done.stdout == b"[]\n"


@pytest.mark.parametrize(
    "command", ["demo", "fit", "score", "evaluate", "explain", "report", "recipe run", "recipe list"]
)
def test_every_help_has_an_example(command):
    from commandline import unseen

    help_ = unseen(*command.split(), "--help")
    assert help_.code == 0
    assert f"$ unseen {command}" in help_.out


def test_version():
    code, out, _ = ran("--version")
    assert code == 0
    assert out == "unseen 0.1.0\n"
