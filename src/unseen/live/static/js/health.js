// Is the feed well: polls, ages, states, clock, troubles. What has no card of its own is listed at the end.

import { h, renew } from "./dom.js";
import { age, at, isNumber, number, when, zoneName } from "./format.js";
import { table, tablesOf, words } from "./plain.js";
import { feedNow, isRows, staleness, state } from "./state.js";
import { t } from "./words.js";

const CARDED = new Set([
  "kind",
  "name",
  "now",
  "zone",
  "slot_seconds",
  "last_poll",
  "last_poll_age",
  "last_poll_result",
  "newest_stamp",
  "last_slot",
  "last_slot_age",
  "slot_closed",
  "slot_seconds_taken",
  "latency",
  "sensors",
  "with_data",
  "states",
  "clock_offset",
  "errors",
  "recent",
  "model",
  "stopped",
  "tiers",
]);
const OFF = 120; // seconds of clock offset that are worth a warning
const FEW = 0.8; // share of sensors with data below which the card is loud

const card = (title, value, note, bad = false) =>
  h(
    "div",
    { class: bad ? "card bad" : "card" },
    h("h2", {}, title),
    h("div", { class: "value" }, value),
    h("div", { class: "note" }, note),
  );

/** "38 s ago" and the local time. */
function ago(iso) {
  const ms = at(iso);
  if (!Number.isFinite(ms)) return [t("unknownYet"), ""];
  return [t("ago", { age: age(Math.max(0, Math.round((feedNow() - ms) / 1000))) }), when(ms, feedNow())];
}

function poll(health) {
  const [value, time] = ago(health.last_poll);
  const result = health.last_poll_result;
  const bad = Boolean(result) && result !== "ok";
  return card(t("lastPoll"), value, bad ? t("result", { text: result }) : time, bad);
}

function share({ with_data: part, sensors }) {
  if (!isNumber(part) || !sensors) return null;
  const bar = h("i");
  bar.style.width = `${100 * part}%`;
  const counted = t("ofN", { k: number(Math.round(part * sensors)), n: number(sensors) });
  // cut, not rounded: 100 % is said of all only
  const box = card(t("withData"), `${Math.floor(1000 * part + 1e-6) / 10} %`, counted, part < FEW);
  box.insertBefore(h("div", { class: "share", "aria-hidden": "true" }, bar), box.lastChild);
  return box;
}

function clock(offset) {
  if (!isNumber(offset)) return null;
  const off = Math.abs(offset) > OFF;
  return card(t("clock"), age(offset), off ? t("clockOff", { age: age(offset) }) : t("clockGood"), off);
}

function work({ slot_seconds_taken: taken, latency }) {
  if (!isNumber(taken)) return null;
  const notes = [
    isNumber(latency?.p99) ? t("of99", { age: age(latency.p99) }) : null,
    isNumber(latency?.largest) ? t("worst", { age: age(latency.largest) }) : null,
  ];
  return card(t("latency"), age(taken), notes.filter(Boolean).join(", "));
}

function slots() {
  if (isRows() || !state.tiers) return null;
  const note = t("slotsNote", { age: age(state.tiers.horizon_seconds), zone: zoneName() });
  return card(t("slots"), t("everyAge", { age: age(state.tiers.slot_seconds) }), note);
}

function cards(health) {
  return [
    health.stopped ? card(t("stopped"), ...ago(health.stopped), true) : null,
    poll(health),
    card(t("lastReading"), ...ago(health.newest_stamp), staleness() !== null),
    share(health),
    clock(health.clock_offset),
    work(health),
    slots(),
    health.model ? card(t("model"), String(health.model), "") : null,
  ].filter(Boolean);
}

function errors(counted) {
  const kinds = Object.entries(counted ?? {});
  const good = h(
    "div",
    { class: "card" },
    h("strong", {}, t("noErrors")),
    h("div", { class: "note" }, t("noErrorsNote")),
  );
  if (!kinds.length) return h("section", {}, h("h2", {}, t("errors")), good);
  return table({
    title: "errors",
    columns: ["kind", "times"],
    rows: kinds.map(([kind, times]) => [words(kind), times]),
  });
}

function log(recent) {
  if (!recent?.length) return null;
  const rows = recent.map((one) => [one.time, words(one.kind), one.detail, one.count]);
  return table({ title: "recent", columns: ["time", "kind", "detail", "times"], rows });
}

function states(counted) {
  const entries = Object.entries(counted ?? {});
  const all = entries.reduce((sum, [, n]) => sum + n, 0);
  if (!all) return null;
  const rows = entries
    .filter(([, n]) => n)
    .map(([name, n]) => [words(name), n, `${((100 * n) / all).toFixed(1)} %`]);
  return table({ title: "states", columns: ["state", "count", "share"], rows, right: [1, 2] });
}

export function healthView(main) {
  const body = h("div");
  main.replaceChildren(h("div", { class: "page" }, h("h1", {}, t("health")), body));

  function show() {
    const { health } = state;
    if (!health)
      return renew(body, h("p", { class: "fault" }, t("failed", { text: state.fault?.message ?? "" })));
    const rest = Object.entries(health).filter(
      ([key, value]) => !CARDED.has(key) && value !== null && value !== "",
    );
    const more = tablesOf(Object.fromEntries(rest), t("rest")).map(table);
    return renew(
      body,
      h("div", { class: "cards" }, cards(health)),
      health.last_poll ? errors(health.errors) : null,
      log(health.recent),
      states(health.states),
      more,
    );
  }

  show();
  const timer = setInterval(show, 5000);
  return {
    renew: (changes) => (changes.health || changes.fault ? show() : undefined),
    close: () => clearInterval(timer),
  };
}
