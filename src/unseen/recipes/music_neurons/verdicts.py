"""What the numbers say of our targets, and of each claim of the paper: holds, fails, or cannot be told."""

from __future__ import annotations

from typing import Any

import numpy as np

from unseen.evaluation import Record
from unseen.recipes.music_neurons.measures import MAIN, PCA, UNTRAINED
from unseen.recipes.results import Claim
from unseen.studies.melody_reading import RULES

MAIN_KIND = "2 bars"
WORDS = ("pitch", "rhythm", "melody")
# Accuracy that noise units may be worth, all together.
MOST_LOST = {"token": 0.01, "onset": 0.02}
MOST_MINUTES = 60.0
# Shares and correlations below which "most", "goes with" and "more" are not said.
MOST_UNITS, GOES_WITH, MORE = 0.8, 0.6, 0.1


def values(records: list[Record], kind: str, metric: str, detector: str = MAIN) -> list[float]:
    """One value a seed, in seed order."""
    found = [r for r in records if (r.kind, r.metric, r.detector) == (kind, metric, detector)]
    return [r.value for r in sorted(found, key=lambda r: r.seed)]


def mean(records: list[Record], kind: str, metric: str, detector: str = MAIN) -> float:
    """Mean over seeds; NaN where there is none."""
    found = values(records, kind, metric, detector)
    return float(np.mean(found)) if found else float("nan")


def claims(records: list[Record], units: int) -> list[Claim]:
    """Set the targets fixed before the run beside the numbers."""
    found = [
        Claim(
            f"{name} accuracy on unseen tunes, mean over seeds",
            mean(records, MAIN_KIND, f"{name} accuracy"),
            t,
        )
        for name, t in (("token", ">= 0.98"), ("onset", ">= 0.95"), ("exact", ">= 0.8"))
    ]
    minutes = values(records, MAIN_KIND, "CPU minutes of training")
    found.append(Claim("CPU minutes of training, longest seed", max(minutes), f"<= {MOST_MINUTES}"))
    for rule in RULES:
        for name, target in MOST_LOST.items():
            lost = values(records, MAIN_KIND, f"{name} accuracy lost without noise units, {rule}")
            words = f"{name} accuracy lost without all noise units, worst seed; music is {rule}"
            found.append(Claim(words, max(lost), f"<= {target}"))
    wrong = sum(not 0 < count < units for counts in _music(records).values() for count in counts)
    found.append(Claim("seeds and rules by which all units are music, or none", float(wrong), "<= 0"))
    return found


def verdicts(records: list[Record], config: dict[str, Any], units: int) -> list[str]:
    """Write one plain sentence on each claim of the paper."""
    return [
        _noise(records, units),
        *_harmless(records),
        *_first_units(records),
        _ranks(records),
        *_where(records),
        _nothing_special(records),
        *_longer(records, config),
        _transposed(records),
    ]


def _music(records: list[Record]) -> dict[str, list[float]]:
    """Rule -> music units of each seed, main network."""
    rules = {r.metric for r in records if r.kind == MAIN_KIND and r.metric.startswith("music units, ")}
    return {rule.removeprefix("music units, "): values(records, MAIN_KIND, rule) for rule in sorted(rules)}


def _noise(records: list[Record], units: int) -> str:
    counts = _music(records)
    share = 1.0 - max(max(found) for found in counts.values()) / units
    said = "; ".join(
        f"{rule}: {' / '.join(f'{c:.0f} + {units - c:.0f}' for c in found)}" for rule, found in counts.items()
    )
    holds = "holds" if share >= MOST_UNITS else "depends on the rule"
    return f'"Most units are noise" {holds}: music + noise units of each seed by three rules: {said}'


def _harmless(records: list[Record]) -> list[str]:
    said = []
    for rule in RULES:
        worst = {
            name: max(values(records, MAIN_KIND, f"{name} accuracy lost without noise units, {rule}"))
            for name in MOST_LOST
        }
        holds = "holds" if all(worst[name] <= most for name, most in MOST_LOST.items()) else "fails"
        said.append(
            f'"All noise units can be set to zero at once" {holds} where music is {rule}: at most '
            + " and ".join(f"{100 * max(lost, 0.0):.2f} points of {name}s" for name, lost in worst.items())
            + " lost"
        )
    return said


def _first_units(records: list[Record]) -> list[str]:
    said = []
    for rank, word in ((1, "pitch"), (2, "rhythm")):
        own = values(records, f"unit {rank}", f"largest |Spearman| with {word}")
        others = [values(records, f"unit {rank}", f"largest |Spearman| with {w}") for w in WORDS if w != word]
        first = [value > max(other[place] for other in others) for place, value in enumerate(own)]
        strong = [ahead and value >= GOES_WITH for ahead, value in zip(first, own, strict=True)]
        holds = "holds" if all(strong) else "fails" if not any(strong) else "cannot be told (seeds differ)"
        numbers = ", ".join(f"{value:.2f}" for value in own)
        said.append(
            f'"Unit {rank} goes with {word}" {holds}: it goes with {word} most in {sum(first)} of {len(own)} '
            f"seeds, |Spearman| {numbers}"
        )
    return said


def _ranks(records: list[Record]) -> str:
    parts = [
        f"{word} {' / '.join(f'{rank:.0f}' for rank in found)}"
        for word in WORDS
        if (found := values(records, MAIN_KIND, f"rank of the first unit that goes with {word} most"))
    ]
    return f"Rank of the first unit that goes with each group most, by seed: {', '.join(parts)}"


def _where(records: list[Record]) -> list[str]:
    def three(kind: str, metric: str) -> str:
        return " / ".join(f"{mean(records, kind, f'{metric}: {word}'):.2f}" for word in WORDS)

    held, axis = "R2 of descriptors", "largest r2 of one unit"
    return [
        f"Where information sits, {held} (pitch / rhythm / melody; music units have more than 0.1 nat): "
        f"music units, means {three('music block, mean', held)}, draws {three('music block, draw', held)}; "
        f"noise units, means {three('noise block, mean', held)}, draws {three('noise block, draw', held)}",
        f"Do single units stand for descriptors? {axis} (pitch / rhythm / melody): "
        f"{three('units as they are', axis)}; in 20 random rotations of the music units "
        f"{three('rotated at random', axis)}",
    ]


def _nothing_special(records: list[Record]) -> str:
    parts = []
    for word in WORDS:
        metric = f"largest |Spearman| of a music unit with {word}"
        numbers = [mean(records, MAIN_KIND, metric, name) for name in (MAIN, PCA, UNTRAINED)]
        parts.append(f"{word} " + " / ".join(f"{number:.2f}" for number in numbers))
    return (
        "Controls, largest |Spearman| of a unit (VAE / as many principal components of one-hot windows / as "
        f"many units of an untrained encoder): {', '.join(parts)}"
    )


BEST = "largest |Spearman| of a music unit with melody"
SHARE = "share of music units that go with melody most"


def _longer(records: list[Record], config: dict[str, Any]) -> list[str]:
    bars = config["lengths"]["bars"]
    short, long = (f"{count} bars, equal windows" for count in (bars[0], bars[-1]))
    best, share = (
        _gain(values(records, short, metric), values(records, long, metric)) for metric in (BEST, SHARE)
    )
    if best[0] > MORE and share[0] > MORE:
        word = "holds"
    elif best[1] < MORE and share[1] < MORE:
        word = "fails"
    else:
        word = "cannot be told"
    return [
        "Lengths at equal numbers of windows, tunes and steps, lowest to highest seed: "
        + "; ".join(_length(records, count) for count in bars),
        f'"Melody has units of its own only for longer sequences" {word}: from {bars[0]} to {bars[-1]} bars '
        f"the best melody association moves by {_span(best)}, the share of units by {_span(share)} (seed "
        f"against seed; more than {MORE} counts as more)",
    ]


def _length(records: list[Record], bars: int) -> str:
    kind = f"{bars} bars, equal windows"
    units, best, share, onset = (
        values(records, kind, metric)
        for metric in ("music units, KL > 0.1 nat", BEST, SHARE, "onset accuracy")
    )
    return (
        f"{bars} bars: {_range(units, 0)} units of more than 0.1 nat, best melody association "
        f"{_range(best, 2)}, share of units that go with melody most {_range(share, 2)}, "
        f"onsets right {_range(onset, 2)}"
    )


def _gain(short: list[float], long: list[float]) -> tuple[float, float]:
    """Least and most a seed of one beats a seed of the other by."""
    if not short or not long:
        return -np.inf, np.inf
    return min(long) - max(short), max(long) - min(short)


def _range(found: list[float], digits: int) -> str:
    if not found:
        return "n/a"
    low, high = f"{min(found):.{digits}f}", f"{max(found):.{digits}f}"
    return low if low == high else f"{low} to {high}"


def _span(gain: tuple[float, float]) -> str:
    return f"{gain[0]:+.2f} to {gain[1]:+.2f}"


def _transposed(records: list[Record]) -> str:
    metric = "largest |Spearman| of a music unit with pitch"
    with_it = values(records, "2 bars, equal windows", metric)
    without = values(records, "2 bars, equal windows, never transposed", metric)
    return (
        f"Transposing while learning is not what makes pitch a unit: the best pitch association is "
        f"{_range(with_it, 2)} with it and {_range(without, 2)} without"
        if without and with_it and min(without) >= GOES_WITH
        else f"Without transposing while learning the best pitch association falls from {_range(with_it, 2)} "
        f"to {_range(without, 2)}"
    )
