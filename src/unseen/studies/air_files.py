"""From files to what traffic and air have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from unseen.errors import ConfigError, unknown
from unseen.recipes import traffic_pollution
from unseen.recipes.running import settings
from unseen.recipes.traffic_pollution.sets import bologna, clocks_of
from unseen.series.settings import SeriesSettings
from unseen.series.source import open_panel
from unseen.studies.air import Question, Related, relate

MOST_LAGS = 200


@dataclass(frozen=True)
class Files:
    """What the user named.

    Attributes:
        traffic, air: Files; both None for Bologna 2024.
        traffic_map, air_map: TOML files of their settings.
        given: Files read with the settings of the air, to be held fixed.

    """

    traffic: Path | None = None
    traffic_map: Path | None = None
    air: Path | None = None
    air_map: Path | None = None
    given: tuple[Path, ...] = ()


def lags_of(text: str) -> range:
    """Read FROM:TO, both included.

    Raises:
        ConfigError: It is not of that form.

    >>> lags_of("-3:6")
    range(-3, 7)
    """
    found = re.fullmatch(r"(-?\d{1,4}):(-?\d{1,4})", text.strip())
    lags = range(int(found[1]), int(found[2]) + 1) if found else range(0)
    if not 0 < len(lags) <= MOST_LAGS:
        raise ConfigError(f"lags {text!r} came; accepted: FROM:TO such as -3:6, at most {MOST_LAGS} of them")
    return lags


def answer(files: Files, asked: Question, *, pollutant: str = "NO2", data: Path | None = None) -> Related:
    """Read the files, or Bologna 2024 without any, and relate them.

    Raises:
        ConfigError: One of both files is not named, or a setting is not stated.
        DataError: A file is not there or broken, or both share no hour.

    """
    if files.traffic is None:
        given = [one for one in (files.traffic_map, files.air_map, *files.given) if one is not None]
        if given:
            raise ConfigError(f"{given[0]} came without files of traffic and air; name both before it")
        return _of_bologna(asked, pollutant, data)
    if files.air is None:
        raise ConfigError(f"{files.traffic} came without a file of air; name both, or none for Bologna 2024")
    of_traffic, of_air = SeriesSettings.read(files.traffic_map), SeriesSettings.read(files.air_map)
    panels = {one.stem: open_panel(one, settings=of_air) for one in files.given}
    return relate(
        open_panel(files.traffic, settings=of_traffic),
        open_panel(files.air, settings=of_air),
        replace(asked, offset=of_air.offset or 0),
        given=panels,
        clocks=clocks_of(of_traffic, of_air),
    )


def _of_bologna(asked: Question, pollutant: str, data: Path | None) -> Related:
    config = settings(str(Path(str(traffic_pollution.__file__))), quick=False)
    known = bologna(config, data)
    if pollutant not in known.air:
        raise ConfigError(unknown("pollutant", pollutant, known.air))
    asked = replace(asked, offset=known.offset)
    if asked.panel == "sum-of-present":
        words = (f"the clock of the air, as stamped, not {known.clocks[0]}", known.clocks[1])
        return relate(known.stamped, known.air[pollutant], asked, clocks=words)
    fixed = replace(asked, sensors=asked.sensors or tuple(config["panel"]))
    held = {name: panel for name, panel in known.air.items() if name in ("ozone", "CO") and name != pollutant}
    return relate(known.counts.panel, known.air[pollutant], fixed, given=held, clocks=known.clocks)
