"""What the open-set rows come to: tables, numbers, the claims of the project, and a heat map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from unseen.bench.heat_map import heat_map, mean_gains
from unseen.bench.open_methods import STAGE1, WithoutLabels, available
from unseen.bench.open_rows import COLUMNS, Result, results
from unseen.bench.open_runs import BENCH, COMMITTED, Plan, measure
from unseen.bench.open_standing import Group, best_peer, difference, groups, incomplete, mean, regrets
from unseen.bench.outcome import Outcome, picked, versions_of
from unseen.bench.sheet import Row, read
from unseen.bench.tables import markdown
from unseen.evaluation import Bias, Estimate
from unseen.recipes.results import Claim

MOST_HARMED = 0.05
CLAIMED = "clean"
"""The variant that the claims are about."""
_LEGEND = (
    "Percent: mean over (told, judged) kinds of a set and seed, then over seeds, then over sets, with 95 % "
    "bootstrap intervals over sets and seeds; differences are paired. A TPR is taken only where its cut "
    "leaves two normal rows or more, so at 1e-3 over fewer sets. CPU seconds of one thread, median."
)
METRICS = ("aucroc", "aucpr", "tpr_1e2", "tpr_1e3")


def outcome(rows: Sequence[Row], *, skipped: Sequence[str] = (), quick: bool = False) -> Outcome:
    """Make tables, numbers, claims and heat maps of the rows of an open-set run."""
    every = results(rows)
    found = groups(every)
    drawn = {
        f"gain-{group.variant}-{group.k}.svg": partial(
            heat_map,
            mean_gains(_of(group, every), group.own),
            f"gain-{group.variant}-{group.k}",
            f"Gain in AUC of {group.own} against stage 1, in points: {group.title}",
        )
        for group in found
        if group.own is not None
    }
    return Outcome(
        recipe=f"bench {BENCH}" + (" (quick)" if quick else ""),
        numbers={name: value for group in found for name, value in numbers(group).items()},
        must_show=[claim for group in found if group.variant == CLAIMED for claim in claims(group)],
        notes=[*worst_pairs(found), *_lacking(found), *_notes(every), *skipped],
        figures=drawn,
        tables="\n\n".join(tables(group) for group in found),
        versions=versions_of(row.versions for row in every),
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
    methods: list[str] | None = None,
    *,
    ks: Sequence[int] | None = None,
    variants: Sequence[str] | None = None,
    path: Path = COMMITTED,
) -> Outcome:
    """Return what the results that came with the package say, of some sets, methods, labels and variants.

    Raises:
        ConfigError: One of them is in no row.
        DataError: There are no results.

    """
    rows = read(path, COLUMNS)
    asked = {
        "set": names,
        "method": methods,
        "k": None if ks is None else [str(k) for k in ks],
        "variant": None if variants is None else list(variants),
    }
    kept = {column: picked(column, words, rows) for column, words in asked.items()}
    # a detector brings its first stage along
    return outcome(
        [
            row
            for row in rows
            if all(row[column].removesuffix(STAGE1) in words for column, words in kept.items())
        ]
    )


def _of(group: Group, every: Sequence[Result]) -> list[Result]:
    """Rows of a group with the kinds that are shown and not averaged."""
    return [row for row in every if (row.variant, row.k) == (group.variant, group.k)]


def claims(group: Group) -> list[Claim]:
    """Return the claims on one group; one on a detector that was not run has no value and does not hold."""
    own = group.own
    names = [
        "unseen AUC minus stage 1, points",
        "unseen AUC minus the best peer, points",
        "share of (told, unseen) pairs below -0.01 AUC against stage 1",
    ]
    values = [math.nan] * 3
    if own is not None:
        peer = best_peer(group, own)
        values[0] = difference(group, own, own + STAGE1).value
        if peer is not None:
            names[1] = f"unseen AUC minus the best peer ({peer}), points"
            values[1] = difference(group, own, peer).value
        values[2] = next((bias.harmed for bias in regrets(group) if bias.detector == own), math.nan)
    targets = ("> 0", "> 0", f"<= {MOST_HARMED}")
    return [
        Claim(f"{group.title}, {own or 'unseen'}: {name}", value, target)
        for name, value, target in zip(names, values, targets, strict=True)
    ]


def numbers(group: Group) -> dict[str, Estimate]:
    """Return means of every detector, what ours has over it, and its regret."""
    found: dict[str, Estimate] = {}
    for name in group.methods:
        for side, seen in (("unseen", False), ("seen", True)):
            for metric in METRICS:
                value = mean(group.values(name, metric, seen=seen))
                found[f"{group.title}, {name}: {side} {metric}"] = value
        if group.own is not None and group.own != name:
            apart = difference(group, group.own, name)
            found[f"{group.title}, {group.own} - {name}: unseen aucroc"] = apart
    for bias in regrets(group):
        stem = f"{group.title}, {bias.detector} - {bias.reference}"
        found[f"{stem}: gain, AUC"], found[f"{stem}: regret, AUC"] = bias.gain, bias.regret
        found[f"{stem}: share of pairs below -0.01"] = Estimate(bias.harmed)
    return found


def worst_pairs(found: Sequence[Group]) -> list[str]:
    """Name the worst (told, unseen) pair of our detector in each group, as sentences."""
    return [
        f"{group.title}: the worst of {bias.pairs} (told, unseen) pairs of {bias.detector} is {_pair(bias)}, "
        f"with {bias.worst.gain:+.4f} AUC against stage 1."
        for group in found
        for bias in regrets(group)
        if bias.detector == group.own
    ]


def _pair(bias: Bias) -> str:
    return f"{' + '.join(bias.worst.told)} -> {bias.worst.kind.partition('/')[2]}"


def _lacking(found: Sequence[Group]) -> list[str]:
    return [
        f"{group.title}: {name} was run on {share:.0%} of the pairs and seeds; its means are over those, and "
        "it is no best peer."
        for group in found
        for name, share in incomplete(group).items()
    ]


def _notes(every: Sequence[Result]) -> list[str]:
    there = available()
    ran = [there[name] for name in dict.fromkeys(row.method for row in every) if name in there]
    notes = {one.name: one.fit.meaning if isinstance(one.fit, WithoutLabels) else one.note for one in ran}
    return [f"{name}: {note}" for name, note in notes.items() if note]


# -- Markdown ----------------------------------------------------------------------------------------


def tables(group: Group) -> str:
    """Three tables as Markdown: means, regret, and unseen AUC set by set."""
    parts = [f"## {group.title}", _means(group)]
    if group.reference is not None:
        parts += [f"### Regret on unseen kinds against {group.reference}, AUC", _regret(group)]
    return "\n\n".join([*parts, "### AUC on unseen kinds, set by set", _by_set(group)]) + "\n"


def _means(group: Group) -> str:
    head = (
        "method", "unseen AUC", "ours minus it", "unseen AUCPR", "TPR at 1e-2", "TPR at 1e-3", "seen AUC",
        "seen AUCPR", "CPU-s a fit", "sets", "seeds",
    )  # fmt: skip
    level = {name: mean(group.values(name, "aucroc")) for name in group.methods}
    lines = []
    for name in sorted(level, key=lambda one: -level[one].value):
        mine = [row for row in group.rows if row.method == name]
        lines.append(
            (
                name,
                f"{level[name]:.2f}",
                "" if group.own in (None, name) else f"{difference(group, str(group.own), name):+.2f}",
                *(_one(mean(group.values(name, metric)).value) for metric in METRICS[1:]),
                *(_one(mean(group.values(name, metric, seen=True)).value) for metric in METRICS[:2]),
                f"{np.median([row.fit_seconds for row in mine]):.2f}",
                str(len({row.set for row in mine})),
                str(len({row.seed for row in mine})),
            )
        )
    return f"{markdown(head, lines)}\n\n{_LEGEND}"


def _one(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"


def _regret(group: Group) -> str:
    head = ("method", "gain", "regret", "pairs", "pairs below -0.01", "worst pair", "its gain")
    lines = [
        (
            bias.detector,
            f"{bias.gain:+.4f}",
            f"{bias.regret:.4f}",
            str(bias.pairs),
            f"{bias.harmed:.1%}",
            _pair(bias),
            f"{bias.worst.gain.value:+.4f}",
        )
        for bias in sorted(regrets(group), key=lambda one: one.regret.value)
    ]
    return markdown(head, lines)


def _by_set(group: Group) -> str:
    values = {name: group.values(name, "aucroc") for name in group.methods}
    lines = []
    for one in dict.fromkeys(row.set for row in group.rows):
        cells = [mean({p: v for p, v in values[name].items() if p[0] == one}).value for name in group.methods]
        lines.append((one, *(_one(cell) for cell in cells)))
    return markdown(("set", *group.methods), lines)
