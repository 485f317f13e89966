"""Whether the splits are the published ones: XGBoost on them gives the printed numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unseen.bench import sets
from unseen.bench.few_label import Plan, measure
from unseen.bench.method import installed
from unseen.bench.outcome import Outcome
from unseen.bench.published import published
from unseen.bench.standing import results_of, set_means, values
from unseen.bench.tables import markdown
from unseen.errors import ConfigError, DataError, MissingExtraError
from unseen.evaluation import Estimate
from unseen.recipes.results import Claim

METHOD, RATIO, SEEDS, TOLERANCE = "XGBoost", 0.01, 3, 0.05


@dataclass(frozen=True)
class Compared:
    """Mean AUCROC over the published seeds of one set, in percent, and the printed one."""

    set: str
    measured: float
    printed: float

    @property
    def difference(self) -> float:
        """Measured minus printed."""
        return self.measured - self.printed


def compared(names: list[str] | None = None, data: Path | None = None) -> list[Compared]:
    """Run XGBoost at 1 % labels and seeds 1 to 3, and set its AUCROC beside the printed one.

    Raises:
        ConfigError: No number of a set was printed.
        DataError: A set is not there.
        MissingExtraError: XGBoost is not installed.

    """
    if not installed(METHOD.lower()):
        raise MissingExtraError("the protocol check needs xgboost: pip install xgboost==3.2.0")
    printed = {p.set: p.aucroc for p in published() if (p.method, p.ratio) == (METHOD, RATIO)}
    asked = sets.chosen(names, data)
    for name in asked:
        if name not in printed:
            raise ConfigError(
                f"no number of set {name!r} was printed; accepted: {', '.join(sorted(printed))}"
            )
    rows = measure(Plan(sets=asked, ratios=(RATIO,), seeds=SEEDS, methods=[METHOD], data=data))
    results = [r for r in results_of(rows) if r.bench == "few-label"]
    found = set_means(values(results, "aucroc"))
    return [Compared(name, found.get(name, float("nan")), printed[name]) for name in asked]


def protocol_outcome(found: list[Compared]) -> Outcome:
    """Return the comparison as a table and one claim."""
    lines = [(c.set, f"{c.measured:.2f}", f"{c.printed:.2f}", f"{c.difference:+.3f}") for c in found]
    return Outcome(
        recipe="bench few-label: protocol check",
        numbers={f"{METHOD}, 1 %: AUCROC on {c.set}": Estimate(c.measured) for c in found},
        must_show=[
            Claim(
                "largest difference to the printed AUCROC",
                float(np.max(np.abs([c.difference for c in found]))),
                f"<= {TOLERANCE}",
            )
        ],
        tables=markdown(("set", "XGBoost", "published", "difference"), lines),
    )


def hold(found: list[Compared]) -> None:
    """Refuse splits that are not the published ones.

    Raises:
        DataError: A set differs by more than the tolerance; the message names the worst.

    """
    wrong = [c for c in found if not abs(c.difference) <= TOLERANCE]
    if wrong:
        worst = max(wrong, key=lambda c: np.nan_to_num(abs(c.difference), nan=np.inf))
        raise DataError(
            f"the protocol is not reproduced on {len(wrong)} of {len(found)} sets: XGBoost has an AUCROC of "
            f"{worst.measured:.2f} on {worst.set}, printed is {worst.printed:.2f}; see the versions above"
        )
