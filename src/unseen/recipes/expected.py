"""The numbers a recipe is held to: `expected.toml` beside it, written from a run, checked against a run.

`python -m unseen.recipes.expected aware-flows --quick` runs the recipe and writes its section anew.
"""

from __future__ import annotations

import argparse
import math
import os
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from unseen.recipes import module_of, run
from unseen.recipes.results import Results

# Kept where a recipe does not say: AUC of what the project claims. Other machines round differently; 0.02 is
# what that moves in quick runs of one or two seeds; full runs have five seeds.
TOLERANCE = {"quick": 0.02, "full": 0.01}
KEPT = (" auc",)


def expected_file(recipe: str) -> Path:
    """Return the path of `expected.toml` of a recipe."""
    return Path(str(files(f"unseen.recipes.{module_of(recipe)}") / "expected.toml"))


def section(results: Results) -> str:
    """Return "quick" or "full"."""
    return "quick" if results.recipe.endswith("(quick)") else "full"


def deviations(results: Results) -> list[str]:
    """Return one line for each expected number that a run misses by more than its tolerance."""
    recipe = results.recipe.removesuffix(" (quick)")
    expected = _read(expected_file(recipe)).get(section(results), {})
    found = []
    for name, entry in expected.items():
        value = results.numbers[name].value if name in results.numbers else math.nan
        if not abs(value - entry["value"]) <= entry["tolerance"]:
            found.append(f"{name} is {value:.4f}, expected {entry['value']:.4f} within {entry['tolerance']}")
    return found


def write(results: Results) -> Path:
    """Replace the section of a run in `expected.toml`; the other section stays."""
    recipe = results.recipe.removesuffix(" (quick)")
    path, mine = expected_file(recipe), section(results)
    held = results.tolerances or {name: TOLERANCE[mine] for name in results.numbers if name.endswith(KEPT)}
    kept = {
        name: {"value": round(results.numbers[name].value, 4), "tolerance": tolerance}
        for name, tolerance in held.items()
        if not math.isnan(results.numbers[name].value)
    }
    sections = {**_read(path), mine: kept}
    lines = ["# Numbers this recipe is held to; made by python -m unseen.recipes.expected.", ""]
    for title in sorted(sections, reverse=True):
        lines.append(f"[{title}]")
        lines += [
            f'"{name}" = {{ value = {entry["value"]}, tolerance = {entry["tolerance"]} }}'
            for name, entry in sections[title].items()
        ]
        lines.append("")
    aside = path.with_suffix(".toml.tmp")
    aside.write_text("\n".join(lines), encoding="utf-8")
    os.replace(aside, path)
    return path


def _read(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def main() -> None:
    """Run a recipe and write its expected numbers."""
    parser = argparse.ArgumentParser(prog="python -m unseen.recipes.expected", description=__doc__)
    parser.add_argument("recipe")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    write(run(chosen.recipe, quick=chosen.quick))


if __name__ == "__main__":
    main()
