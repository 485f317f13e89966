// What the page knows, and who wants to hear of changes.

import { at } from "./format.js";

export const state = {
  tiers: null, // the answer of /api/tiers
  health: null, // the answer of /api/health
  open: null, // open alarms: the answer of /api/alarms?state=open
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
export const isRows = () => state.health?.kind === "rows";

/** The clock of the feed now: the server's, going on since it was heard. */
export function feedNow() {
  const said = at(state.health?.now);
  return Number.isFinite(said) ? said + (Date.now() - state.heard) : Date.now();
}

/** Is what is shown current? `lost`: no answer; `none`: no reading ever; `old`: readings too old; null: all is well. */
export function staleness() {
  const silent = (Date.now() - state.heard) / 1000;
  if (state.heard === 0) return state.fault ? { why: "lost", seconds: null } : null;
  if (state.fault && silent > 30) return { why: "lost", seconds: silent };
  const health = state.health;
  if (!health) return null;
  if (!health.last_reading && !isNumberLike(health.stale_seconds)) return { why: "none", seconds: null };
  const seconds = isNumberLike(health.stale_seconds) ? health.stale_seconds + silent : (feedNow() - at(health.last_reading)) / 1000;
  return health.stale || seconds > 2.5 * (health.slot_seconds ?? 600) ? { why: "old", seconds } : null;
}

const isNumberLike = (value) => typeof value === "number" && Number.isFinite(value);
