// Alarms as a table: what was said, what came of it, who has seen it. Columns nobody fills are left out.

import { h } from "../dom.js";
import { at, chance, isNumber, number, when } from "../format.js";
import { streetLink } from "../route.js";
import { feedNow, isRows } from "../state.js";
import { mark, tierOf } from "../tiers.js";
import { t } from "../words.js";
import { acknowledge } from "./acknowledge.js";

const OUTCOMES = { true: "came", false: "didNot", unknown: "never" };

const local = (iso) => when(at(iso), feedNow());

export const nameOf = (alarm) => String(alarm.name ?? alarm.sensor ?? alarm.id);

function where(alarm) {
  const tier = tierOf(alarm);
  const name =
    isRows() || alarm.sensor === undefined
      ? nameOf(alarm)
      : h("a", { href: streetLink(alarm.sensor), "data-key": `name ${alarm.id}` }, nameOf(alarm));
  const said = h(
    "span",
    { class: `tier ${tier}` },
    mark(tier),
    h("span", { class: "hidden-words" }, t(tier), ": "),
  );
  return h("th", { class: "where", scope: "row" }, h("div", {}, said, h("span", {}, name)));
}

function range(alarm) {
  if (!isNumber(alarm.forecast)) return null;
  const between =
    isNumber(alarm.low) && isNumber(alarm.high)
      ? h("span", { class: "small" }, `${number(alarm.low)} – ${number(alarm.high)}`)
      : null;
  return [number(alarm.forecast), between];
}

function status(alarm) {
  const words = [alarm.cleared ? t("cleared", { time: local(alarm.cleared) }) : t("onNow")];
  if (alarm.acknowledged)
    words.push(
      h(
        "span",
        { class: "small" },
        t("acknowledgedBy", { by: alarm.acknowledged_by ?? "–", time: local(alarm.acknowledged) }),
      ),
    );
  if (alarm.note) words.push(h("span", { class: "small" }, `“${alarm.note}”`));
  return words;
}

/** What came of it; of an alarm whose target lies ahead nothing is known yet. */
function outcome(alarm) {
  if (alarm.outcome === null || alarm.outcome === undefined) return t("unknown");
  return t(OUTCOMES[String(alarm.outcome)] ?? "unknown");
}

const COLUMNS = [
  { name: "issued", look: "short", cell: (alarm) => local(alarm.issued), used: (alarm) => alarm.issued },
  {
    name: "target",
    look: "short",
    cell: (alarm) => local(alarm.target),
    used: (alarm) => !isRows() && alarm.target,
  },
  {
    name: "chance",
    number: true,
    cell: (alarm) => chance(alarm.p),
    used: (alarm) => !isRows() && isNumber(alarm.p),
  },
  { name: "expected", number: true, cell: range, used: (alarm) => isNumber(alarm.forecast) },
  {
    name: "limit",
    number: true,
    cell: (alarm) => number(alarm.threshold),
    used: (alarm) => !isRows() && isNumber(alarm.threshold),
  },
  {
    name: "p",
    number: true,
    cell: (alarm) => number(alarm.p),
    used: (alarm) => isRows() && isNumber(alarm.p),
  },
  { name: "why", look: "why", cell: (alarm) => alarm.why, used: (alarm) => alarm.why },
  { name: "status", cell: status, used: () => true },
  { name: "outcome", look: "short", cell: outcome, used: (alarm) => "outcome" in alarm },
];

/** A table of alarms; `done` is called after one was acknowledged. */
export function alarmTable(list, done) {
  const shown = COLUMNS.filter((column) => list.some(column.used));
  const button = (alarm) =>
    h(
      "button",
      {
        class: "button small",
        type: "button",
        "data-key": `ack ${alarm.id}`,
        "aria-label": t("acknowledgeOf", { name: nameOf(alarm) }),
        onclick: () => acknowledge(alarm, done),
      },
      t("acknowledge"),
    );
  const look = (column) => [column.look, column.number ? "number" : null].filter(Boolean).join(" ") || null;
  const line = (alarm) =>
    h(
      "tr",
      { class: alarm.cleared ? null : "open", "data-alarm": alarm.id },
      where(alarm),
      shown.map((column) =>
        h("td", { class: look(column), "data-label": t(column.name) }, h("div", {}, column.cell(alarm))),
      ),
      h("td", { class: "act" }, alarm.acknowledged ? null : button(alarm)),
    );
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, t(isRows() ? "what" : "street")),
    shown.map((column) => h("th", { scope: "col", class: column.number ? "number" : null }, t(column.name))),
    h("th", {}, h("span", { class: "hidden-words" }, t("acknowledge"))),
  );
  return h(
    "div",
    { class: "scroll" },
    h("table", { class: "alarms" }, h("thead", {}, head), h("tbody", {}, list.map(line))),
  );
}
