"""`unseen traffic simulate`: a made-up city of any size, for load tests."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unseen.cli import show
from unseen.cli.faults import note
from unseen.cli.options import Json

if TYPE_CHECKING:
    from unseen.series.calendar import Calendar
    from unseen.series.simulate import City, Outcome


def simulate(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder to write.")],
    sensors: Annotated[int, typer.Option(help="Sensors, each on a street of its own.")] = 3500,
    days: Annotated[int, typer.Option(help="Local days.")] = 365,
    minutes: Annotated[int, typer.Option("--minutes", help="A slot: 5, 10, 15, 20, 30 or 60.")] = 10,
    first: Annotated[str, typer.Option(metavar="DAY", help="First day, such as 2017-01-01.")] = "2017-01-01",
    zone: Annotated[str, typer.Option(help="Time zone of the city.")] = "Europe/Madrid",
    holidays: Annotated[
        str | None, typer.Option(metavar="ES:MD", help="Public holidays of a country, or of a part of it.")
    ] = None,
    incidents: Annotated[float, typer.Option(help="Incidents a day for 100 sensors.")] = 0.1,
    gaps: Annotated[float, typer.Option(help="Share of slots without a reading.")] = 0.01,
    stuck: Annotated[float, typer.Option(help="Share of slots with a value that repeats.")] = 0.001,
    dead: Annotated[float, typer.Option(help="Share of sensors that end some day.")] = 0.01,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and settings, same city.")] = 0,
    json: Json = False,
) -> None:
    """Make up a city whose streets behave like real ones: SIMULATED flows, for load tests only.

    Weekly courses, spreads, memory and what streets have in common are those of ten streets of Madrid. The
    folder holds values that are mapped into memory (values.f32), what they are (panel.json), and what was
    made to happen (incidents.csv, faults.csv). Stopped, the same command goes on.
    """
    from unseen.series.mishaps import Mishaps
    from unseen.series.simulate import City, simulate
    from unseen.training.progress import tell

    city = City(
        sensors, days, _day(first), 60 * minutes, _calendar(zone, holidays),
        mishaps=Mishaps(incidents, gaps, stuck, dead), seed=seed,
    )  # fmt: skip
    with show.progress(), _resumable():
        outcome = simulate(city, out, lambda done, total: tell("sensors", done, total))
    told = _told(city, outcome)
    if json:
        show.as_json(told)
    else:
        typer.echo(
            f"SIMULATED city of {sensors:,} sensors, {city.slots:,} slots of {minutes} min "
            f"({sensors * city.slots / 1e6:.1f} M values)\n"
            f"law     {city.law.origin}; seed {seed}\n"
            f"truth   {told['incidents']:,} incidents, {told['dead']:,} sensors that end\n"
            f"folder  {out}  ({outcome.made:,} sensors made, {outcome.kept:,} there before)"
        )


def _told(city: City, outcome: Outcome) -> dict[str, object]:
    dead = sum(fault.kind == "dead" for one in range(city.sensors) for fault in city.faults(one))
    return {
        "simulated": True, "out": str(outcome.path), "sensors": city.sensors, "slots": city.slots,
        "step": city.step, "values": city.sensors * city.slots, "zone": city.calendar.zone,
        "law": city.law.origin, "seed": city.seed, "incidents": len(city.incidents), "dead": dead,
        "made": outcome.made, "kept": outcome.kept,
    }  # fmt: skip


def _day(text: str) -> dt.date:
    from unseen.errors import ConfigError

    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--first {text} is not a day; write it as 2017-01-01") from error


def _calendar(zone: str, holidays: str | None) -> Calendar:
    from unseen.series.calendar import Calendar

    if holidays is None:
        return Calendar(zone)
    country, _, part = holidays.partition(":")
    return Calendar.of_country(zone, country, part or None)


@contextmanager
def _resumable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("\n" * sys.stderr.isatty())
        note("the sensors that are done are kept; the same command goes on from there")
        raise
