"""Say which features make a row strange; the parts add up to its score."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from unseen.detectors.two_stage import TwoStage
from unseen.studies.scoring import ALARM, P_VALUE, ROW, SCORE, matrix_of


@dataclass(frozen=True)
class Part:
    """One feature's part of a score in nats, and the value the row had (empty for latent units)."""

    feature: str
    amount: float
    value: str


@dataclass(frozen=True)
class Said:
    """What one member says of a row by itself, and what it added to the score, nats."""

    member: str
    told: bool
    evidence: float
    added: float


@dataclass(frozen=True)
class Explained:
    """One row, its score in nats, and its parts, largest first; the parts add up to the score.

    So does what the members added, which is in `said`.
    """

    row: int
    score: float
    p_value: float
    alarm: bool
    parts: tuple[Part, ...]
    said: tuple[Said, ...] = ()

    @property
    def loudest(self) -> str:
        """Name of the member that added most; empty where there is but one, or none added anything."""
        most = max(self.said, key=lambda said: said.added, default=None)
        return most.member if most is not None and len(self.said) > 1 and most.added > 0 else ""

    def to_dict(self) -> dict[str, object]:
        """Return everything as JSON values."""
        return {
            "row": self.row,
            "score": self.score,
            "p_value": self.p_value,
            "alarm": self.alarm,
            "contributions": [asdict(part) for part in self.parts],
            "members": [asdict(said) for said in self.said],
        }


def explain_rows(detector: TwoStage, result: pa.Table, table: pa.Table) -> tuple[Explained, ...]:
    """Explain scored rows: `result` and `table` as `unseen.studies.scoring` pairs them."""
    rows = matrix_of(detector, table)
    found, heard = detector.contributions(rows), detector.voices(rows)
    first_told = len(heard.names) - heard.told
    explained = []
    for place, record in enumerate(result.to_pylist()):
        values = found.values[place]
        order = np.argsort(-values, kind="stable")
        parts = tuple(
            Part(found.names[j], float(values[j]), _value(table, found.names[j], place)) for j in order
        )
        said = tuple(
            Said(name, j >= first_told, float(heard.evidence[place, j]), float(heard.added[place, j]))
            for j, name in enumerate(heard.names)
        )
        explained.append(Explained(record[ROW], record[SCORE], record[P_VALUE], record[ALARM], parts, said))
    return tuple(explained)


def _value(table: pa.Table, name: str, place: int) -> str:
    """Return the value as a person would write it."""
    if name not in table.column_names:
        return ""
    return written(table.column(name)[place].as_py())


def written(value: Any) -> str:
    """Write a value with the digits it needs.

    >>> written(20413525.0), written(0.538858428), written("tcp"), written(None)
    ('20,413,525', '0.538858', 'tcp', 'missing')
    """
    if value is None:
        return "missing"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"
    return str(value)
