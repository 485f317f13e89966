"""From settings to a watch that is ready to run: store, past, forecaster or detector, feed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unseen.errors import ConfigError, DataError
from unseen.forecasting.forecaster import slots_ahead
from unseen.live.broker import Broker
from unseen.live.clock import Clock
from unseen.live.config import WatchSettings
from unseen.live.delivery import Feed
from unseen.live.engine import Engine
from unseen.live.fitted import Renewal
from unseen.live.lines import Lines
from unseen.live.payload import Payload
from unseen.live.polling import Polling
from unseen.live.running import Work, alone
from unseen.live.store import Store
from unseen.live.watch import PastWatch, Watch
from unseen.series.panel import Panel, State
from unseen.training.progress import tell

if TYPE_CHECKING:
    from unseen.live.rows import RowWatch

DAY = 86_400


@dataclass(frozen=True, eq=False)
class Opened:
    """A store and what works on it."""

    store: Store
    work: Work


@contextmanager
def opened(settings: WatchSettings, clock: Clock) -> Iterator[Opened]:
    """Open the store, alone, and everything that works on it.

    Raises:
        ConfigError: Another watch holds the store, it has other settings, or is of a newer version.
        UnseenError: A model, detector or history cannot be read.

    """
    with alone(settings.store), Store(settings.store) as store:
        store.settle({"zone": settings.series.zone, "slot_seconds": str(settings.step)})
        unit = settings.unit if settings.rows is None else "rows"
        for name, value in (("name", settings.name), ("unit", unit), ("feed", settings.feed.name)):
            store.write_setting(name, value)
        yield Opened(store, _rows(settings, store) if settings.rows else _streets(settings, store))


def feed_of(settings: WatchSettings, clock: Clock, store: Store) -> Feed:
    """Return the feed that the settings name, to go on where the store is."""
    payload = Payload(settings.series, as_rows=settings.rows is not None)
    if settings.feed.mqtt is not None:
        return Broker(settings.feed, payload, clock)
    if settings.feed.lines is not None:
        place = int(store.kept("place") or b"0")
        return Lines(settings.feed.lines, payload, clock, place, settings.clock.by == "stamps")
    if settings.rows is not None:
        raise ConfigError("feed.url with [rows] came; accepted: rows by feed.mqtt or feed.lines")
    return Polling(settings.feed, settings.series, clock)


def engine_of(settings: WatchSettings, store: Store) -> Engine:
    """Return what closes slots; a store that is empty is given its past first."""
    from unseen.live.past import read_history

    renewal = renewal_of(settings)
    if settings.history is not None and store.last_slot() is None:
        panel = read_history(settings, settings.history.file)
        return warm_up(settings, store, renewal, panel, settings.history.warm)
    return Engine(store, settings, renewal)


def renewal_of(settings: WatchSettings) -> Renewal:
    """Return how forecaster and thresholds are made; a forecaster of a file has to fit the settings.

    Raises:
        ConfigError: It was trained for other slots or another zone.

    """
    calendar = settings.series.calendar()
    model = settings.forecast.model
    if model is None:
        return Renewal(settings, calendar)
    from unseen.forecasting.stored import load

    detector = load(model)
    trained = detector.trained_
    if trained.step != settings.step or trained.calendar.zone != settings.series.zone:
        raise ConfigError(
            f"{model} was trained on slots of {trained.step // 60} minutes in {trained.calendar.zone}, and "
            f"the watch has {settings.step // 60} in {settings.series.zone}; train one for these"
        )
    return Renewal(settings, trained.calendar, detector, model.name)


def warm_up(settings: WatchSettings, store: Store, renewal: Renewal, panel: Panel, days: int) -> Engine:
    """Write a past into an empty store, and forecast its last days without raising alarms.

    What these forecasts were worth calibrates intervals and the raise thresholds.
    """
    from unseen.live.past import take_in

    first = panel.start + panel.slots * panel.step - days * DAY
    written = take_in(store, panel, until=first)
    engine = Engine(store, settings, renewal)
    engine.muted = True
    states = np.where(np.isfinite(panel.values), State.OK, State.MISSING).astype(np.uint8)
    states = states if panel.states is None else panel.states
    rows = _places(store, panel)
    for done, slot in enumerate(range(written, panel.slots)):
        value = np.full(len(rows), np.nan, np.float32)
        state = np.full(len(rows), State.MISSING, np.uint8)
        value[rows], state[rows] = panel.values[:, slot], states[:, slot]
        time = panel.start + slot * panel.step
        engine.close(time, value, state, float(time + panel.step), {})
        tell("slots of the past forecast", done + 1, panel.slots - written)
    engine.muted = False
    if engine.last is not None:
        engine.renew(engine.last)
    return engine


def replay(engine: Engine, panel: Panel, first: int, *, grace: float = 120.0) -> None:
    """Close the slots of a panel from `first` on as a watch would, without feed or clock."""
    rows = _places(engine.store, panel)
    for slot in range(panel.slot(first), panel.slots):
        value = np.full(len(rows), np.nan, np.float32)
        value[rows] = panel.values[:, slot]
        state = np.where(np.isfinite(value), State.OK, State.MISSING).astype(np.uint8)
        time = panel.start + slot * panel.step
        engine.close(time, value, state, time + panel.step + grace, {})


def _places(store: Store, panel: Panel) -> list[int]:
    """Place in the store of each sensor of a panel."""
    known = {one.id: one.place for one in store.sensors()}
    return [known[name] for name in panel.sensors]


def _streets(settings: WatchSettings, store: Store) -> Watch:
    slots_ahead(settings.forecast.ahead, settings.step)
    engine = engine_of(settings, store)
    fitted = engine.fitted.forecaster
    ahead = fitted.horizon if fitted is not None else -(-60 * settings.forecast.ahead // settings.step)
    store.write_setting("horizon_seconds", str(ahead * settings.step))
    store.write_setting("model", engine.fitted.model)
    kind = PastWatch if settings.clock.by == "stamps" else Watch
    return kind(settings, store, engine)


def _rows(settings: WatchSettings, store: Store) -> RowWatch:
    # what judges rows is slow to load, and streets do not need it
    from unseen.live.rows import RowWatch
    from unseen.registry import load

    if settings.rows is None or settings.clock.by == "stamps":
        raise DataError("clock.by = 'stamps' is for readings; leave it out beside [rows]")
    detector = load(settings.rows.detector)
    store.write_setting("model", settings.rows.detector.name)
    store.write_setting("horizon_seconds", "0")
    return RowWatch(settings, store, detector)
