// Reading the chart point by point: by hand, by finger, by keys.

import { h, s } from "../dom.js";
import { isNumber, number, when } from "../format.js";
import { knows, t } from "../words.js";

const stateWord = (state) => (knows(state) ? t(state) : state);
const range = (forecast, low, high) =>
  isNumber(forecast?.[low]) ? `${number(forecast[low])} – ${number(forecast[high])}` : null;

/** What a row says, as pairs of name and text. */
export function told(row, now) {
  const measured = isNumber(row.value)
    ? number(row.value)
    : row.state && row.state !== "ok"
      ? stateWord(row.state)
      : null;
  const pairs = [
    [t("time"), when(row.t, now)],
    [t("value"), measured],
    [t("forecast"), isNumber(row.forecast?.mean) ? number(row.forecast.mean) : null],
    ["50 %", range(row.forecast, "q25", "q75")],
    ["90 %", range(row.forecast, "q05", "q95")],
    [t("weekAgo"), isNumber(row.week) ? number(row.week) : null],
    [t("limits"), isNumber(row.red) ? `${number(row.yellow)} / ${number(row.red)}` : null],
  ];
  return pairs.filter(([, text]) => text !== null);
}

/** Make `plot` readable; `out` shows what is read. Returns {draw(picture)} to call after each drawing. */
export function reading(plot, out, name) {
  let picture = null;
  let place = null;
  const cursor = s("line", { class: "cursor" });
  const bead = s("circle", { class: "bead", r: 5 });

  function put(index) {
    place = Math.max(0, Math.min(picture.rows.length - 1, index));
    const row = picture.rows[place];
    const pairs = told(row, picture.now);
    out.replaceChildren(...pairs.map(([key, text]) => h("span", {}, `${key} `, h("b", {}, text))));
    plot.setAttribute("aria-valuenow", place);
    plot.setAttribute("aria-valuetext", pairs.map(([key, text]) => `${key} ${text}`).join(", "));
    const x = picture.x(row.t);
    for (const [key, value] of Object.entries({
      x1: x,
      x2: x,
      y1: picture.room.top,
      y2: picture.room.bottom,
    }))
      cursor.setAttribute(key, value);
    const height = row.value ?? row.forecast?.mean;
    bead.setAttribute("cx", x);
    bead.setAttribute("cy", isNumber(height) ? picture.y(height) : 0);
    bead.setAttribute("visibility", isNumber(height) ? "visible" : "hidden");
    picture.svg.append(cursor, bead);
  }

  const nearest = (x) =>
    picture.rows.reduce(
      (best, row, i) =>
        Math.abs(picture.x(row.t) - x) < Math.abs(picture.x(picture.rows[best].t) - x) ? i : best,
      0,
    );
  const follow = (event) => picture && put(nearest(event.clientX - plot.getBoundingClientRect().left));
  const steps = {
    ArrowLeft: () => place - 1,
    ArrowRight: () => place + 1,
    PageUp: () => place - 6,
    PageDown: () => place + 6,
    Home: () => 0,
    End: () => picture.rows.length - 1,
  };

  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", follow);
  plot.addEventListener("keydown", (event) => {
    if (!picture || !(event.key in steps)) return;
    event.preventDefault();
    put(steps[event.key]());
  });
  for (const [key, value] of Object.entries({
    tabindex: 0,
    role: "slider",
    "aria-label": t("chartLabel", { name }),
    "aria-valuemin": 0,
  }))
    plot.setAttribute(key, value);

  return {
    draw(next) {
      // the reading stays at its time when new slots shift the places
      const time = picture && place !== null ? picture.rows[place].t : null;
      picture = next;
      plot.setAttribute("aria-valuemax", picture.rows.length - 1);
      const kept = time === null ? -1 : picture.rows.findIndex((row) => row.t === time);
      const latest = picture.rows.findLastIndex((row) => isNumber(row.value));
      put(kept >= 0 ? kept : Math.max(latest, 0));
    },
  };
}

/** The same rows as a table. */
export function tableOf(rows, now) {
  const cell = (value) => h("td", { class: "number" }, number(value));
  const names = ["time", "value", "state", "forecast", "range90", "limitYellow", "limitRed", "weekAgo"];
  const line = (row) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, when(row.t, now)),
      cell(row.value),
      h("td", {}, row.state ? stateWord(row.state) : "–"),
      cell(row.forecast?.mean),
      h("td", { class: "number" }, range(row.forecast, "q05", "q95") ?? "–"),
      cell(row.yellow),
      cell(row.red),
      cell(row.week),
    );
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        names.map((name) =>
          h("th", { scope: "col", class: name === "time" || name === "state" ? null : "number" }, t(name)),
        ),
      ),
    ),
    h("tbody", {}, [...rows].reverse().map(line)),
  );
}
