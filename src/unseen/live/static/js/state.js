// What the page knows, and who wants to hear of changes.

import { at, isNumber } from "./format.js";

export const state = {
  tiers: null, // the answer of /api/tiers
  health: null, // the answer of /api/health
  open: null, // alarms that are on: the answer of /api/alarms?state=on
  heard: 0, // Date.now() of the last good answer
  fault: null, // why the last refresh failed
  link: "polling", // live | polling | lost
  hidden: new Set(), // tiers switched off in the legend
  search: "",
};

const listeners = new Set();

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tell(changes) {
  Object.assign(state, changes);
  for (const listener of [...listeners]) listener(changes);
}

export const sensors = () => state.tiers?.sensors ?? [];
export const unit = () => state.tiers?.unit ?? "";
export const isRows = () => state.health?.kind === "rows";

/** The clock of the feed now: the server's, going on since it was heard. */
export function feedNow() {
  const said = at(state.health?.now);
  return Number.isFinite(said) ? said + (Date.now() - state.heard) : Date.now();
}

/** Seconds since the newest reading or row, by the clock of the feed; null where nothing was ever read. */
function silence(health, since) {
  const newest = at(isRows() ? health.last_poll : health.newest_stamp);
  const ages = [(at(health.now) - newest) / 1000, health.last_slot_age].filter(isNumber);
  return ages.length ? Math.max(...ages) + since : null;
}

/** Seconds of silence that are usual: rows may pause, readings may be two slots old. */
const patience = () => (isRows() ? 300 : Math.max(120, 2.5 * (state.tiers?.slot_seconds ?? 600)));

/** Is what is shown current? `lost`: no answer; `none`: no reading ever; `old`: readings too old; null: all is well. */
export function staleness() {
  const since = (Date.now() - state.heard) / 1000;
  if (state.heard === 0) return state.fault ? { why: "lost", seconds: null } : null;
  if (state.fault && since > 30) return { why: "lost", seconds: since };
  const seconds = silence(state.health, since);
  if (seconds === null) return { why: "none", seconds: null };
  return seconds > patience() ? { why: "old", seconds } : null;
}
