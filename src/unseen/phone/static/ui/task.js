// The picture at hand, from its choice to what the engine said of it. It lives in memory only.

import { remember } from "./history.js";
import { chosenRecord, isDetector, manifest, sourceName, state, tell } from "./state.js";

let current = 0; // counts the questions to the engine; an answer to an older one is dropped

/** Go to a view; where one is already, the news alone are told. */
function go(hash) {
  if (location.hash !== hash) location.hash = hash;
}

/** Start with a file: a photograph of a film gets its corners marked first, anything else is screened. */
export async function begin(file, photo) {
  tell({ task: { file, photo, corners: null, turn: 0, invert: false, picture: null }, reading: null });
  if (photo && !isDetector()) return mark();
  return screen();
}

/** Read the photograph at hand, then have its corners marked. */
async function mark() {
  const mine = ++current;
  go("#/result");
  const { file } = state.task;
  const { picture } = await state.app.read(file, true);
  if (mine !== current) return undefined;
  if (!picture) return screen(); // refused: the result says why
  state.task = { ...state.task, photo: true, picture };
  location.replace("#/corners"); // the back button leads to the start, not to the waiting
  return undefined;
}

/** Ask the engine about the picture at hand, with changes: corners, a turn, black and white exchanged. */
export async function screen(changes = {}) {
  const mine = ++current;
  tell({ task: { ...state.task, ...changes }, reading: null });
  go("#/result");
  const { task } = state;
  try {
    const result = await state.app.screen(task, isDetector() ? null : chosenRecord());
    if (mine !== current) return;
    if (result.picture?.photograph && !task.photo && !isDetector()) return void mark();
    await finish(result, mine);
  } catch (error) {
    if (mine === current) tell({ fault: error });
  }
}

async function finish(result, mine) {
  const told = {
    ...result,
    at: new Date().toISOString(),
    version: manifest().id,
    source: sourceName(),
    note: "",
  };
  told.entry = await remember(told);
  if (mine === current) tell({ reading: told });
}

/** Forget the picture. */
export function drop() {
  current++;
  tell({ task: null, reading: null });
}
