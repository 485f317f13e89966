// The picture at hand, from its choice to what the engine said of it. It lives in memory only.

import { remember } from "./history.js";
import { isDetector, manifest, source, state, tell } from "./state.js";

let current = 0; // counts the questions to the engine; an answer to an older one is dropped

/** Go to a view; the same address again is told too. */
function go(hash) {
  if (location.hash === hash) tell({});
  else location.hash = hash;
}

/** Start with a file: a photograph gets its corners marked first, any other is screened. */
export async function begin(file, photo) {
  const mine = ++current;
  tell({ task: { file, photo, corners: null, turn: 0, invert: false, preview: null }, reading: null });
  go("#/result");
  const seen = await state.app.look(file, { photo }).catch((error) => ({ error }));
  if (mine !== current) return;
  if (seen.error) return void settle(seen.error);
  const task = { ...state.task, photo: photo || seen.photo, preview: seen.preview };
  state.task = task;
  if (task.photo && !seen.reading && !isDetector()) return void go("#/corners");
  await screen();
}

/** Ask the engine about the picture at hand, with changes: corners, a turn, black and white exchanged. */
export async function screen(changes = {}) {
  const mine = ++current;
  tell({ task: { ...state.task, ...changes }, reading: null });
  go("#/result");
  const { file, photo, corners, turn, invert } = state.task;
  const options = { photo, corners, turn, invert, source: source() };
  const reading = await state.app.screen(file, options).catch((error) => ({ error }));
  if (mine !== current) return;
  if (reading.error) return void settle(reading.error);
  await finish(reading);
}

async function finish(reading) {
  const told = { ...reading, at: new Date().toISOString(), version: manifest().id, source: source() };
  told.entry = await remember(told);
  tell({ reading: told });
}

/** The engine failed, not the picture: nothing can be screened until a new start. */
const settle = (error) => tell({ fault: error.code ?? "unknown" });

/** Forget the picture. */
export function drop() {
  current++;
  state.app?.forget?.();
  tell({ task: null, reading: null });
}
