// How good the forecasts and alarms have been. What is not known here by name is shown as it came.

import { json } from "./api.js";
import { h, renew } from "./dom.js";
import { isNumber, number, portion } from "./format.js";
import { table, tablesOf } from "./plain.js";
import { t } from "./words.js";

// key of the answer -> text, how it is written, and whether it stands in the table of days
const MEASURES = [
  ["false_alarms_per_sensor_day", "falseAlarms", number, true],
  ["recall", "recall", portion, true],
  ["precision", "precision", portion, true],
  ["onset_recall", "onsetRecall", portion, true],
  ["base_rate", "baseRate", portion, false],
  ["coverage", "coverage", portion, true],
  ["mae", "mae", number, true],
  ["mae_beside", "maeBeside", number, false],
  ["mae_persistence", "maePersistence", number, true],
  ["with_data", "hasData", portion, true],
  ["sensor_days", "sensorDays", number, false],
];
const KNOWN = new Set([...MEASURES.map(([key]) => key), "days", "slots", "by_day"]);

function overall(told) {
  const found = MEASURES.filter(([key]) => isNumber(told[key]));
  const rows = found.map(([key, name, write]) => [t(name), write(told[key]), t(`${name}Is`)]);
  const note = isNumber(told.days) ? t("lastDays", { n: told.days, slots: number(told.slots) }) : null;
  return { note, columns: ["measure", "amount", "is"], rows, right: [1] };
}

function byDay(days) {
  const found = MEASURES.filter(([key, , , daily]) => daily && days.some((day) => isNumber(day[key])));
  const rows = [...days].reverse().map((day) => [day.day, ...found.map(([key, , write]) => write(day[key]))]);
  return {
    title: "byDay",
    columns: ["dayName", ...found.map(([, name]) => name)],
    rows,
    right: found.map((_, i) => i + 1),
  };
}

function tables(told) {
  if (told.slots === 0) return [];
  const first = overall(told);
  const rest = Object.fromEntries(Object.entries(told).filter(([key]) => !KNOWN.has(key)));
  const days = (told.by_day ?? []).filter((day) => MEASURES.some(([key]) => isNumber(day[key])));
  return [
    ...(first.rows.length ? [first] : []),
    ...(days.length ? [byDay(days)] : []),
    ...tablesOf(rest, t("rest")),
  ];
}

export function scoresView(main) {
  const body = h("div");
  let closed = false;
  main.replaceChildren(h("div", { class: "page" }, h("h1", {}, t("scores")), body));

  async function load() {
    try {
      const found = tables(await json("api/scores"));
      const none = h("div", { class: "quiet" }, h("strong", {}, t("noScores")), t("noScoresNote"));
      if (!closed) renew(body, found.length ? found.map(table) : none);
    } catch (error) {
      if (!closed)
        renew(body, h("p", { class: "fault", role: "alert" }, t("failed", { text: error.message })));
    }
  }

  load();
  return { renew: (changes) => (changes.tiers ? load() : undefined), close: () => (closed = true) };
}
