"""What a detector found, as a page: numbers on top, then kinds, scores, alarms, rows, the model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unseen.errors import need
from unseen.evaluation import Estimate, false_alarms
from unseen.report import tables
from unseen.report.content import Content, Scored, falls
from unseen.report.document import Headline, Page, Section, render_page, write_page


def write_report(content: Content, path: str | Path) -> Path:
    """Write the report, aside first and then renamed, so that no half-written page is ever seen.

    Args:
        content: what to show.
        path: of the HTML file; its folder must exist.

    Returns:
        The path written.

    Raises:
        DataError: the content has no score, or its reference is not among the scores.
        MissingExtraError: matplotlib or Jinja2 is not installed.

    """
    return write_page(page_of(content), path)


def render(content: Content) -> str:
    """Return the page as text; the same content gives the same text.

    Raises:
        DataError: as in `write_report`.
        MissingExtraError: as in `write_report`.

    """
    return render_page(page_of(content))


def page_of(content: Content) -> Page:
    """Lay the content out: numbers on top, what to know first, sections.

    Raises:
        DataError: as in `write_report`.
        MissingExtraError: matplotlib is not installed.

    """
    need("matplotlib", extra="report", purpose="writing a report")
    main, reference = content.main, content.beside
    return Page(
        title=content.title,
        summary=content.summary,
        provenance=content.provenance,
        headlines=headlines(content),
        warnings=(*(falls(main, reference) if reference else ()), *content.warnings),
        sections=tuple(_sections(content)),
    )


def headlines(content: Content) -> tuple[Headline, ...]:
    """Pick the three or four numbers a reader should take home."""
    found = []
    evaluation = content.main.evaluation
    beside = content.beside
    if evaluation is not None:
        for mean, role in ((evaluation.unseen, "unseen"), (evaluation.told, "told")):
            if mean is not None:
                before = beside.evaluation if beside is not None and beside is not content.main else None
                other = getattr(before, role) if before is not None else None
                words = f"mean AUC on {role} kinds" + (
                    f"; “{beside.name}” {other.auc.value:.3f}" if beside and other else ""
                )
                found.append(_headline(mean.auc, words, role))
        mean = evaluation.unseen or evaluation.told
        if mean is not None and mean.tpr_1e2.known:
            role = "unseen" if evaluation.unseen else "told"
            found.append(_rate(mean.tpr_1e2, f"of {role} anomalies caught at 1 % false alarms", role))
    if content.p_values is not None and content.p_values.size:
        (mark,) = false_alarms(content.p_values, levels=(0.01,), weights=content.p_weights)
        found.append(_rate(mark.realised, "false alarms on fresh normal rows where 1 % was stated", "ink"))
    return tuple(found)


def _headline(estimate: Estimate, words: str, role: str) -> Headline:
    value, _, interval = str(estimate).partition(" [")
    return Headline(value, interval.rstrip("]").replace(", ", " to "), words, role)


def _rate(estimate: Estimate, words: str, role: str) -> Headline:
    value, _, interval = str(
        Estimate(*(100 * v for v in (estimate.value, estimate.low, estimate.high)))
    ).partition(" [")
    return Headline(
        f"{value}\u202f%",
        interval.rstrip("]").replace(", ", " to ") + "\u202f%" if interval else "",
        words,
        role,
    )


def _silent(scored: Scored) -> str:
    """Say why a column is absent: a rate hangs on too few rows."""
    if scored.normal.size >= 10_000:
        return ""
    rows = scored.evaluation.effective if scored.evaluation is not None else None
    if rows is not None:
        return (
            f" A catch rate is shown where ten effective false alarms stand behind it, of {rows:,.0f} rows."
        )
    least = "0.1\u202f% needs 10,000" if scored.normal.size >= 1000 else "1\u202f% needs 1,000"
    return f" A catch rate at {least} normal rows; here are {scored.normal.size:,}."


def _sections(content: Content) -> Sequence[Section]:
    from unseen.report import event_panels, panels, search_panels

    main = content.main
    evaluation = main.evaluation
    ranked: list[tuple[str, str]] = []
    if evaluation is not None:
        ranked.append(
            (
                f"The score “{main.name}” on every kind, with 95\u202f% intervals over rows.{_silent(main)}",
                tables.to_html(tables.known_columns(tables.by_kind(evaluation))),
            )
        )
        if len(content.scores) > 1:
            ranked.append(
                (
                    "The same beside other scores, means over kinds.",
                    tables.to_html(tables.known_columns(tables.side_by_side(content.scores))),
                )
            )
    alarms: list[tuple[str, str]] = []
    if content.p_values is not None and content.p_values.size:
        marks = false_alarms(content.p_values, weights=content.p_weights)
        drawn = content.calibration_rows
        words = "Intervals: 99 %, exact binomial."
        if drawn:
            words += f" The threshold was drawn with {drawn:,} held-out rows; what that explains is said."
        alarms.append((words, tables.to_html(tables.of_false_alarms(marks, calibration_rows=drawn))))
    top = [("", tables.to_html(tables.of_top(content.top)))] if content.top else []
    shown = () if content.search is None else tuple(event_panels.display_panels(content.search))
    return (
        Section(
            "kinds",
            "Told and unseen",
            (*panels.ranking_panels(content), *search_panels.improvement_panel(content)),
            tuple(ranked),
            tuple(search_panels.weight_note(content)),
        ),
        Section(
            "rows", "Scores", (panels.score_panel(main), *panels.calibration_panel(content)), tuple(alarms)
        ),
        *_searched(content),
        Section("mass", "A variable it should not know", tuple(search_panels.mass_panels(content))),
        Section("telling", "Being told", tuple(panels.telling_panels(content))),
        Section("strangest", "Strangest rows", (*panels.row_panels(content), *shown), tuple(top)),
        Section(
            "model",
            "Inside the model",
            tuple(panels.model_panels(content)),
            _members(content),
            (*content.inside, *content.guards),
        ),
    )


def _members(content: Content) -> tuple[tuple[str, str], ...]:
    """Return the table of who said what."""
    if content.said is None:
        return ()
    words = (
        "Who said what: mean evidence of each member by itself, in nats. Normal rows have about 1, less "
        "where many of them look alike; 4.6 is as strange as one normal row in a hundred."
    )
    return ((words, tables.to_html(tables.of_members(content.said))),)


def _searched(content: Content) -> Sequence[Section]:
    """Return the section of a search: working points, the variable beside the score, the trigger."""
    from unseen.report import event_panels
    from unseen.report.figures.scores import MOST_KINDS

    search, evaluation = content.search, content.main.evaluation
    if search is None or evaluation is None:
        return ()
    told = tuple(kind.kind for kind in evaluation.kinds if kind.told)
    panels = tuple(event_panels.beside_panels(search, told, content.main.hardest(MOST_KINDS)))
    words = (
        "In per cent, ± the standard error of 1,000 bootstrap resamples. In brackets: fewer than ten normal "
        "rows above the cut, not to be ranked; > is a limit at 95 %."
    )
    table = tables.to_html(event_panels.points_table(search))
    return (Section("search", "For a search", panels, ((words, table),), tuple(event_panels.notes(search))),)
