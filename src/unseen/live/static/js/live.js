// Updates without a reload: a stream of slot events, and polling while there is none.

import { ask, json } from "./api.js";
import { useZone } from "./format.js";
import { isRows, state, tell } from "./state.js";

const POLL = 15000;
const SILENT = 60000;

let running = null;
let again = false;
let last = 0;

/** Tiers, or why there are none: a watch of rows has none, which is known only once its health is. */
const askTiers = () =>
  json("api/tiers").then(
    (tiers) => ({ tiers }),
    (fault) => ({ fault }),
  );

async function fetchAll() {
  const [health, open, told] = await Promise.all([
    json("api/health"),
    json("api/alarms?state=on&limit=200"),
    isRows() ? {} : askTiers(),
  ]);
  if (told.fault && health.kind !== "rows") throw told.fault;
  const tiers = health.kind === "rows" ? null : (told.tiers ?? (await json("api/tiers")));
  useZone(tiers?.zone ?? health.zone);
  tell({
    health,
    tiers,
    open,
    heard: Date.now(),
    fault: null,
    link: state.link === "lost" ? "polling" : state.link,
  });
}

async function once() {
  last = Date.now();
  try {
    await fetchAll();
  } catch (fault) {
    tell({ fault, ...(fault.status === 0 ? { link: "lost" } : {}) });
  }
}

/** Ask for everything anew; a wish during a refresh leads to one more, not to many. */
export function refresh() {
  if (running) {
    again = true;
    return running;
  }
  running = once().finally(() => {
    running = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return running;
}

/** Events of a stream as they come: the words after `event:` of each block that ends with an empty line. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value.replaceAll("\r", "");
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) yield /^event: ?(.*)$/m.exec(block)?.[1] ?? null;
  }
}

/** Listen until the stream ends or falls silent. */
async function listen() {
  const stop = new AbortController();
  let watch = setTimeout(() => stop.abort(), SILENT);
  try {
    const answer = await ask("api/events", { signal: stop.signal, headers: { Accept: "text/event-stream" } });
    tell({ link: "live" });
    await refresh();
    for await (const event of events(answer.body)) {
      clearTimeout(watch);
      watch = setTimeout(() => stop.abort(), SILENT);
      if (event !== null) refresh();
    }
  } finally {
    clearTimeout(watch);
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function keepListening() {
  for (let wait = 1000; ; wait = Math.min(2 * wait, 30000)) {
    const began = Date.now();
    try {
      await listen();
    } catch {
      refresh(); // is the server gone, or only the stream? polling goes on meanwhile
    }
    if (state.link === "live") tell({ link: "polling" });
    if (Date.now() - began > 30000) wait = 1000;
    await pause(wait);
  }
}

/** Begin; from then on the state renews itself. */
export async function start() {
  await refresh();
  keepListening();
  setInterval(() => {
    const due = state.link === "live" ? 2 * POLL : POLL;
    if (!document.hidden && Date.now() - last >= due) refresh();
  }, 1000);
  document.addEventListener("visibilitychange", () => !document.hidden && refresh());
  addEventListener("online", refresh);
}
