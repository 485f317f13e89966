"""Tables: digits from the interval, signs stay signs, CSV reads back."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unseen.evaluation import Estimate, Record, biases, false_alarms, means
from unseen.report.content import Heard, WhoSaid
from unseen.report.tables import (
    Table,
    by_kind,
    known_columns,
    of_biases,
    of_false_alarms,
    of_means,
    of_members,
    side_by_side,
    to_csv,
    to_html,
    to_markdown,
)

E = Estimate(0.95331, 0.94123, 0.96201)
RECORDS = [
    Record(name, seed, told, "dos", "auc", value + seed / 100, labels)
    for seed in range(3)
    for name, told, value, labels in (("stage 1", (), 0.9, 0), ("aware", ("probe",), 0.88, 10))
]


def test_kinds_stand_told_first_each_group_with_its_mean(content):
    table = by_kind(content.main.evaluation)
    assert [row[0] for row in table.rows] == [
        "probe",
        "dos",
        "mean over told",
        "u2r",
        "r2l",
        "mean over unseen",
    ]
    assert table.marks == {2, 5}
    assert table.rows[5][3] == content.main.evaluation.unseen.auc


def test_scores_stand_side_by_side(content):
    table = side_by_side(content.scores)
    assert [row[0] for row in table.rows] == ["plain words", "stage 1"]
    assert table.rows[1][1] == content.scores[1].evaluation.unseen.auc
    assert "unseen: caught at 0.1 % FPR" not in known_columns(table).columns  # 1,200 normals: n/a throughout


@pytest.mark.parametrize(
    ("cell", "markdown", "html"),
    [
        (E, "0.953 [0.941, 0.962]", "0.953 <small>0.941 to 0.962</small>"),
        (Estimate(math.nan), "n/a", "n/a"),
        (12345, "12,345", "12,345"),
        ("<b>|*_`\n", "&lt;b&gt;\\|\\*\\_\\`", "&lt;b&gt;|*_`\n"),
    ],
)
def test_cells_say_the_same_in_every_form(cell, markdown, html):
    table = Table(("x",), ((cell,),))
    assert f"| {markdown} |" in to_markdown(table)
    assert f">{html}</td>" in to_html(table)


def test_marked_rows_are_set_off():
    table = Table(("x",), (("a",), ("b",)), frozenset({1}))
    assert "| **b** |" in to_markdown(table)
    assert '<tr class="mean"><td class="txt">b' in to_html(table)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_text_keeps_a_markdown_table_a_table(cells):
    table = Table(tuple("c" * (i + 1) for i in range(len(cells))), (tuple(cells),))
    lines = to_markdown(table).split("\n")
    assert len(lines) == 3
    bars = [line.replace("\\\\", "").replace("\\|", "").count("|") for line in lines]
    assert set(bars) == {len(cells) + 1}


def test_csv_keeps_the_digits_and_the_interval():
    table = Table(("kind", "auc", "n"), (("a,b", E, 3), ("-1+2", Estimate(0.5), 4)))
    rows = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert rows[0] == {"kind": "a,b", "auc": "0.95331", "auc_low": "0.94123", "auc_high": "0.96201", "n": "3"}
    assert rows[1] == {"kind": "'-1+2", "auc": "0.5", "auc_low": "", "auc_high": "", "n": "4"}


def test_a_comparison_becomes_tables_with_the_worst_pair_named():
    markdown = to_markdown(of_biases(biases(RECORDS, reference="stage 1")))
    assert "| aware | stage 1 | 10 | 1 | -0.020 [-0.020, -0.020] |" in markdown
    assert "probe → dos: -0.020" in markdown
    assert "100 %" in markdown
    assert "| aware | 10 | unseen | auc | 0.890 [0.865, 0.915] | 3 |" in to_markdown(of_means(means(RECORDS)))


@pytest.mark.parametrize(
    ("p_values", "verdict"),
    [
        ([i / 1000 for i in range(1, 1001)], "holds"),
        ([0.001] * 1000, "too many"),
        ([1.0] * 1000, "fewer than stated"),
    ],
)
def test_the_verdict_on_false_alarms_has_a_direction(p_values, verdict):
    assert of_false_alarms(false_alarms(p_values, levels=[0.1])).rows[0][3] == verdict


def test_a_rate_that_the_draw_of_the_threshold_explains_says_so():
    """With 100 calibration rows a stated 10 % is drawn from 4 to 19 %: 14 % is no fault."""
    p_values = [0.05] * 140 + [0.5] * 860
    marks = false_alarms(p_values, levels=[0.1])
    assert of_false_alarms(marks).rows[0][3] == "too many"
    assert of_false_alarms(marks, calibration_rows=100).rows[0][3].startswith("too many, within the ")
    assert of_false_alarms(marks, calibration_rows=1_000_000).rows[0][3] == "too many"


def test_members_stand_beside_what_they_said():
    said = WhoSaid(("density", "trees"), 1, (Heard("normal rows", "normal", 9, (1.004, 0.5)),))
    table = of_members(said)
    assert table.columns == ("kind", "role", "rows", "density", "trees (told)")
    assert table.rows == (("normal rows", "normal", 9, 1.0, 0.5),)
