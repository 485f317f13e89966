// Is the feed well: polls, ages, states, clock, errors. What has no card of its own is listed at the end.

import { h, renew } from "./dom.js";
import { age, at, isNumber, when, zoneName } from "./format.js";
import { table, tablesOf, words } from "./plain.js";
import { feedNow, isRows, staleness, state } from "./state.js";
import { t } from "./words.js";

const SHOWN = ["kind", "name", "now", "zone", "slot_seconds", "horizon_seconds", "issued", "last_poll", "last_reading", "stale", "stale_seconds", "sensors", "with_data", "share_with_data", "states", "clock_offset_seconds", "slot_latency_seconds", "errors", "open_alarms", "model"];
const OFF = 120; // seconds of clock offset that are worth a warning

const card = (title, value, note, bad = false) => h("div", { class: bad ? "card bad" : "card" }, h("h2", {}, title), h("div", { class: "value" }, value), h("div", { class: "note" }, note));

function ago(iso, poll) {
  const ms = at(iso);
  if (!Number.isFinite(ms)) return [t("unknownYet"), ""];
  const late = Math.max(0, (feedNow() - ms) / 1000);
  return [t("ago", { age: age(poll ? Math.round(late) : late) }), when(ms, feedNow())];
}

function share(health) {
  const part = health.share_with_data ?? (health.sensors ? health.with_data / health.sensors : null);
  if (!isNumber(part)) return null;
  const bar = h("i");
  bar.style.width = `${100 * part}%`;
  const counted = isNumber(health.with_data) ? t("ofN", { k: health.with_data.toLocaleString(), n: health.sensors.toLocaleString() }) : "";
  // cut, not rounded: 100 % is said of all only
  const box = card(t("withData"), `${Math.floor(1000 * part) / 10} %`, counted, part < 0.8);
  box.insertBefore(h("div", { class: "share", "aria-hidden": "true" }, bar), box.lastChild);
  return box;
}

function cards(health) {
  const latency = isNumber(health.slot_latency_seconds) ? { last: health.slot_latency_seconds } : health.slot_latency_seconds;
  const offset = health.clock_offset_seconds;
  const off = isNumber(offset) && Math.abs(offset) > OFF;
  return [
    card(t("lastPoll"), ...ago(health.last_poll, true)),
    card(t("lastReading"), ...ago(health.last_reading, true), staleness() !== null),
    share(health),
    isNumber(offset) ? card(t("clock"), age(offset), off ? t("clockOff", { age: age(offset) }) : t("clockGood"), off) : null,
    isNumber(latency?.last) ? card(t("latency"), age(latency.last), isNumber(latency.worst) ? t("worst", { age: age(latency.worst) }) : "") : null,
    isNumber(health.slot_seconds) && !isRows() ? card(t("slots"), t("everyAge", { age: age(health.slot_seconds) }), t("slotsNote", { age: age(state.tiers?.horizon_seconds ?? health.horizon_seconds ?? 1800), zone: zoneName() })) : null,
    health.model ? card(t("model"), typeof health.model === "string" ? health.model : health.model.id ?? health.model.name ?? "–", "") : null,
  ];
}

function errors(list) {
  if (!list?.length) return h("section", {}, h("h2", {}, t("errors")), h("div", { class: "card" }, h("strong", {}, t("noErrors")), h("div", { class: "note" }, t("noErrorsNote"))));
  const rows = list.map((error) => (typeof error === "string" ? [null, error, null] : [error.time ?? null, error.text ?? JSON.stringify(error), error.count ?? 1]));
  return table({ title: t("errors"), columns: ["last", "text", "times"], rows });
}

function states(health) {
  const entries = Object.entries(health.states ?? {});
  const all = entries.reduce((sum, [, n]) => sum + n, 0);
  if (!all) return null;
  return table({ title: t("states"), columns: ["state", "count", "share"], rows: entries.map(([name, n]) => [words(name), n, `${(100 * n / all).toFixed(1)} %`]) });
}

export function healthView(main) {
  const body = h("div");
  main.replaceChildren(h("div", { class: "page" }, h("h1", {}, t("health")), body));

  function show() {
    const health = state.health;
    if (!health) return renew(body, h("p", { class: "fault" }, t("failed", { text: state.fault?.message ?? "" })));
    const rest = Object.fromEntries(Object.entries(health).filter(([key, value]) => !SHOWN.includes(key) && value !== null));
    return renew(body, h("div", { class: "cards" }, cards(health).filter(Boolean)), errors(health.errors), states(health), tablesOf(rest, t("rest")).map(table));
  }

  show();
  const timer = setInterval(show, 5000);
  return { renew: (changes) => (changes.health || changes.fault ? show() : undefined), close: () => clearInterval(timer) };
}
