"""What the one-class rows come to: tables with the published values beside, numbers, and claims."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unseen.bench.few_label import COLUMNS
from unseen.bench.method import OURS
from unseen.bench.one_class import BENCH, COMMITTED, COPIED_FIRST, Plan, available, measure
from unseen.bench.outcome import Outcome, picked, versions_of
from unseen.bench.sets import CLEAN, SMALL
from unseen.bench.sheet import Row, read
from unseen.bench.standing import METRICS, Result, Values, mean, results_of, set_means, standings, values
from unseen.bench.tables import interval, markdown
from unseen.evaluation import Estimate
from unseen.recipes.results import Claim

PEER = "kNN-5"
REFERENCE = "kNN-5 reference"
"""What the fifth neighbour reached when the protocol was written down: a check of the rerun beside it."""
TARGETS = {"aucroc": 89.0, "aucpr": 66.0}
WORDS = {"aucroc": "AUCROC", "aucpr": "AUCPR"}
_PUBLISHED = Path(__file__).with_name("published_one_class.csv")
_DASH = "-"


def outcome(rows: Sequence[Row], *, skipped: Sequence[str] = (), quick: bool = False) -> Outcome:
    """Make tables, numbers and claims of the rows of a one-class run."""
    results = results_of(rows)
    main = [r for r in results if r.bench == BENCH and r.set not in SMALL]
    return Outcome(
        recipe=f"bench {BENCH}" + (" (quick)" if quick else ""),
        numbers=numbers(main),
        must_show=claims(main),
        notes=[*_notes(results), *skipped],
        tables="\n\n".join(part for part in (overall(main), per_set(main), small(results)) if part),
        versions=versions_of(result.versions for result in results),
    )


def rerun(plan: Plan, out: Path | None = None, *, fresh: bool = False, quick: bool = False) -> Outcome:
    """Run a plan and return what it says; results and tables go into `out`, where it is given.

    A run goes on where the `results.csv` of the folder ends.
    """
    rows = measure(plan, None if out is None else out / "results.csv", fresh=fresh)
    found = outcome(rows, skipped=plan.skipped(), quick=quick)
    if out is not None:
        found.write(out)
    return found


def committed(
    names: list[str] | None = None, methods: list[str] | None = None, *, path: Path = COMMITTED
) -> Outcome:
    """Return what the results that came with the package say, of some sets and methods.

    Raises:
        ConfigError: A method or a set is in no row.
        DataError: There are no results.

    """
    rows = read(path, COLUMNS)
    kept = {"set": picked("set", names, rows), "method": picked("method", methods, rows)}
    return outcome([row for row in rows if all(row[column] in words for column, words in kept.items())])


def published() -> dict[str, dict[str, tuple[float, float]]]:
    """Return method -> set -> AUCROC and AUCPR in percent, NaN where not printed; set "mean" is of `CLEAN`.

    Reference: tables of arXiv 2305.18593, which copy rows of small sets before the split. Its values of the
    nearest neighbours are not reproduced on several sets; `REFERENCE` is not from there.

    >>> published()["kNN"]["6_cardio"]
    (92.0, 77.2)
    """
    found: dict[str, dict[str, tuple[float, float]]] = {}
    with _PUBLISHED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pair = (float(row["aucroc"]), float(row["aucpr"] or math.nan))
            found.setdefault(row["method"], {})[row["set"]] = pair
    return found


def numbers(main: Sequence[Result]) -> dict[str, Estimate]:
    """Return the mean of each metric of each method, and what ours has over the fifth neighbour."""
    found = {}
    for name in dict.fromkeys(r.method for r in main):
        for metric, words in WORDS.items():
            given = values([r for r in main if r.method == name], metric)
            if given:
                found[f"{name}: {words}"] = mean(given)
    for metric, words in WORDS.items():
        apart = over_peer(main, metric)
        if apart:
            found[f"{OURS} - {PEER}: {words}"] = mean(apart)
    return found


def over_peer(main: Sequence[Result], metric: str) -> Values:
    """Return ours minus the fifth neighbour, by set and seed, in the same splits."""
    ours, peer = (values([r for r in main if r.method == name], metric) for name in (OURS, PEER))
    both = {
        name: {seed: ours[name][seed] - peer[name][seed] for seed in ours[name] if seed in peer.get(name, {})}
        for name in ours
    }
    return {name: seeds for name, seeds in both.items() if seeds}


def claims(main: Sequence[Result]) -> list[Claim]:
    """Return what the project claims, settled only by runs on all of `CLEAN`; else there is none."""
    if not set(CLEAN) <= {r.set for r in main}:
        return []
    found = []
    for metric, words in WORDS.items():
        given = values([r for r in main if r.method == OURS], metric)
        whole = mean(given).value if set(given) == set(CLEAN) else math.nan
        found.append(Claim(f"{OURS}: {words}", whole, f">= {TARGETS[metric]:g}"))
    for metric, words in WORDS.items():
        apart = over_peer(main, metric)
        gain = mean(apart).value if set(apart) == set(CLEAN) else math.nan
        found.append(Claim(f"{OURS} minus {PEER} in the same splits: {words}", gain, "> 0"))
    return found


def overall(main: Sequence[Result]) -> str:
    """Table of methods: means over the sets of 1,000 rows or more."""
    if not main:
        return ""
    head = ("method", "sets", "seeds", "AUCROC", "AUCPR", "mean rank", "wins", "fit CPU-s")
    lines: list[tuple[str, ...]] = []
    for s in sorted(standings(main, 0.0), key=lambda s: -s.metrics["aucroc"].mean.value):
        roc, precision = (s.metrics[metric] for metric in METRICS)
        lines.append(
            (
                s.method,
                str(s.sets) if s.complete else f"{s.sets} of {s.of_sets}",
                str(s.seeds),
                interval(roc.mean),
                interval(precision.mean),
                f"{roc.rank:.1f} / {precision.rank:.1f}" if s.complete else _DASH,
                f"{roc.wins} / {precision.wins}" if s.complete else _DASH,
                f"{s.fit_seconds:.2f} ({s.most_seconds:.1f})",
            )
        )
    if {r.set for r in main} == set(CLEAN):
        for name, found in published().items():
            pair = (f"{value:.1f}" for value in found["mean"])
            lines.append((_printed(name), str(len(CLEAN)), "5", *pair, *[_DASH] * 3))
    return f"## Means\n\n{markdown(head, lines)}"


def _printed(name: str) -> str:
    return name if name == REFERENCE else f"{name} (published)"


def per_set(main: Sequence[Result]) -> str:
    """Table of sets by methods, published values last."""
    if not main:
        return ""
    order = [s.method for s in sorted(standings(main, 0.0), key=lambda s: -s.metrics["aucroc"].mean.value)]
    cells = {name: _cells([r for r in main if r.method == name]) for name in order}
    printed = {
        _printed(name): {one: _pair(*pair) for one, pair in found.items()}
        for name, found in published().items()
    }
    columns = {**cells, **printed}
    lines = [
        (one, *(columns[name].get(one, _DASH) for name in columns))
        for one in dict.fromkeys(r.set for r in main)
    ]
    return f"## Set by set\n\nAUCROC / AUCPR, mean over seeds.\n\n{markdown(('set', *columns), lines)}"


def small(results: Sequence[Result]) -> str:
    """Table of the small sets, copied before the split as published, then split first."""
    mine = [r for r in results if r.set in SMALL]
    if not mine:
        return ""
    sets = [name for name in SMALL if any(r.set == name for r in mine)]
    head = ("method", *(f"{name}, {words}" for name in sets for words in ("as published", "split first")))
    lines = []
    for method in dict.fromkeys(r.method for r in mine):
        found = {
            bench: _cells([r for r in mine if (r.bench, r.method) == (bench, method)])
            for bench in (COPIED_FIRST, BENCH)
        }
        lines.append((method, *(cells.get(one, _DASH) for one in sets for cells in found.values())))
    return (
        "## Small sets\n\nIn no mean. As published (rows are copied before the split), then split first.\n\n"
        + markdown(head, lines)
    )


def _cells(rows: Sequence[Result]) -> dict[str, str]:
    roc, precision = (set_means(values(rows, metric)) for metric in METRICS)
    return {r.set: "undefined" for r in rows} | {name: _pair(roc[name], precision[name]) for name in roc}


def _pair(roc: float, precision: float) -> str:
    return f"{roc:.1f} / {_DASH if math.isnan(precision) else f'{precision:.1f}'}"


def _notes(results: Sequence[Result]) -> list[str]:
    there = available()
    ran = dict.fromkeys(r.method for r in results)
    notes = [f"{name}: {there[name].note}" for name in ran if name in there and there[name].note]
    if "PCA" in ran:
        notes.append("PCA (published) weighs all components by their variance: it is another score")
    undefined = sorted({(r.set, r.seed) for r in results if math.isnan(r.aucroc)})
    notes += [f"undefined: {name}, seed {seed}, has no anomaly or no normal row" for name, seed in undefined]
    return notes + _apart_from_reference(results)


def _apart_from_reference(results: Sequence[Result]) -> list[str]:
    """Name the sets where the fifth neighbour is further from the reference than its seeds are apart."""
    given = values([r for r in results if (r.bench, r.method) == (BENCH, PEER)], "aucroc")
    found = []
    for name, (reference, _) in published()[REFERENCE].items():
        column = np.array(list(given.get(name, {}).values()))
        if column.size > 2 and abs(column.mean() - reference) > 3.0 * max(column.std(ddof=1), 0.1):
            found.append(f"{name} {column.mean():.1f} against {reference:.1f}")
    return [f"{PEER} is more than 3 seed deviations from its reference: {', '.join(found)}"] if found else []
