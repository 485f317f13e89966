"""Records of a comparison as a CSV file, out and in."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from unseen.errors import DataError
from unseen.evaluation.compare import Record

COLUMNS = tuple(field.name for field in fields(Record))


def write_csv(records: Iterable[Record], path: str | Path) -> None:
    """Write one row a record; `told` is a JSON list, since a kind may hold any character.

    Values keep all their digits (`repr`), so that reading back gives equal records.
    """
    target = Path(path)
    aside = target.with_name(target.name + ".tmp")
    with aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for r in records:
            told = json.dumps(list(r.told), ensure_ascii=False)
            writer.writerow([r.detector, r.seed, told, r.kind, r.metric, repr(float(r.value)), r.labels])
    os.replace(aside, target)


def read_csv(path: str | Path) -> tuple[Record, ...]:
    """Read what `write_csv` wrote.

    Raises:
        DataError: the file is absent, a column is missing, or a row cannot be read (named by its line).

    """
    source = Path(path)
    if not source.is_file():
        raise DataError(f"{source} is not a file; expected a CSV with columns {', '.join(COLUMNS)}.")
    with source.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        lacking = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
        if lacking:
            raise DataError(f"{source} lacks column {', '.join(lacking)}; expected {', '.join(COLUMNS)}.")
        return tuple(_record(row, source, reader.line_num) for row in reader)


def _record(row: dict[str, str], source: Path, line: int) -> Record:
    try:
        told = json.loads(row["told"])
        if not isinstance(told, list) or not all(isinstance(kind, str) for kind in told):
            raise ValueError("told is not a JSON list of names")
        return Record(
            detector=row["detector"],
            seed=int(row["seed"]),
            told=tuple(told),
            kind=row["kind"],
            metric=row["metric"],
            value=float(row["value"]),
            labels=int(row["labels"]),
        )
    except (TypeError, ValueError) as error:
        raise DataError(f"{source}, line {line}: {error}.") from error
