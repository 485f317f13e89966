// What the app knows, and who wants to hear of changes.

import { keep, kept } from "./kept.js";

export const state = {
  app: null, // the engine: {manifest, read, screen}
  fault: null, // why nothing can be screened: an AppFault
  task: null, // the picture at hand: {file, photo, corners, turn, invert, picture}
  reading: null, // what the engine said of it
  update: false, // a new version waits for the next start
  cached: false, // everything is here for use without a network
  install: null, // the browser's offer to install
};

const listeners = new Set();

/** Hear of changes; returns the way to stop. */
export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Change the state and tell everybody. */
export function tell(changes) {
  Object.assign(state, changes);
  for (const listener of [...listeners]) listener(changes);
}

export const manifest = () => state.app?.manifest ?? null;
export const isDetector = () => manifest()?.kind === "detector";
export const records = () => manifest()?.records ?? [];

/** What tells records apart: one place may have a record for films and one for photographs. */
export const keyOf = (record) => (record.photo ? `${record.source} (photo)` : record.source);

/** The chosen record, or null: one that this model does not have counts as none. */
export function chosenRecord() {
  const key = kept("source");
  return records().find((record) => keyOf(record) === key) ?? null;
}

export const sourceName = () => chosenRecord()?.source ?? null;
export const choose = (key) => keep("source", key || null);

/** The key of the finding's name in the language files, or its own word. */
export const findingLabel = () => manifest()?.labels?.[1] ?? "finding";
