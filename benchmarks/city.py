"""A year of a city of 3,500 sensors at 10 minutes: made up, learnt from, forecast for all in one step.

Every part runs in a process of its own, which tells its peak of memory; the city is SIMULATED.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measuring import provenance, write_results

from unseen.forecasting.detector import ForecastDetector
from unseen.forecasting.history import History
from unseen.forecasting.judging import came
from unseen.forecasting.learning import Schedule
from unseen.forecasting.naive import RULES
from unseen.forecasting.stored import load, save
from unseen.series.calendar import Calendar
from unseen.series.mapped import open_mapped
from unseen.series.panel import Panel
from unseen.series.simulate import City, simulate

SENSORS, DAYS, STEP = 3_500, 365, 600
TESTED = 28  # days at the end that are never learnt from
BEFORE = 10  # days before a moment that a forecast looks at, and a little more
MOMENTS = 100  # of the days tested, for all sensors each
MEMORY = 4e9
Found = dict[str, float | int | str]


def make(folder: Path, sensors: int, days: int) -> Found:
    """Make the city up."""
    calendar = Calendar.of_country("Europe/Madrid", "ES", "MD")
    city = City(sensors, days, step=STEP, calendar=calendar)
    simulate(city, folder / "city")
    return {"sensors": sensors, "slots": city.slots, "values": sensors * city.slots,
            "file_gb": (folder / "city" / "values.f32").stat().st_size / 1e9}  # fmt: skip


def learn(folder: Path, epochs: int, windows: int) -> Found:
    """Fit a forecaster to all but the last days; its windows are read from the map as they are drawn."""
    panel = open_mapped(folder / "city")
    schedule = Schedule(epochs=epochs, windows=windows)
    detector = ForecastDetector(schedule=schedule).fit(panel.slice(0, panel.slots - TESTED * panel.a_day))
    save(detector, folder / "model")
    return {"epochs": epochs, "windows": epochs * windows}


def step(folder: Path) -> Found:
    """Forecast every sensor once, from values that are there already, as a running service does."""
    detector, panel = load(folder / "model"), open_mapped(folder / "city")
    late = panel.slice(panel.slots - BEFORE * panel.a_day, panel.slots)
    detector.forecast(late.slice(0, 8 * panel.a_day), [8 * panel.a_day - 1])  # the first call loads things
    seconds = []
    for back in range(5):
        wall, cpu = time.perf_counter(), time.process_time()
        forecasts = detector.forecast(late, [late.slots - 1 - back])
        seconds.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, wall = np.median(seconds, axis=0)
    return {"sensors": len(panel.sensors), "forecast": int(np.isfinite(forecasts.mean).sum()),
            "step_cpu_s": float(cpu), "step_wall_s": float(wall)}  # fmt: skip


def judge(folder: Path) -> Found:
    """Mean absolute errors over days that nobody has seen, of the forecaster and of the rules beside it."""
    detector, panel = load(folder / "model"), open_mapped(folder / "city")
    late = panel.slice(panel.slots - (TESTED + BEFORE) * panel.a_day, panel.slots)
    rng = np.random.default_rng(0)
    first, last = BEFORE * late.a_day, late.slots - detector.horizon
    slots = np.sort(rng.choice(np.arange(first, last), min(MOMENTS, last - first), replace=False))
    forecasts = detector.forecast(late, slots)
    truth = came(late, forecasts)
    inside = (truth >= forecasts.quantile(0.05)) & (truth <= forecasts.quantile(0.95))
    found: Found = {"moments": len(slots), "mean_flow": float(np.nanmean(truth))}
    found["mae ForecastDetector"] = _mae(forecasts.quantile(0.5), truth)
    for name, values in _rules(detector, late, slots).items():
        found[f"mae {name}"] = _mae(values, truth)
    known = np.isfinite(truth) & np.isfinite(forecasts.mean)
    return found | {"coverage of 90 %": float(inside[known].mean())}


def _rules(detector: ForecastDetector, panel: Panel, slots: np.ndarray) -> dict[str, np.ndarray]:
    usual = detector.known_.usual
    rows = np.repeat(np.arange(len(panel.sensors))[:, None], len(slots), axis=1)
    own = np.arange(len(panel.sensors))
    history = History(panel, usual, own, detector.horizon, np.zeros(len(own), bool))
    at = np.broadcast_to(slots, rows.shape)
    return {name: rule(history, rows, at, detector.horizon) for name, rule in RULES.items()}


def _mae(values: np.ndarray, truth: np.ndarray) -> float:
    """Mean over sensors of the mean absolute error, as in the tables of Madrid."""
    with np.errstate(invalid="ignore"):
        error = np.abs(values - truth)
    some = np.isfinite(error).any(axis=1)
    return float(np.nanmean(error[some], axis=1).mean())


def measured(part: str, folder: Path, *words: object) -> Found:
    """Run one part in a process of its own: what it found, CPU seconds, and its peak of memory."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder), *map(str, words)]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    found: Found = json.loads(done.stdout.splitlines()[-1])
    print(part, json.dumps(found), flush=True)
    return found


def peak() -> float:
    """Largest resident set of this process in bytes, pages of mapped files among them."""
    return float(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024.0


def rows_of(found: dict[str, Found]) -> list[dict[str, object]]:
    """One row a number, with its goal where there is one."""
    goals: dict[str, tuple[str, Callable[[float], bool]]] = {
        "fit peak_gb": ("at most 4", lambda value: value <= MEMORY / 1e9),
        "fit cpu_s": ("at most 600", lambda value: value <= 600),
        "step step_wall_s": ("within seconds (10)", lambda value: value <= 10),
    }
    errors = {name: float(value) for name, value in found["judge"].items() if name.startswith("mae")}
    best = min(value for name, value in errors.items() if "Detector" not in name)
    goals["judge mae ForecastDetector"] = (f"below all rules ({best:.1f})", lambda value: value < best)
    table = []
    for part, numbers in found.items():
        for name, value in numbers.items():
            goal, holds = goals.get(f"{part} {name}", ("", None))
            table.append({"part": part, "number": name, "value": value, "goal": goal,
                          "holds": "" if holds is None else holds(float(value))})  # fmt: skip
    return table


def main() -> None:
    """Make, fit, forecast, judge; or one of these, in the process that measures itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/city.csv"))
    parser.add_argument("--quick", action="store_true", help="200 sensors, ten weeks")
    parser.add_argument(
        "--folder", type=Path, help="where the city and the model are kept; else they are cleared"
    )
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--windows", type=int, default=1_000_000)
    parser.add_argument("--sensors", type=int, default=SENSORS, help=argparse.SUPPRESS)
    parser.add_argument("--days", type=int, default=DAYS, help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=("make", "fit", "step", "judge"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        _print_part(chosen)
        return
    size = (200, 70) if chosen.quick else (chosen.sensors, chosen.days)
    with tempfile.TemporaryDirectory() as cleared:
        folder = chosen.folder or Path(cleared)
        found = {
            "make": measured("make", folder, "--sensors", size[0], "--days", size[1]),
            "fit": measured("fit", folder, "--epochs", chosen.epochs, "--windows", chosen.windows),
            "step": measured("step", folder),
            "judge": measured("judge", folder),
        }
    sys.argv = [word for word in sys.argv if word not in ("--folder", str(chosen.folder))]  # no place of ours
    write_results(chosen.out, [row | provenance(["torch", "numpy"]) for row in rows_of(found)])


def _print_part(chosen: argparse.Namespace) -> None:
    folder, begun = chosen.folder, time.perf_counter()
    found = {
        "make": lambda: make(folder, chosen.sensors, chosen.days),
        "fit": lambda: learn(folder, chosen.epochs, chosen.windows),
        "step": lambda: step(folder),
        "judge": lambda: judge(folder),
    }[chosen.part]()
    used = {"cpu_s": time.process_time(), "wall_s": time.perf_counter() - begun, "peak_gb": peak() / 1e9}
    print(json.dumps(found | used))


if __name__ == "__main__":
    main()
