// The answer of /api/street as one row a time, and as runs without holes.

import { at, isNumber } from "../format.js";

const WEEK = 7 * 86400 * 1000;

/** Slot length in milliseconds: the commonest step of the readings. */
export function slotOf(times) {
  const steps = new Map();
  for (let i = 1; i < times.length; i += 1) {
    const step = times[i] - times[i - 1];
    if (step > 0) steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  return [...steps].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 600000;
}

/** Rows of {t, value, state, week, forecast, yellow, red}, one a time, in order. */
export function rowsOf(street) {
  const rows = new Map();
  const row = (time) => {
    if (!rows.has(time))
      rows.set(time, {
        t: time,
        value: null,
        state: null,
        week: null,
        forecast: null,
        yellow: null,
        red: null,
      });
    return rows.get(time);
  };
  for (const one of street.past ?? [])
    Object.assign(row(at(one.time)), { value: one.state === "ok" ? one.value : null, state: one.state });
  for (const one of street.forecasts ?? []) row(at(one.target)).forecast = one;
  const known = [...rows.keys()];
  const [first, last] = [Math.min(...known), Math.max(...known)];
  for (const one of street.last_week ?? []) {
    const time = at(one.time);
    const shown = time < first - WEEK / 2 ? time + WEEK : time;
    if (shown >= first && shown <= last) row(shown).week = one.value;
  }
  for (const one of street.thresholds ?? [])
    if (rows.has(at(one.time))) Object.assign(row(at(one.time)), { yellow: one.yellow, red: one.red });
  return [...rows.values()].filter(({ t }) => Number.isFinite(t)).sort((a, b) => a.t - b.t);
}

/** Runs of rows in which `get` is a number, broken where a slot is left out. */
export function runs(rows, get, slot) {
  const found = [];
  let before = -Infinity;
  for (const row of rows) {
    if (!isNumber(get(row))) continue;
    if (row.t - before > 1.5 * slot) found.push([]);
    found.at(-1).push(row);
    before = row.t;
  }
  return found;
}

/** Spans [from, to] of the past in which nothing was measured. */
export function gaps(rows, slot, now) {
  const past = rows.filter((row) => isNumber(row.value));
  const found = [];
  for (let i = 1; i < past.length; i += 1)
    if (past[i].t - past[i - 1].t > 1.5 * slot) found.push([past[i - 1].t + slot / 2, past[i].t - slot / 2]);
  const last = past.at(-1)?.t ?? rows[0].t - slot / 2;
  if (now - last > 2.5 * slot) found.push([last + slot / 2, now]);
  return found;
}
