"""What a bench prints: the object of a recipe, with tables in place of its summary."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unseen.bench import figures
from unseen.bench.few_label import BENCH, COMMITTED, Plan, measure, stored
from unseen.bench.method import OURS
from unseen.bench.methods import known
from unseen.bench.sets import CLEAN
from unseen.bench.sheet import Row
from unseen.bench.standing import METRICS, Result, Standing, mean, results_of, standings, values
from unseen.bench.tables import all_tables, clean, markdown, named
from unseen.errors import ConfigError, unknown
from unseen.evaluation import Estimate
from unseen.recipes.results import Claim, Results

ORACLE = {0.01: (86.3, 57.8), 0.05: (91.9, 70.8), 0.1: (94.1, 76.2)}
"""Mean over `CLEAN` of the best of sixteen published methods for each set: AUCROC, AUCPR."""

WORDS = {"aucroc": "AUCROC", "aucpr": "AUCPR"}


@dataclass(frozen=True)
class Outcome(Results):
    """Results of a bench; versions are those the rows were made with.

    Attributes:
        tables: Markdown.
        versions: Name -> versions, several where rows were made with several.

    """

    tables: str = ""
    versions: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `--json` prints them."""
        return {**super().to_dict(), "versions": dict(self.versions)}

    def summary(self) -> str:
        """Tables, claims and notes as Markdown."""
        claims = [(c.name, f"{c.value:.4g}", c.target, _held(c)) for c in self.must_show]
        parts = [f"# {self.recipe}", self.tables.rstrip()]
        if claims:
            parts += ["## Claims", markdown(("claim", "value", "target", "holds"), claims)]
        parts += ["\n".join(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n\n".join(parts) + "\n"


def _held(claim: Claim) -> str:
    if claim.holds:
        return "yes"
    if math.isnan(claim.value):
        return "**not measured**"
    return f"**no**, by {abs(claim.value - float(claim.target.split()[1])):.2f}"


def outcome(rows: Sequence[Row], *, skipped: Sequence[str] = (), quick: bool = False) -> Outcome:
    """Make tables, numbers, claims and figures of the rows of a few-label run."""
    results = results_of(rows)
    main = clean(results)
    return Outcome(
        recipe=f"bench {BENCH}" + (" (quick)" if quick else ""),
        numbers=numbers(main),
        must_show=claims(main),
        notes=[*_notes(results), *skipped],
        figures=figures.drawn(main) if main else {},
        tables=all_tables(results),
        versions=versions_of(result.versions for result in results),
    )


def rerun(plan: Plan, out: Path | None = None, *, fresh: bool = False, quick: bool = False) -> Outcome:
    """Run a plan and return what it says; results, tables and figures go into `out`, where it is given.

    A run goes on where the `results.csv` of the folder ends.
    """
    rows = measure(plan, None if out is None else out / "results.csv", fresh=fresh)
    found = outcome(rows, skipped=plan.skipped(), quick=quick)
    if out is not None:
        found.write(out)
    return found


def committed(
    names: list[str] | None = None,
    ratios: Sequence[float] | None = None,
    methods: list[str] | None = None,
    *,
    path: Path = COMMITTED,
) -> Outcome:
    """Return what the results that came with the package say, of some sets, ratios and methods.

    Raises:
        ConfigError: A method or a set is in no row.
        DataError: There are no results.

    """
    rows = stored(path)
    kept = {
        "set": picked("set", names, rows),
        "method": picked("method", methods, rows),
    }
    return outcome(
        [
            row
            for row in rows
            if all(row[column] in words for column, words in kept.items())
            and (ratios is None or float(row["ratio"]) in (0.0, *ratios))
        ]
    )


def picked(column: str, asked: list[str] | None, rows: Sequence[Row]) -> list[str]:
    """Return the values of a column that are asked for; a set also without its number, a method in any case.

    Raises:
        ConfigError: One of them is in no row.

    """
    there = list(dict.fromkeys(row[column] for row in rows))
    if asked is None:
        return there
    spelled = {word.lower(): name for name in there for word in (name.partition("_")[2], name) if word}
    for name in asked:
        if name.lower() not in spelled:
            raise ConfigError(unknown(column, name, there))
    return [spelled[name.lower()] for name in asked]


def numbers(results: Sequence[Result]) -> dict[str, Estimate]:
    """Return the mean of each metric at each ratio a method was run at, with its interval."""
    found: dict[tuple[str, float], list[Result]] = {}
    for result in results:
        found.setdefault((result.method, result.ratio), []).append(result)
    return {
        f"{method}, {named(ratio)}: {WORDS[metric]}": mean(values(rows, metric))
        for (method, ratio), rows in found.items()
        for metric in METRICS
        if values(rows, metric)
    }


def claims(results: Sequence[Result]) -> list[Claim]:
    """Return what the project claims, settled only by runs on all of `CLEAN`; else there is none."""
    if not set(CLEAN) <= {r.set for r in results}:
        return []
    found = {
        ratio: next((s for s in standings(results, ratio) if s.method == OURS and s.complete), None)
        for ratio in ORACLE
    }
    listed = [
        Claim(f"{OURS}, {named(ratio)}: {WORDS[metric]}", _value(found[ratio], metric), f"> {target}")
        for ratio, targets in ORACLE.items()
        for metric, target in zip(METRICS, targets, strict=True)
    ]
    ours = [s for s in found.values() if s is not None]
    fits = [r.fit_seconds for r in results if r.method == OURS and not math.isnan(r.fit_seconds)]
    middle = sorted(fits)[len(fits) // 2] if fits else math.nan
    return [
        *listed,
        Claim(f"{OURS}: CPU seconds of a fit, median", middle, "<= 10"),
        Claim(f"{OURS}: CPU seconds of a fit, longest", max(fits, default=math.nan), "<= 60"),
        Claim(
            f"{OURS}: rows scored in a CPU second",
            min((s.rows_a_second for s in ours), default=math.nan),
            ">= 50000",
        ),
    ]


def _value(standing: Standing | None, metric: str) -> float:
    return math.nan if standing is None else standing.metrics[metric].mean.value


def _notes(results: Sequence[Result]) -> list[str]:
    ran = dict.fromkeys(r.method for r in results)
    there = known()
    notes = [f"{name}: {there[name].note}" for name in ran if name in there and there[name].note]
    undefined = sorted({(r.set, r.seed) for r in results if r.bench == BENCH and math.isnan(r.aucroc)})
    notes += [f"undefined: {name}, seed {seed}, has one kind of row in a part" for name, seed in undefined]
    return notes


def versions_of(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Gather lines of `name=version` pairs: name -> the versions that occur.

    >>> versions_of(["numpy=2.4", "numpy=2.5 torch=2.13"])
    (('numpy', '2.4, 2.5'), ('torch', '2.13'))
    """
    found: dict[str, dict[str, None]] = {}
    for line in dict.fromkeys(lines):
        for pair in line.split():
            name, _, version = pair.partition("=")
            found.setdefault(name, {})[version] = None
    return tuple((name, ", ".join(versions)) for name, versions in found.items())
