// The picture of one street: measured, forecast with bands, limits, alarms, a week ago.

import { s } from "../dom.js";
import { at, clock, day, isNumber, number } from "../format.js";
import { unit } from "../state.js";
import { t } from "../words.js";
import { hours, scale, ticks } from "./axes.js";
import { gaps, runs, slotOf } from "./series.js";

const TOP = 22;
const BOTTOM = 34;

const path = (points) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** The drawing and what the reading needs: {svg, rows, x, y}. */
export function chart(street, rows, { width, height, now }) {
  const slot = slotOf(rows.filter((row) => row.state !== null).map((row) => row.t));
  const [from, to] = [rows[0].t, Math.max(rows.at(-1).t, now) + slot / 2];
  const values = rows
    .flatMap((row) => [row.value, row.week, row.forecast?.q95, row.forecast?.mean, row.red, row.yellow])
    .filter(isNumber);
  const steps = ticks(Math.max(...values, 1) * 1.04, height > 280 ? 6 : 4);
  const left = 12 + 7.2 * Math.max(...steps.map((step) => number(step).length));
  const room = { left, right: width - 8, top: TOP, bottom: height - BOTTOM };
  const x = scale(from, to, room.left, room.right);
  const y = scale(0, steps.at(-1), room.bottom, room.top);
  const draw = { x, y, slot, room, rows, from, to, now };
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
  svg.append(
    ...grid(draw, steps, width),
    ...voids(draw),
    ...alarms(street, draw),
    ...bands(draw),
    ...lines(draw),
    ...limits(draw),
    ...present(draw),
  );
  return { svg, x, y, room };
}

function grid({ x, y, room, from, to }, steps, width) {
  const rules = steps.map((step) => [
    s("line", { class: step ? "rule" : "base", x1: room.left, x2: room.right, y1: y(step), y2: y(step) }),
    s("text", { x: room.left - 7, y: y(step) + 4, "text-anchor": "end" }, number(step)),
  ]);
  const every = width > 700 ? 3 : width > 420 ? 4 : 6;
  const marks = hours(from, to, every).map(({ time, hour }) => {
    const name = s("text", { x: x(time), y: room.bottom + 16, "text-anchor": "middle" }, clock(time));
    const date =
      hour === 0 ? s("text", { x: x(time), y: room.bottom + 30, "text-anchor": "middle" }, day(time)) : null;
    return [
      s("line", { class: "rule", x1: x(time), x2: x(time), y1: room.top, y2: room.bottom }),
      x(time) < room.right - 12 ? [name, date].filter(Boolean) : [],
    ];
  });
  const name = unit()
    ? s(
        "text",
        { x: room.left - 7, y: room.top - 9, "text-anchor": room.left > 56 ? "end" : "middle" },
        unit(),
      )
    : null;
  return [...rules.flat(), ...marks.flat(2), name].filter(Boolean);
}

const voids = ({ x, room, rows, slot, now }) =>
  gaps(rows, slot, now).map(([from, to]) =>
    s("rect", {
      class: "gap",
      x: x(from),
      width: Math.max(1, x(to) - x(from)),
      y: room.top,
      height: room.bottom - room.top,
    }),
  );

/** Spans in which an alarm was on; one that is on reaches to the right end. */
function alarms(street, { x, room, from, to }) {
  return (street.alarms ?? []).flatMap((alarm) => {
    const start = Math.max(at(alarm.raised ?? alarm.issued), from);
    const end = Math.min(alarm.cleared ? at(alarm.cleared) : to, to);
    if (!(end > start)) return [];
    const span = { x: x(start), width: Math.max(2, x(end) - x(start)) };
    return [
      s("rect", { class: "alarm", ...span, y: room.top, height: room.bottom - room.top }),
      s("rect", { class: "alarm-bar", ...span, y: room.top - 4, height: 4 }),
    ];
  });
}

function bands({ x, y, rows, slot }) {
  const band = (low, high, name) =>
    runs(rows, (row) => row.forecast?.[low], slot)
      .filter((run) => run.length > 1)
      .map((run) => {
        const up = run.map((row) => [x(row.t), y(row.forecast[high])]);
        const down = run.map((row) => [x(row.t), y(row.forecast[low])]).reverse();
        return s("path", { class: name, d: `${path([...up, ...down])}Z` });
      });
  return [
    ...band("q05", "q95", "band90"),
    ...band("q25", "q75", "band50"),
    ...whiskers({ x, y, rows, slot }),
  ];
}

/** A forecast that stands alone has no band to be part of: bars instead. */
function whiskers({ x, y, rows, slot }) {
  const alone = runs(rows, (row) => row.forecast?.q05, slot)
    .filter((run) => run.length === 1)
    .flat();
  const bar = (name, row, low, high, half) =>
    s("rect", {
      class: name,
      x: x(row.t) - half,
      width: 2 * half,
      y: y(row.forecast[high]),
      height: Math.max(0, y(row.forecast[low]) - y(row.forecast[high])),
    });
  return alone.flatMap((row) => [bar("band90", row, "q05", "q95", 5), bar("band50", row, "q25", "q75", 5)]);
}

function lines({ x, y, rows, slot }) {
  const line = (get, name) =>
    runs(rows, get, slot).map((run) =>
      run.length > 1
        ? s("path", { class: name, d: path(run.map((row) => [x(row.t), y(get(row))])) })
        : s("circle", { class: name === "past" ? "lone" : name, cx: x(run[0].t), cy: y(get(run[0])), r: 2 }),
    );
  return [
    ...line((row) => row.week, "week"),
    ...line((row) => row.forecast?.mean, "mean"),
    ...line((row) => row.value, "past"),
  ];
}

/** Limits hold for a whole slot: steps. Their names stand at the left end, one above the other where they meet. */
function limits({ x, y, rows, slot, room }) {
  const found = [];
  for (const name of ["yellow", "red"]) {
    for (const run of runs(rows, (row) => row[name], slot)) {
      const steps = run
        .flatMap((row) => [
          [x(row.t - slot / 2), y(row[name])],
          [x(row.t + slot / 2), y(row[name])],
        ])
        .map(([px, py]) => [Math.max(room.left, Math.min(room.right, px)), py]);
      found.push(s("path", { class: `limit ${name}`, d: path(steps) }));
    }
    const first = rows.find((row) => isNumber(row[name]));
    if (first)
      found.push(
        s("text", { class: `limit-name ${name}`, x: room.left + 6, y: y(first[name]) - 5 }, t(name)),
      );
  }
  return found;
}

function present({ x, room, now, to }) {
  if (!(now <= to)) return [];
  return [
    s("line", { class: "now", x1: x(now), x2: x(now), y1: room.top, y2: room.bottom }),
    s("text", { class: "now-name", x: x(now), y: room.top - 8, "text-anchor": "end" }, t("nowMark")),
  ];
}
