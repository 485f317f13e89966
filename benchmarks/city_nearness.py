"""How near made-up streets are to the real ones they were fitted to; writes the law that comes along too."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import numpy as np
from measuring import provenance, write_results

from unseen.recipes.datasets import folder
from unseen.series.calendar import Calendar
from unseen.series.mishaps import Mishaps
from unseen.series.nearness import describe
from unseen.series.panel import Panel
from unseen.series.simulate import City, simulated
from unseen.series.street_fit import fit_streets
from unseen.series.streets import SHIPPED, StreetLaw
from unseen.series.wall import wall_panel

ORIGIN = "ten streets of Madrid, 2017 (Madrid open data; arXiv 2012.02260)"
SENSORS, SEEDS = 100, 5
GOAL = 0.10  # errors of made-up streets are within a tenth of those of real ones


def madrid() -> Panel:
    """Ten streets of Madrid, a year of quarters of an hour."""
    file = np.load(folder(None) / "traffic" / "madrid_15min_2017_10sensors.npz")
    return wall_panel(
        file["values"],
        first=dt.datetime(2017, 1, 1),
        step=900,
        sensors=[str(one) for one in file["sensor_ids"]],
        calendar=Calendar.of_country("Europe/Madrid", "ES", "MD"),
    )


def main() -> None:
    """Describe both in the same numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/city_nearness.csv"))
    parser.add_argument("--law", type=Path, help=f"also write the law here, as {SHIPPED}")
    chosen = parser.parse_args()
    real = madrid()
    law = fit_streets(real, ORIGIN)
    if chosen.law:
        law.write(chosen.law)
    truth = describe(real)
    drawn = [describe(_drawn(real, law, seed)) for seed in range(SEEDS)]
    rows = []
    for name, value in truth.items():
        values = np.array([one[name] for one in drawn])
        rows.append({
            "number": name, "real": value, "made_up": values.mean(), "least": values.min(),
            "most": values.max(), "ratio": values.mean() / value if value else float("nan"),
            "within_a_tenth": abs(values.mean() / value - 1) <= GOAL if name.startswith("error") else "",
            "sensors": SENSORS, "seeds": SEEDS,
        } | provenance(["numpy", "scipy"]))  # fmt: skip
        print(f"{name:45s} {value:8.3f} {values.mean():8.3f}  {values.min():.3f} to {values.max():.3f}")
    write_results(chosen.out, rows)


def _drawn(real: Panel, law: StreetLaw, seed: int) -> Panel:
    quiet = Mishaps(0.1, 0, 0, 0)  # the real streets have no gaps; their incidents are in the law
    city = City(SENSORS, 365, step=real.step, calendar=real.calendar, law=law, mishaps=quiet, seed=seed)
    return simulated(city)


if __name__ == "__main__":
    main()
