"""What is asked and answered, as OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from unseen.service.requests import Parts

Rate = Annotated[float, Field(ge=0.0, lt=1.0, description="False-alarm rate; that of the model by default.")]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ScoreQuery(_Message):
    """How rows are scored."""

    rate: Rate | SkipJsonSchema[None] = None
    parts: Parts = Field("none", description="`members`: also what each member of the detector added.")


class ExplainQuery(_Message):
    """How rows are explained."""

    rate: Rate | SkipJsonSchema[None] = None
    features: Annotated[
        int, Field(ge=1, le=10_000, description="Features named a row; others are summed.")
    ] = 10


class RowScore(_Message):
    """One row."""

    row: int = Field(ge=0, description="Place in the request, from 0.")
    score: float = Field(description='Evidence against "normal", nats; higher is stranger.')
    p_value: float = Field(ge=0, le=1, description="Share of normal rows expected to be as strange.")
    alarm: bool = Field(description="Whether the score is above the threshold.")
    parts: dict[str, float] | SkipJsonSchema[None] = Field(
        None, description="What each member added, nats; adds up to the score."
    )


class ScoreAnswer(_Message):
    """Scores of the rows of one request, in their order."""

    rows: int
    alarms: int
    rate: float
    threshold: float | None = Field(description="Nats; null where so low a rate can never be vouched for.")
    results: list[RowScore]


class Contribution(_Message):
    """A feature's part of a score, and the value the row had."""

    feature: str
    amount: float = Field(description="Nats.")
    value: str


class Member(_Message):
    """What one member of the detector says of a row by itself, and what it added to the score, nats."""

    member: str
    told: bool
    evidence: float
    added: float


class RowReasons(_Message):
    """One row: contributions and others add up to the score, and so does what the members added."""

    row: int
    score: float
    p_value: float
    alarm: bool
    contributions: list[Contribution]
    others: float = Field(description="Sum of the contributions that are not named, nats.")
    members: list[Member]


class ExplainAnswer(_Message):
    """Reasons for the scores of one request, in the order of its rows."""

    rows: int
    rate: float
    results: list[RowReasons]


class Column(_Message):
    """A column the model reads."""

    name: str
    kind: str
    may_be_missing: bool
    words: list[str] | SkipJsonSchema[None] = None
    shape: list[int] | SkipJsonSchema[None] = None
    pixel: str | SkipJsonSchema[None] = None


class ModelAnswer(_Message):
    """The model that is served."""

    kind: str = Field(description="Class of the detector.")
    columns: list[Column]
    features: int = Field(description="Numbers a row becomes.")
    members: list[str]
    rate: float = Field(description="False-alarm rate at which alarms are raised.")
    threshold: float | None
    calibration_rows: int
    known_kinds: dict[str, int] = Field(description="Known anomalies that were told, by kind.")
    study: dict[str, Any] = Field(description="Where the training rows came from, as far as it was noted.")
    notices: list[str] = Field(description="What the guards of the training had to say.")
    version: str = Field(description="Version of unseen that serves.")


class HealthAnswer(_Message):
    """Whether the service lives, and takes requests."""

    live: bool
    ready: bool


class DriftedColumn(_Message):
    """A column of the latest full window against training."""

    column: str
    kind: str
    shift: float = Field(description="Of the mean, in standard deviations of training; of words in shares.")
    spread: float = Field(description="Standard deviation over that of training.")
    distance: float = Field(description="Symmetric divergence (population stability index), nats.")
    p_value: float


class LatestWindow(_Message):
    """The latest window of rows that was full."""

    last_row: int
    alarms: float
    p_value: float
    distance: float
    columns: list[DriftedColumn]
    drifted: list[str]


class EarlierWindow(_Message):
    """A window before."""

    last_row: int
    distance: float
    drifted: list[str]


class Windows(_Message):
    """Windows of rows, each compared with training."""

    rows: int = Field(description="Rows of a window.")
    filled: int = Field(description="Rows in the window that is not full yet.")
    judged: int
    drifted: int
    false_alarm_rate: float = Field(description="Chance that a window without change is called drifted.")
    latest: LatestWindow | None
    before: list[EarlierWindow]


class SinceStart(_Message):
    """The bet on the scores of all rows since the start (a conformal test martingale)."""

    log10: float
    largest_log10: float
    alarm_at_log10: float
    false_alarm_rate: float = Field(description="Chance that it is ever reached without change.")
    first_alarm_row: int | None


class DriftAnswer(_Message):
    """Whether the rows that come are still like those of training."""

    rows: int
    drifting: bool
    inputs_watched: bool = Field(description="False for images, of which a model keeps no statistics.")
    since_start: SinceStart
    windows: Windows


class ProblemAnswer(BaseModel):
    """A refusal (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
