// One street: words, chart, table, alarms.

import { json } from "../api.js";
import { alarmTable } from "../alarms/rows.js";
import { h, renew, s } from "../dom.js";
import { at } from "../format.js";
import { feedNow, sensors, state, unit } from "../state.js";
import { mark, tierOf, valuesOf, wordsOf } from "../tiers.js";
import { t } from "../words.js";
import { chart } from "./chart.js";
import { reading, tableOf } from "./reading.js";
import { rowsOf } from "./series.js";

const KEYS = [
  ["keyPast", "past"],
  ["keyForecast", "mean"],
  ["key50", "band50"],
  ["key90", "band90"],
  ["keyWeek", "week"],
  ["keyYellow", "limit yellow"],
  ["keyRed", "limit red"],
  ["keyAlarm", "alarm"],
  ["keyGap", "gap"],
];

const HOUR = 3600000;
const SPANS = [24, 12, 6]; // hours before now that the chart shows
let span = SPANS[0];

const isArea = (look) => /band|alarm|gap/.test(look);

function keys() {
  const sample = (look) =>
    isArea(look)
      ? s("rect", { class: look, width: 26, height: 12 })
      : s("path", { class: look, d: "M0 6H26" });
  return h(
    "ul",
    { class: "keys plot", "aria-hidden": "true" },
    KEYS.map(([name, look]) => h("li", {}, s("svg", { viewBox: "0 0 26 12" }, sample(look)), t(name))),
  );
}

export function streetView(main, id) {
  const title = h("h1", { class: "title" });
  const words = h("p", { class: "say" });
  const values = h("div", { class: "muted" });
  const fault = h("div", {}, h("p", { class: "quiet" }, t("loading")));
  const out = h("div", { class: "reading" });
  const plot = h("div", { class: "plot" });
  const spans = h("div", { class: "spans", role: "group", "aria-label": t("shownSpan") });
  const table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("asTable") });
  const details = h("details", { ontoggle: () => renewTable() }, h("summary", {}, t("asTable")), table);
  const card = h(
    "section",
    { class: "chart-card", "aria-label": t("chart") },
    h("div", { class: "chart-head" }, out, spans),
    plot,
    keys(),
    details,
  );
  const alarms = h("section");
  const placed = sensors().some((sensor) => sensor.lon !== null);
  let street = null;
  let rows = [];
  let reader = null;
  let closed = false;
  let known = true; // is there such a street

  main.replaceChildren(
    h(
      "div",
      { class: "page street" },
      h("a", { class: "back", href: "#/map" }, "← ", t(placed ? "back" : "backList")),
      title,
      words,
      values,
      fault,
      card,
      alarms,
    ),
  );
  card.hidden = true;

  const own = () => sensors().find((sensor) => String(sensor.id) === id);

  function renewHead() {
    const sensor = own();
    title.textContent = street?.name ?? sensor?.name ?? id;
    if (!sensor) return;
    const tier = tierOf(sensor);
    words.replaceChildren(mark(tier), h("span", { class: `tier ${tier}` }, wordsOf(sensor, feedNow())));
    values.textContent = valuesOf(sensor, unit());
  }

  function draw() {
    if (!rows.length || !plot.clientWidth) return;
    const width = plot.clientWidth;
    const now = at(state.tiers?.issued) || feedNow();
    const shown = rows.filter((row) => row.t >= now - span * HOUR);
    if (!shown.length) return;
    const picture = chart(street, shown, { width, height: width < 520 ? 260 : 360, now });
    plot.replaceChildren(picture.svg);
    reader ??= reading(plot, out, street.name);
    reader.draw({ ...picture, rows: shown, now });
  }

  function renewSpans() {
    const choose = (hours) => () => {
      span = hours;
      renewSpans();
      draw();
    };
    const button = (hours) =>
      h(
        "button",
        {
          type: "button",
          "data-key": `span ${hours}`,
          "aria-pressed": String(hours === span),
          onclick: choose(hours),
        },
        t("hours", { n: hours }),
      );
    renew(spans, SPANS.map(button));
  }

  function renewTable() {
    if (details.open) table.replaceChildren(tableOf(rows, feedNow()));
  }

  function renewAlarms() {
    const list = street.alarms ?? [];
    renew(alarms, list.length ? [h("h2", {}, t("alarmsHere")), alarmTable(list, load)] : []);
  }

  async function load() {
    try {
      street = await json(`api/street/${encodeURIComponent(id)}`);
    } catch (error) {
      known = error.status !== 404;
      if (!closed)
        fault.replaceChildren(
          h(
            "p",
            { class: "fault", role: "alert" },
            known ? t("failed", { text: error.message }) : t("noSuchStreet"),
          ),
        );
      return;
    }
    if (closed) return;
    rows = rowsOf(street);
    fault.replaceChildren(rows.length ? "" : h("p", { class: "quiet" }, t("noReadings")));
    card.hidden = !rows.length;
    renewHead();
    draw();
    renewTable();
    renewAlarms();
  }

  const watcher = new ResizeObserver(() => draw());
  watcher.observe(plot);
  renewHead();
  renewSpans();
  load();
  return {
    renew: (changes) => (known && changes.tiers ? load() : undefined),
    close() {
      closed = true;
      watcher.disconnect();
    },
  };
}
