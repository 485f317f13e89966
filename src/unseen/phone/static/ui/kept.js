// Small choices of the user, kept by the browser; where it keeps nothing, they last until the page is closed.

const PREFIX = "unseen.";
const memory = new Map();

/** The kept text of a name, or null. */
export function kept(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

/** Keep a text under a name; null forgets it. */
export function keep(name, text) {
  if (text === null) memory.delete(name);
  else memory.set(name, text);
  try {
    if (text === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, text);
  } catch {
    // private windows and full disks: memory has it
  }
}
