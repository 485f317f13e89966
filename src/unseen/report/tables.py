"""Tables of numbers with intervals, each with the digits its interval supports, as Markdown, HTML and CSV."""

from __future__ import annotations

import csv
import html
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unseen.evaluation import (
    Bias,
    Estimate,
    Evaluation,
    FalseAlarms,
    KindResult,
    Mean,
    Measures,
    expected_alarms,
)
from unseen.report.content import Scored, TopAnomaly, WhoSaid

Cell = str | int | float | Estimate
LARGEST = "largest parts: feature = value (part)"
MEASURE_NAMES = {
    "auc": "AUC",
    "ap": "average precision",
    "tpr_1e2": "caught at 1 % FPR",
    "tpr_1e3": "caught at 0.1 % FPR",
    "sic": "max SIC",
}


@dataclass(frozen=True)
class Table:
    """Columns by name, rows of cells; `marks` says which rows are means or otherwise set off."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    marks: frozenset[int] = frozenset()


def known_columns(table: Table) -> Table:
    """Leave out the columns in which no row has a value.

    >>> known_columns(Table(("kind", "auc"), (("a", Estimate(math.nan)),))).columns
    ('kind',)
    """
    keep = [j for j in range(len(table.columns)) if any(text(row[j]) != "n/a" for row in table.rows)]
    rows = tuple(tuple(row[j] for j in keep) for row in table.rows)
    return Table(tuple(table.columns[j] for j in keep), rows, table.marks)


def by_kind(evaluation: Evaluation) -> Table:
    """One row a kind, told kinds first, the easiest on top, each group followed by its mean."""
    rows: list[tuple[Cell, ...]] = []
    marks = set()
    for is_told, mean in ((True, evaluation.told), (False, evaluation.unseen)):
        kinds = [k for k in evaluation.easiest_first() if k.told == is_told]
        rows += [
            (_name(k), "told" if is_told else "unseen", k.n, _effective(k), *_cells(k.measures))
            for k in kinds
        ]
        if mean is not None and sum(k.averaged for k in kinds) > 1:
            marks.add(len(rows))
            role = "told" if is_told else "unseen"
            total = sum(k.n for k in kinds if k.averaged)
            rows.append((f"mean over {role}", role, total, _UNKNOWN, *_cells(mean)))
    columns = ("kind", "role", "rows", "effective rows", *MEASURE_NAMES.values())
    return _without_effective(Table(columns, tuple(rows), frozenset(marks)))


_UNKNOWN = Estimate(math.nan)


def _effective(result: KindResult) -> Cell:
    return _UNKNOWN if result.effective is None else round(result.effective, 1)


def _without_effective(table: Table) -> Table:
    """Leave the effective rows out where nothing is weighted."""
    place = table.columns.index("effective rows")
    if any(not isinstance(row[place], Estimate) for row in table.rows):
        return table
    rows = tuple((*row[:place], *row[place + 1 :]) for row in table.rows)
    return Table((*table.columns[:place], *table.columns[place + 1 :]), rows, table.marks)


def _name(result: KindResult) -> str:
    return result.kind if result.averaged else f"{result.kind} (not in the mean)"


def _cells(measures: Measures) -> list[Cell]:
    return [getattr(measures, name) for name in MEASURE_NAMES]


def side_by_side(scores: Sequence[Scored]) -> Table:
    """One row a score: means over unseen and over told kinds."""
    shown = ("auc", "tpr_1e2", "tpr_1e3")
    columns = ["score"]
    columns += [f"{role}: {MEASURE_NAMES[name]}" for role in ("unseen", "told") for name in shown]
    rows: list[tuple[Cell, ...]] = []
    for scored in scores:
        if scored.evaluation is None:
            continue
        means = (scored.evaluation.unseen, scored.evaluation.told)
        cells = [getattr(mean, name) if mean else math.nan for mean in means for name in shown]
        rows.append((scored.name, *cells))
    return Table(tuple(columns), tuple(rows))


def of_false_alarms(marks: Iterable[FalseAlarms], *, calibration_rows: int = 0) -> Table:
    """Stated against realised false-alarm rate.

    Args:
        marks: one a stated rate.
        calibration_rows: held-out rows the threshold was drawn with; a rate outside its own interval that the
            draw explains (beta-binomial, 99 %) says so. 0 where not known: then only the interval judges.

    """
    rows = []
    for mark in marks:
        verdict = "holds" if mark.holds else ("too many" if mark.too_many else "fewer than stated")
        if not mark.holds and calibration_rows:
            fair = expected_alarms(mark.stated, rows=mark.rows, held_out=calibration_rows)
            if fair.low <= mark.realised.value <= fair.high:
                verdict += f", within the {100 * fair.low:.2g} to {100 * fair.high:.2g} % of the draw"
        counts = f"{mark.alarms:,} of {mark.rows:,}"
        rows.append((f"{100 * mark.stated:g} %", counts, Estimate(*_hundred(mark.realised)), verdict))
    return Table(("stated rate", "alarms", "realised rate, %", "verdict"), tuple(rows))


def _hundred(estimate: Estimate) -> tuple[float, float, float]:
    return 100 * estimate.value, 100 * estimate.low, 100 * estimate.high


def of_top(top: Iterable[TopAnomaly], *, features: int = 3) -> Table:
    """List the strangest rows with what made them strange."""
    rows, shown = [], list(top)
    images = any(row.where for row in shown)
    for rank, row in enumerate(shown, start=1):
        why = "; ".join(f"{c.feature} = {c.value} ({c.amount:+.3g})" for c in row.contributions[:features])
        why = row.where or why
        p = "n/a" if math.isnan(row.p_value) else f"{row.p_value:.2g}"
        rows.append((rank, str(row.row), f"{row.score:.4g}", p, row.kind or "–", why))
    last = "where it is furthest from its reconstruction" if images else LARGEST
    return Table(("rank", "row", "score", "p-value", "kind", last), tuple(rows))


def of_members(said: WhoSaid) -> Table:
    """List the mean evidence of each member by kind."""
    first = len(said.members) - said.told
    names = (f"{name} (told)" if place >= first else name for place, name in enumerate(said.members))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (heard.kind, heard.role, heard.rows, *(round(mean, 2) for mean in heard.means))
        for heard in said.heard
    )
    return Table(("kind", "role", "rows", *names), rows, frozenset({0}))


def of_means(means: Iterable[Mean]) -> Table:
    """Means over seeds of a comparison."""
    rows = [
        (m.detector, m.labels, "unseen" if m.unseen else "told", m.metric, m.estimate, m.seeds) for m in means
    ]
    return Table(("detector", "labels", "kinds", "metric", "mean", "seeds"), tuple(rows))


def of_biases(biases: Iterable[Bias]) -> Table:
    """Say what being told did to unseen kinds, with the worst pair named."""
    rows = []
    for b in biases:
        worst = f"{' + '.join(b.worst.told) or 'nothing'} → {b.worst.kind}: {b.worst.gain.value:+.3f}"
        rows.append(
            (b.detector, b.reference, b.labels, b.pairs, b.gain, b.regret, f"{100 * b.harmed:.0f} %", worst)
        )
    columns = ("detector", "against", "labels", "pairs", "gain", "regret", "pairs below −0.01", "worst pair")
    return Table(columns, tuple(rows))


def text(cell: Cell) -> str:
    """Write one cell as plain text.

    >>> text(Estimate(0.95331, 0.94123, 0.96201)), text(12345), text(float("nan"))
    ('0.953 [0.941, 0.962]', '12,345', 'n/a')
    """
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return "n/a" if math.isnan(cell) else f"{cell:.4g}"
    return str(cell)


def to_markdown(table: Table) -> str:
    r"""Write a Markdown table; signs of Markdown and HTML in a cell stay signs.

    >>> print(to_markdown(Table(("kind", "n"), (("a|b", 3),))))
    | kind | n |
    |---|---:|
    | a\|b | 3 |
    """
    ruler = ["---:" if _numeric(table, j) else "---" for j in range(len(table.columns))]
    lines = [_line(table.columns), "|" + "|".join(ruler) + "|"]
    for i, row in enumerate(table.rows):
        cells = [_markdown(text(cell)) for cell in row]
        lines.append(_line([f"**{cell}**" for cell in cells] if i in table.marks else cells))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _markdown(cell: str) -> str:
    for sign in "\\|*_`":
        cell = cell.replace(sign, "\\" + sign)
    return html.escape(" ".join(cell.split()), quote=False)


def to_html(table: Table) -> str:
    """Write an HTML table, every cell escaped; intervals small, numbers right."""
    sides = ["num" if _numeric(table, j) else "txt" for j in range(len(table.columns))]
    head = "".join(
        f'<th scope="col" class="{side}">{html.escape(name)}</th>'
        for name, side in zip(table.columns, sides, strict=True)
    )
    body = []
    for i, row in enumerate(table.rows):
        cells = "".join(
            f'<td class="{side}">{_html(cell)}</td>' for cell, side in zip(row, sides, strict=True)
        )
        opening = '<tr class="mean">' if i in table.marks else "<tr>"
        body.append(f"{opening}{cells}</tr>")
    rows = "".join(body)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _html(cell: Cell) -> str:
    if isinstance(cell, Estimate) and cell.known:
        value, _, interval = str(cell).partition(" [")
        low, _, high = interval.rstrip("]").partition(", ")
        return value + (f" <small>{low} to {high}</small>" if interval else "")
    return html.escape(text(cell))


def _numeric(table: Table, column: int) -> bool:
    return bool(table.rows) and all(isinstance(row[column], int | float | Estimate) for row in table.rows)


def to_csv(table: Table) -> str:
    r"""Write CSV with full digits, an estimate as three columns; what a spreadsheet would run is disarmed.

    >>> to_csv(Table(("kind", "auc"), (("=1+1", Estimate(0.5, 0.25, 0.75)),)))
    "kind,auc,auc_low,auc_high\n'=1+1,0.5,0.25,0.75\n"
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    wide = [any(isinstance(row[j], Estimate) for row in table.rows) for j in range(len(table.columns))]
    header = [
        (name, f"{name}_low", f"{name}_high") if w else (name,)
        for name, w in zip(table.columns, wide, strict=True)
    ]
    writer.writerow([name for names in header for name in names])
    for row in table.rows:
        writer.writerow([part for cell, w in zip(row, wide, strict=True) for part in _plain(cell, w)])
    return buffer.getvalue()


def _plain(cell: Cell, wide: bool) -> list[str]:
    if isinstance(cell, Estimate):
        return [_digits(cell.value), _digits(cell.low), _digits(cell.high)]
    if isinstance(cell, str):
        text_cell = f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
        return [text_cell] + [""] * (2 * wide)
    return [_digits(cell)] + [""] * (2 * wide)


def _digits(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.10g}"
