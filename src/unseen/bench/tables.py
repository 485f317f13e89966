"""Results as Markdown: one table a ratio, one a set, the small sets and the duplicates apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from unseen.bench.few_label import BENCH, NO_DUPLICATES, SPLIT_FIRST
from unseen.bench.published import published, published_means
from unseen.bench.sets import DEVELOPMENT, SMALL
from unseen.bench.standing import METRICS, Result, Standing, at_ratio, mean, set_means, standings, values
from unseen.evaluation import Estimate

_DASH = "-"
_LEGEND = (
    "Means over sets in percent, with 95 % bootstrap intervals over sets and seeds. Ranks, wins and p are "
    "AUCROC / AUCPR; p is a Wilcoxon test over sets against the best baseline (marked *), with Holm's "
    "correction. CPU seconds of one thread: a fit in the median, the longest in brackets."
)


def clean(results: Sequence[Result]) -> list[Result]:
    """Return the results of the protocol on sets that it copies no rows of."""
    return [r for r in results if r.bench == BENCH and r.set not in SMALL]


def ratios_of(results: Sequence[Result]) -> list[float]:
    """Return the ratios there are, without 0 where others are there."""
    every = sorted({r.ratio for r in results})
    return [ratio for ratio in every if ratio > 0] or every


def named(ratio: float) -> str:
    """Write a ratio.

    >>> named(0.01), named(0.0)
    ('1 %', 'no labels')
    """
    return f"{100 * ratio:g} %" if ratio else "no labels"


def all_tables(results: Sequence[Result]) -> str:
    """Return every table there are results for, as Markdown."""
    main, parts = clean(results), []
    for ratio in ratios_of(main):
        parts += [f"## Labels: {named(ratio)}", overall(main, ratio), _apart(main, ratio)]
    for ratio in ratios_of(main):
        parts += [f"## Set by set: {named(ratio)}", "AUCROC / AUCPR, mean over seeds.", per_set(main, ratio)]
    parts += [*_duplicates(results), *_small(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def overall(results: Sequence[Result], ratio: float) -> str:
    """Table of methods at one ratio, with the published means."""
    found = standings(results, ratio)
    head = (
        "method",
        "sets",
        "seeds",
        "AUCROC",
        "AUCPR",
        "mean rank",
        "wins",
        "p",
        "fit CPU-s",
        "rows a CPU-s",
    )
    lines = [_overall_line(standing) for standing in found]
    sets = {r.set for rows in at_ratio(results, ratio).values() for r in rows if not math.isnan(r.aucroc)}
    for method, (roc, precision) in sorted(
        published_means(ratio, sets).items(), key=lambda item: -item[1][0]
    ):
        printed = (_one(roc), _one(precision))
        lines.append((f"{method} (published)", str(len(sets)), "3", *printed, *[_DASH] * 5))
    return f"{markdown(head, lines)}\n\n{_LEGEND}"


def _overall_line(standing: Standing) -> tuple[str, ...]:
    roc, precision = (standing.metrics[metric] for metric in METRICS)
    whole = standing.complete
    count = str(standing.sets) if whole else f"{standing.sets} of {standing.of_sets}"
    ranks = f"{roc.rank:.1f} / {precision.rank:.1f}" if whole else _DASH
    p = f"{_p(roc.p)} / {_p(precision.p)}" if whole else _DASH
    return (
        standing.method,
        count,
        str(standing.seeds),
        interval(roc.mean),
        interval(precision.mean),
        ranks,
        f"{roc.wins} / {precision.wins}" if whole else _DASH,
        p,
        f"{standing.fit_seconds:.2f} ({standing.most_seconds:.1f})",
        f"{standing.rows_a_second:,.0f}" if math.isfinite(standing.rows_a_second) else _DASH,
    )


def _apart(results: Sequence[Result], ratio: float) -> str:
    """Means over the sets that no setting was chosen on, where some were."""
    rest = [r for r in results if r.set not in DEVELOPMENT]
    if len(rest) == len(results) or not rest:
        return ""
    head = ("method", "AUCROC", "AUCPR", "AUCROC, chosen on", "AUCPR, chosen on")
    seen = at_ratio([r for r in results if r.set in DEVELOPMENT], ratio)
    lines = [
        (name, *(_mean(rows, metric) for metric in METRICS), *(_mean(seen.get(name, []), m) for m in METRICS))
        for name, rows in at_ratio(rest, ratio).items()
    ]
    count = len({r.set for r in rest})
    return (
        f"Over the {count} sets that our members and settings were not chosen on, then over the others "
        f"(some of the {count} were looked at later: docs/benchmarks.md):\n\n" + markdown(head, lines)
    )


def _mean(rows: Sequence[Result], metric: str) -> str:
    return interval(mean(values(rows, metric)))


def per_set(results: Sequence[Result], ratio: float) -> str:
    """Table of sets by methods at one ratio; published values last."""
    order = [standing.method for standing in standings(results, ratio)]
    found = at_ratio(results, ratio)
    cells = {name: _cells(found[name]) for name in order}
    printed: dict[str, dict[str, str]] = {}
    for value in published():
        if value.ratio == ratio:
            printed.setdefault(f"{value.method} (published)", {})[value.set] = _pair(
                value.aucroc, value.aucpr
            )
    sets = list(dict.fromkeys(r.set for r in results))
    printed = {name: row for name, row in printed.items() if row.keys() & set(sets)}
    columns = {**cells, **printed}
    lines = [(name, *(columns[method].get(name, _DASH) for method in columns)) for name in sets]
    return markdown(("set", *columns), lines)


def _cells(rows: Sequence[Result]) -> dict[str, str]:
    roc, precision = (set_means(values(rows, metric)) for metric in METRICS)
    undefined = {r.set: "undefined" for r in rows}
    return undefined | {name: _pair(roc[name], precision[name]) for name in roc}


def _duplicates(results: Sequence[Result]) -> list[str]:
    """Means where test rows that are also in the training part are left out."""
    main = clean(results)
    left = {(r.set, r.ratio, r.seed, r.method): r for r in results if r.bench == NO_DUPLICATES}
    if not left:
        return []
    without = [left.get((r.set, r.ratio, r.seed, r.method), r) for r in main]
    ratios = ratios_of(main)
    names = dict.fromkeys(s.method for ratio in ratios for s in standings(main, ratio))
    lines = []
    for name in names:
        cells = [
            _change(at_ratio(main, ratio).get(name, []), at_ratio(without, ratio).get(name, []))
            for ratio in ratios
        ]
        lines.append((name, *cells))
    return [
        "## Without duplicates",
        "Mean AUCROC / AUCPR without the test rows that are training rows too; in brackets the change.",
        markdown(("method", *map(named, ratios)), lines),
    ]


def _change(before: Sequence[Result], after: Sequence[Result]) -> str:
    if not before:
        return _DASH
    pairs = [(mean(values(after, m), draws=2).value, mean(values(before, m), draws=2).value) for m in METRICS]
    moved = " / ".join(f"{a - b:+.1f}" for a, b in pairs)
    return f"{_pair(*(a for a, _ in pairs))} ({moved})"


def _small(results: Sequence[Result]) -> list[str]:
    """Small sets, as published (rows copied before the split) and split first."""
    small = [r for r in results if r.set in SMALL]
    if not small:
        return []
    sets = [name for name in SMALL if any(r.set == name for r in small)]
    parts = [
        "## Small sets",
        "Not in any mean. As published (rows are copied before the split), then split first.",
    ]
    for ratio in ratios_of(small):
        kinds = {
            kind: at_ratio([r for r in small if r.bench == kind], ratio) for kind in (BENCH, SPLIT_FIRST)
        }
        head = ("method", *(f"{name}, {words}" for name in sets for words in ("as published", "split first")))
        lines = [
            (name, *(_cells(kinds[kind].get(name, [])).get(one, _DASH) for one in sets for kind in kinds))
            for name in dict.fromkeys(r.method for r in small)
            if any(name in kinds[kind] for kind in kinds)
        ]
        parts += [f"### {named(ratio)}", markdown(head, lines)]
    return parts


def markdown(head: Collection[str], lines: Sequence[Collection[str]]) -> str:
    """Write a Markdown table.

    >>> print(markdown(("a", "b"), [("1", "2")]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(
        f"|{'|'.join(row)}|" if place == 1 else f"| {' | '.join(row)} |" for place, row in enumerate(rows)
    )


def interval(estimate: Estimate) -> str:
    """Write a mean in percent with its interval, one digit after the point."""
    return _DASH if not estimate.known else f"{estimate:.1f}"


def _pair(roc: float, precision: float) -> str:
    return f"{_one(roc)} / {_one(precision)}"


def _one(value: float) -> str:
    return _DASH if math.isnan(value) else f"{value:.1f}"


def _p(value: float) -> str:
    return "*" if math.isnan(value) else f"{value:.2f}" if value >= 0.005 else f"{value:.0e}"
