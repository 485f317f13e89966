"""How a file or feed of a network of sensors is to be read: stated by the user, never guessed."""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from unseen.errors import ConfigError, nearest, need
from unseen.series.calendar import Calendar

OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2})(?::?([0-5]\d))?$")


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class SeriesSettings(BaseModel):
    """Columns, clock, slots and calendar of one file or feed; a key of the TOML file is the option.

    >>> madrid = SeriesSettings(zone="Europe/Madrid", clock="wall", first="2017-01-01", slot=15)
    >>> madrid.step, madrid.offset
    (900, None)
    >>> SeriesSettings(zone="Europe/Rome", clock="UTC+1").offset
    3600
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    zone: str = Field(description="IANA zone whose clock rules the streets, such as Europe/Madrid")
    clock: str | None = Field(
        default=None,
        description="what stamps without an offset mean: utc, wall (the clock of the zone, with its summer "
        "time) or a fixed offset such as +01:00",
    )
    slot: Annotated[int, Field(ge=1, le=60)] | None = Field(
        default=None, description="minutes of a slot; divides an hour"
    )
    first: dt.datetime | None = Field(default=None, description="stamp of the first row of an array")
    layout: Literal["long", "wide"] | None = Field(
        default=None, description="long: one row a reading; wide: one column a sensor"
    )
    sensor: str = Field(default="sensor", description="column or field of the sensor's identifier")
    time: str = Field(default="time", description="column or field of the stamp")
    value: Names = Field(default=("value",), description="columns that add up to the value")
    part: str | None = Field(
        default=None, description="column, such as a direction, whose rows add up to one reading"
    )
    name: str | None = Field(default=None, description="column or field of a name to show")
    time_format: str = Field(default="iso", description="iso, s, ms, or a pattern such as %d/%m/%Y %H:%M")
    drop: Names = Field(default=(), description="patterns of columns of a wide table that are no sensors")
    duplicates: Literal["mean", "last", "error"] = Field(
        default="error", description="what to do where one sensor has two values at one stamp"
    )
    doubled: Literal["once", "added"] = Field(
        default="once",
        description="what rows of a wall clock's doubled hour in autumn hold: the first of the two hours, "
        "or both added up, which are then left out",
    )
    lowest: float = Field(default=0.0, description="lowest value that can be; -inf for no bound")
    negative: Literal["error", "mark"] = Field(
        default="error", description="what to do with values below the lowest: refuse, or mark as impossible"
    )
    stuck: bool = Field(
        default=True, description="whether a value that does not move is suspect; false for a coarse scale"
    )
    country: str | None = Field(default=None, description="ISO code of the country of the public holidays")
    subdivision: str | None = Field(default=None, description="ISO code of its part, such as MD")
    holidays: Path | None = Field(default=None, description="CSV with a column date, for other holidays")
    places: Path | None = Field(default=None, description="GeoJSON, CSV or XLSX with the sensors' places")

    @field_validator("clock")
    @classmethod
    def _known_clock(cls, value: str | None) -> str | None:
        if value is None or value.lower() in ("utc", "wall") or OFFSET.match(value):
            return value if value is None or OFFSET.match(value) else value.lower()
        raise ValueError("accepted: utc, wall, or an offset such as +01:00")

    @field_validator("slot")
    @classmethod
    def _divides(cls, value: int | None) -> int | None:
        if value is not None and 60 % value:
            raise ValueError("accepted: minutes that divide an hour, such as 5, 10, 15 or 60")
        return value

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return Calendar(value).zone

    @property
    def step(self) -> int | None:
        """Seconds of a slot; None where not stated."""
        return None if self.slot is None else 60 * self.slot

    @property
    def offset(self) -> int | None:
        """Seconds the stamps run ahead of UTC, where the clock is a fixed one."""
        if self.clock is None or self.clock == "wall":
            return None
        found = OFFSET.match(self.clock)
        if found is None:
            return 0
        seconds = 3600 * int(found[2]) + 60 * int(found[3] or 0)
        return -seconds if found[1] == "-" else seconds

    def calendar(self) -> Calendar:
        """Return zone and holidays.

        Raises:
            ConfigError: A country or its part is not known, or the file of holidays cannot be read.

        """
        own = frozenset() if self.holidays is None else _dates(self.holidays)
        if self.country is None:
            if self.subdivision is not None:
                raise ConfigError(
                    f"subdivision {self.subdivision!r} came without a country; name it, such as country ES"
                )
            return Calendar(self.zone, own)
        known = Calendar.of_country(self.zone, self.country, self.subdivision)
        return Calendar(self.zone, known.holidays | own)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object], *, where: str = "settings") -> Self:
        """Check values by name.

        Raises:
            ConfigError: Names or values that are not accepted: every one of them, on one line.

        """
        try:
            return cls.model_validate(dict(values))
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
        except ValidationError as error:
            faults = [_sentence(fault, cls.model_fields) for fault in error.errors()]
            raise ConfigError(f"{where}: {'; '.join(faults)}") from error

    @classmethod
    def read(cls, path: str | os.PathLike[str] | None, **over: object) -> Self:
        """Read settings from a TOML file, with others on top; those that are None change nothing.

        Raises:
            ConfigError: The file is absent or not TOML, or settings are not accepted.

        """
        values = {} if path is None else _toml(Path(path))
        given = {name: value for name, value in over.items() if value is not None}
        return cls.from_mapping({**values, **given}, where="settings" if path is None else str(path))


def _toml(place: Path) -> dict[str, Any]:
    """Values of a TOML file; paths in it are those beside it."""
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{place} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{place} is not TOML: {' '.join(str(error).split())}") from error
    for name in ("holidays", "places"):
        if isinstance(values.get(name), str):
            values[name] = place.parent / values[name]
    return values


def _dates(place: Path) -> frozenset[dt.date]:
    """Dates of a CSV: those of the column `date`, or of the only column."""
    pc = need("pyarrow.csv", extra="traffic", purpose=f"reading {place}")
    try:
        table = pc.read_csv(place)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{place} cannot be read as CSV: {' '.join(str(error).split())}") from error
    names = table.column_names
    column = "date" if "date" in names else names[0]
    found = []
    for row, word in enumerate(table.column(column).to_pylist()):
        try:
            found.append(dt.date.fromisoformat(str(word)[:10]))
        except ValueError as error:
            raise ConfigError(
                f"{place}: row {row}, column {column!r}: {str(word)[:40]!r} is no date; write 2017-01-06"
            ) from error
    return frozenset(found)


def _sentence(fault: Any, accepted: Mapping[str, object]) -> str:
    """Say in one clause what is wrong with one setting."""
    name = ".".join(str(part) for part in fault["loc"][:1])
    reason = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        meant = nearest(name, accepted) or " Accepted: " + ", ".join(accepted)
        return f"setting {name!r} is not known.{meant}"
    if fault["type"] == "missing":
        return f"the {name} is not stated, and is never guessed; name one such as Europe/Madrid"
    return f"{name} = {repr(fault['input'])[:60]}: {reason[:1].lower()}{reason[1:]}"
