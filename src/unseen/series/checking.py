"""What a person should know of a series before it is used: states, clock, week and holidays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from unseen.errors import DataError
from unseen.series.calendar import DAY, SATURDAY
from unseen.series.changes import Change, Drawn, changes_of
from unseen.series.curves import CLEAR, WEEKDAYS, Curves, Holidays, holidays_of, late_after, weekend_of
from unseen.series.panel import Panel, State
from unseen.series.states import longest_runs
from unseen.series.taken import Taken

LEAST_DAYS = 14
TWICE = 1.6
"""An hour that holds two has this many times its usual share of the hours beside it, or more."""


@dataclass(frozen=True)
class SensorCheck:
    """One sensor.

    Attributes:
        sensor: Identifier.
        first, last: Local stamps of its first and last OK slot; empty without any.
        shares: Name of each state, in small letters -> share of the slots.
        zeros, stuck: Slots of the longest run of zeros, and of another value that does not move.
        sunday: "yes", "no" or "unclear": whether Saturday and Sunday are its weekend.

    """

    sensor: str
    first: str
    last: str
    shares: dict[str, float]
    zeros: int
    stuck: int
    sunday: str


@dataclass(frozen=True)
class Finding:
    """Something found, in a sentence.

    Attributes:
        kind: skipped, drawn, doubled, clock, week, holidays or reading.
        sentence: For a person.
        wrong: Whether zone, clock or calendar cannot be right.
        day: Local date it is about.

    """

    kind: str
    sentence: str
    wrong: bool = False
    day: str | None = None


@dataclass(frozen=True)
class Checked:
    """What was found of a panel.

    Attributes:
        span: First and last slot by the local clock.
        slots: Slots, and `minutes` the length of one.
        minutes: Length of a slot.
        zone: IANA name.
        sensors: One record each.
        findings: Of clock, week and holidays.
        holidays: Those of the calendar in the span, and what their traffic looks like.

    """

    span: str
    slots: int
    minutes: int
    zone: str
    sensors: tuple[SensorCheck, ...]
    findings: tuple[Finding, ...]
    holidays: Holidays

    @property
    def wrong(self) -> bool:
        """Whether zone, clock or calendar cannot be right."""
        return any(one.wrong for one in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        days = {name: [str(day) for day in value] for name, value in asdict(self.holidays).items()}
        return {**asdict(self), "holidays": days, "wrong": self.wrong}


def check(taken: Taken) -> Checked:
    """Look at states, clock, week and holidays of a panel.

    Raises:
        DataError: It is shorter than 14 days.

    """
    panel = taken.panel
    if panel.slots * panel.step < LEAST_DAYS * DAY:
        raise DataError(
            f"{panel.slots * panel.step / DAY:.1f} days came ({panel.span()}); "
            f"a check needs {LEAST_DAYS} at least"
        )
    curves = Curves(panel)
    holidays = holidays_of(curves)
    findings = [*_reading(taken), *_of_clock(taken, curves), *_of_week(curves), *_of_holidays(holidays)]
    return Checked(
        panel.span(),
        panel.slots,
        panel.step // 60,
        panel.calendar.zone,
        _sensors(taken, curves),
        tuple(findings),
        holidays,
    )


def _sensors(taken: Taken, curves: Curves) -> tuple[SensorCheck, ...]:
    panel = taken.panel
    states = panel.states if panel.states is not None else np.where(np.isfinite(panel.values), 0, 1)
    zeros, still = taken.zeros, taken.still
    if zeros is None or still is None:
        zeros, still = longest_runs(panel.values)
    working = curves.types < 3
    found = []
    for row, sensor in enumerate(panel.sensors):
        ok = np.flatnonzero(states[row] == State.OK)
        begin, end = (_stamp(panel, int(ok[place])) if len(ok) else "" for place in (0, -1))
        shares = {state.name.lower(): float((states[row] == state).mean()) for state in State}
        first, clear = weekend_of(curves.of_sensors[row][working], curves.weekdays[working])
        sunday = "unclear" if not clear < CLEAR else "yes" if first == SATURDAY else "no"
        found.append(SensorCheck(sensor, begin, end, shares, int(zeros[row]), int(still[row]), sunday))
    return tuple(found)


def _stamp(panel: Panel, slot: int) -> str:
    moment = dt.datetime.fromtimestamp(panel.start + slot * panel.step, ZoneInfo(panel.calendar.zone))
    return moment.strftime("%Y-%m-%d %H:%M")


def _reading(taken: Taken) -> Iterator[Finding]:
    if taken.repeated:
        yield Finding("reading", f"{taken.repeated:,} readings came more than once and were joined")
    if taken.incomplete:
        yield Finding("reading", f"{taken.incomplete:,} readings lack a part, such as a direction: left out")
    if taken.added:
        yield Finding("reading", f"{taken.added:,} readings hold two hours added up: left out")


def _of_clock(taken: Taken, curves: Curves) -> Iterator[Finding]:
    panel = taken.panel
    drawn = {one.change: one for one in taken.drawn}
    held = {one.change for one in taken.skipped}
    votes = []
    for change in changes_of(panel.calendar.zone, panel.start, panel.start + panel.slots * panel.step):
        if change in drawn:
            yield _drawn(drawn[change], panel)
        elif change.moment in held:
            words = (
                f"{change.day}: the file has values for the hour that the clock of {panel.calendar.zone} "
                "left out: zone, clock or first slot is another one, or somebody filled the hour"
            )
            yield Finding("skipped", words, wrong=True, day=str(change.day))
        if change.forward < 0:
            yield from _doubled(taken, change)
        late = late_after(curves, change)
        if late is not None:
            votes.append((change, late))
    yield from _moved(votes)


def _drawn(one: Drawn, panel: Panel) -> Finding:
    """Say that a line was drawn over the hour left out, and where it lies if not there."""
    sentence = (
        f"{one.change.day}: a straight line of {one.change.forward // panel.step} filled slots over the hour "
        f"that the clock left out, in {int(one.sensors.sum())} of {len(panel.sensors)} sensors"
    )
    if one.late:
        minutes = abs(one.late) * panel.step // 60
        way, cure = ("early", "later") if one.late < 0 else ("late", "earlier")
        sentence += (
            f"; it begins {minutes} minutes {way}: is the file's first slot {minutes} minutes {cure}, or its "
            "clock another one?"
        )
    return Finding("drawn", sentence, day=str(one.change.day))


def _doubled(taken: Taken, change: Change) -> Iterator[Finding]:
    """Say what a file holds of the hour that comes twice."""
    panel, slots = taken.panel, -change.forward // taken.panel.step
    middle, day = panel.slot(change.moment), str(change.day)
    if middle < 2 * slots or middle + 2 * slots > panel.slots:
        return
    hours = np.stack([panel.values[:, middle + k * slots : middle + (k + 1) * slots] for k in (-2, -1, 0, 1)])
    there = np.isfinite(hours).any(axis=2).sum(axis=1)
    if there[1] and not there[2]:
        yield Finding("doubled", f"{day}: the hour that comes twice is there once", day=day)
        if _holds_two(panel, middle, slots):
            yield Finding(
                "doubled",
                f"{day}: that hour seems to hold two hours added up; pass doubled added to leave it out",
                day=day,
            )
    elif there[2]:
        yield Finding("doubled", f"{day}: the hour that comes twice is there twice", day=day)


def _holds_two(panel: Panel, middle: int, slots: int) -> bool:
    """Compare the hour before the change, against those beside it, with the same hour of other weeks."""
    week, own = 7 * DAY // panel.step, middle - slots
    with np.errstate(invalid="ignore", divide="ignore"):
        mine = _share(panel.values, own, middle + slots, slots)
        usual = [
            _share(panel.values, own - back, own - back + slots, slots)
            for back in range(week, 9 * week, week)
            if own - back >= slots
        ]
        ratio = mine / np.median(usual, axis=0) if usual else mine * np.nan
    ratio = ratio[np.isfinite(ratio)]
    return len(ratio) > 0 and float(np.median(ratio)) > TWICE


def _share(values: NDArray[np.float32], first: int, after: int, slots: int) -> NDArray[np.float32]:
    """Mean of the slots from `first` on, as a share of the mean of those before and of those `after`."""
    beside = values[:, first - slots : first].mean(axis=1) + values[:, after : after + slots].mean(axis=1)
    return np.asarray(2 * values[:, first : first + slots].mean(axis=1) / beside)


def _moved(votes: list[tuple[Change, int]]) -> Iterator[Finding]:
    """Say whether mornings move as the clock is changed, at every change the same way."""
    hours = {late * (1 if change.forward > 0 else -1) for change, late in votes}
    if not votes or hours == {0}:
        days = " and ".join(str(change.day) for change, _ in votes)
        if days:
            yield Finding("clock", f"mornings stay where they are on the local clock at {days}")
        return
    if len(hours) > 1:
        yield Finding("clock", "mornings move at some changes of the clock and not at others")
        return
    (late,) = hours
    days = " and ".join(str(change.day) for change, _ in votes)
    cause = "runs on one fixed clock" if late < 0 else "follows the clock on the wall"
    yield Finding(
        "clock",
        f"mornings move by {abs(late)} h where the clock is changed ({days}): the file {cause}; state that",
        wrong=True,
    )


def _of_week(curves: Curves) -> Iterator[Finding]:
    working = curves.types < 3
    first, clear = weekend_of(curves.whole[working], curves.weekdays[working])
    if clear != clear:
        yield Finding("week", "too few whole days to see a weekend")
        return
    pair = f"{WEEKDAYS[first]} and {WEEKDAYS[(first + 1) % 7]}"
    if not clear < CLEAR:
        yield Finding("week", "no clear weekend: the days of the week are much alike")
    elif first == SATURDAY:
        yield Finding("week", f"Sunday looks like Sunday: {pair} are the weekend")
    else:
        words = f"{pair} look like the weekend: the first day is another one, or the zone is wrong"
        yield Finding("week", words, wrong=True)


def _of_holidays(found: Holidays) -> Iterator[Finding]:
    stated = len(found.like) + len(found.unlike)
    if stated:
        words = f"{len(found.like)} of {stated} holidays from Monday to Saturday look like a Sunday"
        if found.unlike:
            words += f"; not {', '.join(map(str, found.unlike))}"
        yield Finding("holidays", words, wrong=found.wrong)
    else:
        yield Finding("holidays", "no holidays are stated in this span; pass country, or a file of holidays")
    if found.unstated:
        shown = ", ".join(map(str, found.unstated[:12])) + (", ..." if len(found.unstated) > 12 else "")
        yield Finding("holidays", f"{len(found.unstated)} more working days look like a Sunday: {shown}")
