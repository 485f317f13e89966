"""The settings of a watch: one TOML file, every fault of it told at once."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unseen.alarms.tiers import TIERS
from unseen.errors import ConfigError, nearest, unknown
from unseen.series.settings import SeriesSettings

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=1, le=3_660)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedSettings(_Part):
    """Where readings or rows come from: exactly one of url, mqtt and lines."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$")] | None = Field(
        default=None, description="address that answers with current values"
    )
    every: Seconds = Field(default=60.0, description="seconds between two questions")
    page: str = Field(default="resultOffset", description="parameter that asks for the rows from here on")
    mqtt: Annotated[str, Field(pattern=r"^[^\s:/]+(:\d{1,5})?$")] | None = Field(
        default=None, description="HOST or HOST:PORT of a broker"
    )
    topic: str = Field(default="#", description="topic that is listened to")
    lines: str | None = Field(default=None, description="file that grows, or - for standard input")
    grace: Annotated[float, Field(ge=0, le=3_600)] = Field(
        default=120.0, description="seconds after its end for which a slot waits for late readings"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in ("url", "mqtt", "lines") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"{' and '.join(given) or 'no feed'} came; accepted: exactly one of url, mqtt and lines"
            )
        return self

    @property
    def name(self) -> str:
        """What the feed is called in logs; without what may be secret in an address."""
        if self.url is not None:
            return self.url.partition("?")[0].rpartition("@")[2]
        return f"mqtt {self.mqtt} {self.topic}" if self.mqtt is not None else f"lines {self.lines}"


class ForecastSettings(_Part):
    """What is expected, and from which past."""

    model: Path | None = Field(
        default=None, description="file of a forecaster; without it what is usual plus the last residual"
    )
    ahead: Annotated[int, Field(ge=1, le=1_440)] = Field(default=30, description="minutes ahead")


class HistorySettings(_Part):
    """Past values, read once into a store that is empty."""

    file: Path = Field(description="any file of series that unseen reads")
    series: SeriesSettings | None = Field(default=None, description="how to read it; else as the feed")
    warm: Annotated[int, Field(ge=0, le=35)] = Field(
        default=7, description="last days of it that are forecast at the first start, to calibrate on"
    )


class AlarmSettings(_Part):
    """When a street is red, and how many false alarms may be spent on it."""

    tier: str = Field(default="A", description=f"one of {', '.join(TIERS)}")
    fixed: Path | None = Field(default=None, description="CSV of sensor, yellow, red, in place of a tier")
    budget: Positive = Field(default=2.0, description="false red slots per sensor and day")
    pooled: bool = Field(
        default=False, description="one raise threshold for all streets; chosen faster in a large city"
    )
    theta: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="raise above this chance, in place of a budget"
    )
    keep: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.8, description="share of the raise threshold below which an alarm begins to clear"
    )
    clear_after: Annotated[int, Field(ge=1, le=100)] = Field(default=2, description="slots until it is off")
    hold: Annotated[int, Field(ge=0, le=100)] = Field(default=2, description="missing slots it outlives")

    @model_validator(mode="after")
    def _known_tier(self) -> Self:
        if self.tier not in TIERS:
            raise ValueError(unknown("tier", self.tier, TIERS))
        return self


class RowSettings(_Part):
    """A detector of rows, such as flows, in place of forecasts."""

    detector: Path = Field(description="model folder or file written by unseen fit")
    source: str | None = Field(default=None, description="column that says whose row it is")
    alarms_per_day: Positive = Field(default=10.0, description="false alarms that may be spent in a day ...")
    rows_per_day: Positive = Field(default=1e6, description="... on so many rows")
    every: Seconds = Field(default=10.0, description="seconds of rows that are judged and written at once")
    quiet: Annotated[float, Field(ge=0, le=86_400)] = Field(
        default=300.0, description="seconds without an odd row after which an alarm is cleared"
    )

    @model_validator(mode="after")
    def _fewer(self) -> Self:
        if self.alarms_per_day >= self.rows_per_day:
            raise ValueError(
                f"{self.alarms_per_day:g} alarms on {self.rows_per_day:g} rows a day; allow fewer than rows"
            )
        return self


class DashboardSettings(_Part):
    """Where the dashboard listens."""

    on: bool = Field(default=True, description="false starts none")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: Annotated[int, Field(ge=0, le=65_535)] = Field(default=8765, description="0 is any that is free")
    token_file: Path | None = Field(default=None, description="file with the token; else one is made")
    with_token: bool = Field(default=True, description="false lets browsers of this machine in without")


class KeepSettings(_Part):
    """How long what is kept."""

    days: Annotated[int, Field(ge=15, le=400)] = Field(default=35, description="days of slots in the store")
    forecasts: Annotated[int, Field(ge=2, le=400)] = Field(default=15, description="days of forecasts")
    history: Path | None = Field(default=None, description="folder of monthly Parquet files; none without")


class SinkSettings(_Part):
    """Who is told of alarms, beside the log."""

    webhook: Annotated[str, Field(pattern=r"^https?://[^\s/]+\S*$")] | None = Field(
        default=None, description="address to which every change of an alarm is sent"
    )


class ClockSettings(_Part):
    """Which clock rules: the machine's, one that runs faster for rehearsals, or the stamps that come."""

    by: Literal["machine", "stamps"] = Field(default="machine", description="stamps: for files of the past")
    speed: Annotated[float, Field(ge=1, le=10_000)] = Field(default=1.0, description="times real time")
    origin: dt.datetime | None = Field(default=None, description="what the clock showed ...")
    wall: float | None = Field(default=None, description="... at this second of UTC of the machine's")

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.origin is None) != (self.wall is None):
            raise ValueError("origin and wall come together: what the clock showed, and when")
        return self


class WatchSettings(_Part):
    """Everything `unseen watch` is told; paths are those beside the file.

    >>> text = {"feed": {"url": "http://127.0.0.1:1/q"}, "series": {"zone": "Europe/Madrid", "slot": 10}}
    >>> WatchSettings.from_mapping(text).alarm.budget
    2.0
    >>> WatchSettings.from_mapping({"feed": {"ulr": "x"}, "series": {"zone": "UTC"}, "alarm": {"budget": 0}})
    Traceback (most recent call last):
    ...
    unseen.errors.ConfigError: settings: 2 faults: feed.ulr is not known. Did you mean 'url'?; \
alarm.budget = 0: input should be greater than 0
    """

    store: Path = Field(default=Path("watch.db"), description="database of the watch")
    name: str = Field(default="", max_length=80, description="what the dashboard calls it")
    unit: str = Field(default="veh/h", max_length=40, description="unit of the values, to show")
    feed: FeedSettings
    series: SeriesSettings
    forecast: ForecastSettings = ForecastSettings()
    history: HistorySettings | None = None
    alarm: AlarmSettings = AlarmSettings()
    rows: RowSettings | None = None
    dashboard: DashboardSettings = DashboardSettings()
    keep: KeepSettings = KeepSettings()
    sinks: SinkSettings = SinkSettings()
    clock: ClockSettings = ClockSettings()

    @model_validator(mode="after")
    def _slot(self) -> Self:
        if self.rows is None and self.series.slot is None:
            raise ValueError("series.slot is not stated; name the minutes of a slot, such as 10")
        if self.clock.by == "stamps" and self.feed.lines is None:
            raise ValueError("clock.by = 'stamps' is for feed.lines; leave it out")
        return self

    @property
    def step(self) -> int:
        """Seconds of a slot; of rows, of a batch rounded up to a second."""
        if self.rows is not None:
            return max(1, round(self.rows.every))
        return self.series.step or 600

    @classmethod
    def from_mapping(cls, values: Mapping[str, object], *, where: str = "settings") -> Self:
        """Check values by name.

        Raises:
            ConfigError: Names or values that are not accepted: every one of them, on one line.

        """
        try:
            return cls.model_validate(dict(values))
        except ConfigError as error:  # of an object that checks itself, such as the calendar
            raise ConfigError(f"{where}: {error}") from error
        except ValidationError as error:
            faults = [_sentence(fault) for fault in error.errors()]
            count = f"{len(faults)} faults: " if len(faults) > 1 else ""
            raise ConfigError(f"{where}: {count}{'; '.join(faults)}") from error

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a TOML file.

        Raises:
            ConfigError: The file is absent or not TOML, or settings are not accepted.

        """
        place = Path(path)
        try:
            values = tomllib.loads(place.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{place} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"{place} is not TOML: {' '.join(str(error).split())}") from error
        return cls.from_mapping(values, where=str(place))._beside(place.parent)

    def _beside(self, folder: Path) -> Self:
        """Take paths as those beside the file of settings."""

        def moved(part: BaseModel) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for name in type(part).model_fields:
                value = getattr(part, name)
                if isinstance(value, Path):
                    found[name] = folder / value
                elif isinstance(value, BaseModel):
                    found[name] = value.model_copy(update=moved(value))
            return found

        whole = self.model_copy(update=moved(self))
        lines = self.feed.lines
        if lines is None or lines == "-":
            return whole
        return whole.model_copy(update={"feed": whole.feed.model_copy(update={"lines": str(folder / lines)})})


def _sentence(fault: Any) -> str:
    """Say in one clause what is wrong with one setting."""
    place = [str(part) for part in fault["loc"]]
    name = ".".join(place)
    reason = str(fault["msg"]).removeprefix("Value error, ")
    if not place or fault["type"] == "value_error":  # of several settings together
        prefix = f"{name}: " if place else ""
        return f"{prefix}{reason}"
    if fault["type"] == "extra_forbidden":
        accepted = _accepted(place[:-1])
        return f"{name} is not known.{nearest(place[-1], accepted) or ' Accepted: ' + ', '.join(accepted)}"
    if fault["type"] == "missing":
        return f"{name} is missing"
    return f"{name} = {repr(fault['input'])[:60]}: {_lowered(reason)}"


def _accepted(place: list[str]) -> list[str]:
    """Names that are accepted within a part of the settings."""
    fields = WatchSettings.model_fields
    for name in place:
        kind = fields[name].annotation
        kinds = [one for one in (kind, *getattr(kind, "__args__", ())) if hasattr(one, "model_fields")]
        fields = kinds[0].model_fields if kinds else {}
    return list(fields)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
