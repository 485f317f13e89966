"""What the rows of the Numenta Anomaly Benchmark come to: tables, numbers with intervals, claims."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unseen.bench.nab import COLUMNS, COMMITTED, CORPUS, OTHER_HALF, OWN, Plan, measure
from unseen.bench.nab_detectors import OURS
from unseen.bench.nab_rules import PROFILES, STANDARD, Profile, normalised
from unseen.bench.outcome import Outcome, picked, versions_of
from unseen.bench.sheet import Row, read
from unseen.bench.tables import markdown
from unseen.evaluation import Estimate
from unseen.recipes.results import Claim
from unseen.seeds import generator

TARGET = 70.0
DRAWS = 2000
WHOLE = 58
_PUBLISHED = Path(__file__).with_name("published_nab.csv")
_WORDS = {
    CORPUS: "best of the whole corpus (published rule)",
    OTHER_HALF: "best of the other half of the series",
    OWN: "its own, set without labels",
}


@dataclass(frozen=True)
class Line:
    """One series under one detector, rule and profile; means over seeds."""

    series: str
    half: int
    readings: int
    windows: int
    found: float
    false: float
    raw: float
    seconds: float


def lines_of(rows: Sequence[Row], detector: str, rule: str, profile: str) -> list[Line]:
    """Gather the rows of a detector, rule and profile, a line a series."""
    kept = [r for r in rows if (r["detector"], r["rule"], r["profile"]) == (detector, rule, profile)]
    by_series: dict[str, list[Row]] = {}
    for row in kept:
        by_series.setdefault(row["series"], []).append(row)

    def mean(group: list[Row], column: str) -> float:
        return float(np.mean([float(row[column]) for row in group]))

    return [
        Line(
            name,
            int(group[0]["half"]),
            int(group[0]["readings"]),
            int(group[0]["windows"]),
            mean(group, "found"),
            mean(group, "false_alarms"),
            mean(group, "score"),
            mean(group, "seconds"),
        )
        for name, group in by_series.items()
    ]


def estimate(lines: Sequence[Line], profile: Profile) -> Estimate:
    """Return the normalised score of some series with its 95 % bootstrap interval over series.

    The threshold stays as it is; series without windows only cost by their false alarms.
    """
    windows = np.array([line.windows for line in lines], dtype=float)
    raw = np.array([line.raw for line in lines])
    if not windows.sum():
        return Estimate(math.nan)
    random = generator(0, 97)
    drawn = random.integers(0, len(lines), (DRAWS, len(lines)))
    per_window = (profile.found + profile.missed) * windows
    gained: NDArray[np.float64] = raw + profile.missed * windows
    totals = per_window[drawn].sum(axis=1)
    scores = 100.0 * gained[drawn].sum(axis=1)[totals > 0] / totals[totals > 0]
    low, high = np.quantile(scores, [0.025, 0.975])
    return Estimate(normalised(float(raw.sum()), int(windows.sum()), profile), float(low), float(high))


def outcome(rows: Sequence[Row], *, quick: bool = False) -> Outcome:
    """Make tables, numbers and claims of the rows of a run."""
    parts = [overall(rows), by_rule(rows), by_group(rows), series_table(rows, "realTraffic")]
    return Outcome(
        recipe="bench nab" + (" (quick)" if quick else ""),
        numbers=numbers(rows),
        must_show=claims(rows),
        notes=_notes(rows),
        tables="\n\n".join(part for part in parts if part),
        versions=versions_of(row["versions"] for row in rows),
    )


def rerun(plan: Plan, out: Path | None = None, *, fresh: bool = False, quick: bool = False) -> Outcome:
    """Run a plan and return what it says; results and tables go into `out`, where it is given.

    A run goes on where the `results.csv` of the folder ends.
    """
    found = outcome(measure(plan, None if out is None else out / "results.csv", fresh=fresh), quick=quick)
    if out is not None:
        found.write(out)
    return found


def committed(detectors: list[str] | None = None, *, path: Path = COMMITTED) -> Outcome:
    """Return what the results that came with the package say, of some detectors.

    Raises:
        ConfigError: A detector is in no row.
        DataError: There are no results.

    """
    rows = read(path, COLUMNS)
    kept = picked("detector", detectors, rows)
    return outcome([row for row in rows if row["detector"] in kept])


def numbers(rows: Sequence[Row]) -> dict[str, Estimate]:
    """Return every normalised score: detector, profile and, but for the published one, the rule."""
    return {
        f"{name}, {profile.name}" + ("" if rule == CORPUS else f", threshold {_WORDS[rule]}"): estimate(
            lines, profile
        )
        for name in detectors_of(rows)
        for rule in _WORDS
        for profile in PROFILES
        if (lines := lines_of(rows, name, rule, profile.name))
    }


def claims(rows: Sequence[Row]) -> list[Claim]:
    """Return what the project claims, settled only by a run over the whole corpus; else there is none."""
    lines = lines_of(rows, OURS, CORPUS, STANDARD.name)
    if len(lines) != WHOLE:
        return []
    return [Claim(f"{OURS}: standard profile", estimate(lines, STANDARD).value, f"> {TARGET:g}")]


def detectors_of(rows: Sequence[Row]) -> list[str]:
    """Return the detectors there are rows of."""
    return list(dict.fromkeys(row["detector"] for row in rows))


def published() -> dict[str, dict[str, float]]:
    """Return detector -> profile -> score as printed, of the scorer's own results.

    Reference: results/final_results.json of the benchmark's repository, read at its commit 5a98e4f. The
    random detector is left out: its entry is of an earlier corpus.

    >>> published()["ARTime"]["standard"]
    74.85
    """
    with _PUBLISHED.open(encoding="utf-8", newline="") as file:
        return {
            row["detector"]: {name: float(value) for name, value in row.items() if name != "detector"}
            for row in csv.DictReader(file)
        }


def overall(rows: Sequence[Row]) -> str:
    """Table of detectors by the published rule; printed scores beside them where the corpus is whole."""
    head = ("detector", *(profile.name for profile in PROFILES), "windows found", "false alarms", "CPU-s")
    table = []
    for name in detectors_of(rows):
        every = {p.name: lines_of(rows, name, CORPUS, p.name) for p in PROFILES}
        lines = every[STANDARD.name]
        scores = (f"{estimate(every[p.name], p):.1f}" for p in PROFILES)
        found, of = sum(line.found for line in lines), sum(line.windows for line in lines)
        false, seconds = sum(line.false for line in lines), sum(line.seconds for line in lines)
        table.append((name, *scores, f"{found:.4g} of {of}", f"{false:.4g}", f"{seconds:.0f}"))
    if len(lines_of(rows, detectors_of(rows)[0], CORPUS, STANDARD.name)) == WHOLE:
        for name, scores_of in published().items():
            printed = (f"{scores_of[p.name]:.1f}" for p in PROFILES)
            table.append((f"{name} (published)", *printed, "-", "-", "-"))
    words = (
        "Normalised scores with 95 % bootstrap intervals over series; the threshold of each profile is the "
        "best over all of them. Windows found and false alarms: standard profile."
    )
    return f"## Scores\n\n{words}\n\n{markdown(head, table)}"


def by_rule(rows: Sequence[Row]) -> str:
    """Table of thresholds that are not best over the corpus."""
    head = ("detector", "threshold", *(p.name for p in PROFILES), "windows found", "false in 10,000 readings")
    table = []
    for name in detectors_of(rows):
        for rule, words in _WORDS.items():
            every = {p.name: lines_of(rows, name, rule, p.name) for p in PROFILES}
            lines = every[STANDARD.name]
            if not lines:
                continue
            scores = (f"{estimate(every[p.name], p):.1f}" for p in PROFILES)
            found, of = sum(line.found for line in lines), sum(line.windows for line in lines)
            rate = 10_000 * sum(line.false for line in lines) / sum(line.readings for line in lines)
            table.append((name, words, *scores, f"{found:.4g} of {of}", f"{rate:.2g}"))
    return f"## Where the threshold comes from\n\n{markdown(head, table)}"


def by_group(rows: Sequence[Row]) -> str:
    """Table of halves and folders of the corpus, standard profile, published rule."""
    groups: dict[str, Callable[[Line], bool]] = {
        "half 0 (settings were chosen here)": lambda line: line.half == 0,
        "half 1": lambda line: line.half == 1,
    }
    folders = dict.fromkeys(row["series"].partition("/")[0] for row in rows)
    groups |= {folder: partial(_lies_in, folder) for folder in folders}
    names = detectors_of(rows)
    table = []
    for words, inside in groups.items():
        cells = []
        for name in names:
            lines = [line for line in lines_of(rows, name, CORPUS, STANDARD.name) if inside(line)]
            cells.append(f"{estimate(lines, STANDARD):.1f}" if lines else "-")
        table.append((words, *cells))
    return (
        f"## Parts of the corpus\n\nStandard profile, published rule.\n\n{markdown(('part', *names), table)}"
    )


def _lies_in(folder: str, line: Line) -> bool:
    return line.series.startswith(folder + "/")


def series_table(rows: Sequence[Row], folder: str) -> str:
    """Table of the series of a folder, each on its own, for our detector."""
    lines = [one for one in lines_of(rows, OURS, CORPUS, STANDARD.name) if one.series.startswith(folder)]
    if not lines:
        return ""
    table = [
        (
            line.series.partition("/")[2].removesuffix(".csv"),
            f"{line.readings:,}",
            f"{line.found:.0f} of {line.windows}",
            f"{line.false:.0f}",
            f"{normalised(line.raw, line.windows, STANDARD):.1f}" if line.windows else "-",
        )
        for line in lines
    ]
    head = ("series", "readings", "windows found", "false alarms", "standard")
    return f"## {folder}, {OURS}\n\n{markdown(head, table)}"


def _notes(rows: Sequence[Row]) -> list[str]:
    draws = len({row["seed"] for row in rows if row["detector"] == "random"})
    notes = [f"random: mean over {draws} seeds"] if draws > 1 else []
    if any(row["detector"] == OURS for row in rows):
        notes.append(
            f"{OURS}: its warm-up is the probation of the series, 15 % and 750 readings at most; it keeps "
            "quiet for a fifth of it after an alarm"
        )
    return notes
