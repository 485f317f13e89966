"""What a recipe returns: numbers with intervals, claims that hold or do not, every value behind them."""

from __future__ import annotations

import gzip
import json
import math
import operator
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unseen.evaluation import Estimate, Record, read_csv, write_csv
from unseen.persist import canonical_versions

_HOLDS: dict[str, Callable[[float, float], bool]] = {">=": operator.ge, ">": operator.gt, "<=": operator.le}


@dataclass(frozen=True)
class Claim:
    """A claim of the project: a number, what it must reach, and whether it does.

    >>> Claim("unseen AUC", 0.97, ">= 0.96").holds
    True
    """

    name: str
    value: float
    target: str

    @property
    def holds(self) -> bool:
        """Whether the value reaches the target; a value that is not a number does not."""
        sign, bound = self.target.split()
        return not math.isnan(self.value) and _HOLDS[sign](self.value, float(bound))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        value = None if math.isnan(self.value) else self.value
        return {"name": self.name, "value": value, "target": self.target, "holds": self.holds}


@dataclass(frozen=True)
class Results:
    """One run of a recipe.

    Attributes:
        recipe: Its name, with " (quick)" where it was the quick run.
        numbers: Name -> mean over seeds with its 95 % t interval.
        must_show: The claims of the project that this recipe settles.
        records: Every measured value.
        notes: Plain sentences a reader must know.
        figures: File name -> what draws it as SVG, called when results are written.
        files: File name -> what makes its bytes (a page, a MIDI file), called when results are written.
        tolerances: Name of a number -> how far a rerun may move it, for `expected.toml`; empty holds every
            AUC to the tolerance of `unseen.recipes.expected`.

    """

    recipe: str
    numbers: dict[str, Estimate]
    must_show: list[Claim]
    records: Sequence[Record] = ()
    notes: list[str] = field(default_factory=list)
    figures: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    files: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    tolerances: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `unseen recipe run --json` prints them."""
        versions = {**canonical_versions(), "machine": platform.machine()}
        return {
            "recipe": self.recipe,
            "versions": versions,
            "numbers": {name: estimate.to_dict() for name, estimate in self.numbers.items()},
            "must_show": [claim.to_dict() for claim in self.must_show],
            "notes": self.notes,
        }

    def summary(self) -> str:
        """Numbers and claims as Markdown."""
        lines = [f"# {self.recipe}", "", "| number | mean and 95 % interval over seeds |", "|---|---|"]
        lines += [f"| {name} | {estimate} |" for name, estimate in self.numbers.items()]
        lines += ["", "| claim | value | target | holds |", "|---|---|---|---|"]
        lines += [
            f"| {c.name} | {c.value:.4f} | {c.target} | {'yes' if c.holds else '**no**'} |"
            for c in self.must_show
        ]
        return (
            "\n".join([*lines, *([""] if self.notes else []), *(f"- {note}" for note in self.notes)]) + "\n"
        )

    def write(self, folder: Path) -> None:
        """Write records, `results.json`, `results.md`, figures and files into `folder`, each whole or not."""
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "results.json", (json.dumps(self.to_dict(), indent=1) + "\n").encode())
        _replace(folder / "results.md", self.summary().encode())
        for name, draw in self.figures.items():
            _replace(folder / name, (draw() + "\n").encode())
        for name, make in self.files.items():
            _replace(folder / name, make())
        if self.records:
            plain = folder / "records.csv.tmp"
            write_csv(self.records, plain)
            # no name and no time in the archive, so that the same records are the same bytes
            (folder / "records.csv.gz.tmp").write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
            os.replace(folder / "records.csv.gz.tmp", folder / "records.csv.gz")
            plain.unlink()


def read_records(folder: Path) -> tuple[Record, ...]:
    """Read back every measured value that `Results.write` left in a folder."""
    with tempfile.TemporaryDirectory() as place:
        plain = Path(place) / "records.csv"
        plain.write_bytes(gzip.decompress((folder / "records.csv.gz").read_bytes()))
        return read_csv(plain)


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(path.name + ".tmp")
    aside.write_bytes(content)
    os.replace(aside, path)
