// Past results on this device: outcome, time, version, source, note. Never a picture, never the name of a file.

const NAME = "unseen-history";
const STORE = "results";
const FIELDS = ["at", "outcome", "reason", "version", "source", "note"];

let lasting = true; // false where the browser keeps nothing
let opening = null;
const memory = new Map(); // what a browser that keeps nothing has until the page is closed
let next = 1;

function open() {
  opening ??= new Promise((resolve) => {
    const none = () => resolve((lasting = false) || null);
    let request;
    try {
      request = indexedDB.open(NAME, 1);
    } catch {
      return none();
    }
    request.onupgradeneeded = () =>
      request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = none;
    request.onblocked = none;
    return undefined;
  });
  return opening;
}

/** Run one request on the store, or `instead` where there is none. */
async function ask(mode, act, instead) {
  const base = await open();
  if (!base) return instead();
  return new Promise((resolve, reject) => {
    const request = act(base.transaction(STORE, mode).objectStore(STORE));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }).catch(() => {
    lasting = false;
    return instead();
  });
}

/** Does the browser keep the history after the page is closed? */
export async function isLasting() {
  await open();
  return lasting;
}

/** Keep what may be kept of a result; returns its number. */
export function remember(reading) {
  const { outcome, reason, version, source, at } = reading;
  const entry = { at, outcome, reason: reason ?? null, version, source: source ?? null, note: "" };
  return ask(
    "readwrite",
    (store) => store.add(entry),
    () => {
      memory.set(next, { ...entry, id: next });
      return next++;
    },
  );
}

/** All results, the newest first. */
export async function all() {
  const found = await ask(
    "readonly",
    (store) => store.getAll(),
    () => [...memory.values()],
  );
  return found.sort((a, b) => b.id - a.id);
}

/** Write the user's note to a result. */
export async function annotate(id, note) {
  const entry = await ask(
    "readonly",
    (store) => store.get(id),
    () => memory.get(id),
  );
  if (!entry) return;
  const changed = { ...entry, note };
  await ask(
    "readwrite",
    (store) => store.put(changed),
    () => memory.set(id, changed),
  );
}

export const remove = (id) =>
  ask(
    "readwrite",
    (store) => store.delete(id),
    () => memory.delete(id),
  );
export const clear = () =>
  ask(
    "readwrite",
    (store) => store.clear(),
    () => memory.clear(),
  );

/** A cell that spreadsheets read as text: no formula, quotes doubled. */
function cell(value) {
  const text = String(value ?? "");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Results as CSV with a header line. */
export const asCsv = (entries) =>
  [FIELDS, ...entries.map((entry) => FIELDS.map((field) => entry[field]))]
    .map((row) => row.map(cell).join(","))
    .join("\r\n") + "\r\n";

/** Results as JSON. */
export const asJson = (entries) =>
  JSON.stringify(
    entries.map((entry) => Object.fromEntries(FIELDS.map((field) => [field, entry[field]]))),
    null,
    2,
  ) + "\n";
