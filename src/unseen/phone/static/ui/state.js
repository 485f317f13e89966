// What the app knows, and who wants to hear of changes.

import { keep, kept } from "./kept.js";

export const state = {
  app: null, // the engine: {manifest, screen, look, ...}
  fault: null, // why nothing can be screened: a code of fault.*
  task: null, // the picture at hand: {file, photo, corners, turn, invert, source, preview}
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

/** The name of the chosen record, or null: one that the model does not have counts as none. */
export function source() {
  const name = kept("source");
  return records().some((record) => record.source === name) ? name : null;
}

export const choose = (name) => keep("source", name || null);

/** The key of the finding's name in the language files, or its own word. */
export const findingLabel = () => manifest()?.labels?.[1] ?? "finding";
