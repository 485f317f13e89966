// The five states of a street: order, shape, colour, words. Colour never speaks alone.

import { s } from "./dom.js";
import { at, chance, isNumber, number, when } from "./format.js";
import { t } from "./words.js";

/** From loud to quiet. */
export const TIERS = ["red", "yellow", "green", "no_data", "not_enough_history"];

/** Drawn in a box from -10 to 10; `sign` lies upon the shape. The map and the legend share them. */
export const SHAPES = {
  red: {
    shape: "M0-10 10 0 0 10-10 0Z",
    sign: "M-1.3-5.5h2.6l-.5 6.5h-1.6zM-1.4 3h2.8v2.8h-2.8z",
    fill: "--red",
    signFill: "--on-red",
  },
  yellow: { shape: "M0-9 9 7H-9Z", fill: "--yellow", stroke: "--yellow-edge" },
  green: { shape: "M6 0A6 6 0 1 1-6 0 6 6 0 1 1 6 0Z", fill: "--green" },
  no_data: { shape: "M-6-6 6 6M-6 6 6-6", stroke: "--no-data" },
  not_enough_history: { shape: "M6 0A6 6 0 1 1-6 0 6 6 0 1 1 6 0Z", stroke: "--no-data", dash: [3.2, 2.6] },
};

export const tierOf = (sensor) => (TIERS.includes(sensor?.tier) ? sensor.tier : "no_data");

/** The mark of a tier as SVG. */
export function mark(tier) {
  const { shape, sign, fill, signFill, stroke, dash } = SHAPES[tier];
  const look = {
    d: shape,
    fill: fill ? `var(${fill})` : "none",
    stroke: stroke ? `var(${stroke})` : "none",
    "stroke-width": 2,
    "stroke-dasharray": dash?.join(" "),
  };
  return s(
    "svg",
    { class: "mark", viewBox: "-11 -11 22 22", "aria-hidden": "true" },
    s("path", look),
    sign ? s("path", { d: sign, fill: `var(${signFill})` }) : null,
  );
}

/** "red expected 17:40, 63 %": what a tier says. An alarm that is only held, its chance fallen, is called so. */
export function wordsOf(sensor, now) {
  const tier = tierOf(sensor);
  const on = sensor.alarm && tier !== "red" ? ` · ${t("alarmOn")}` : "";
  if (tier === "no_data") return t("noDataNow") + on;
  if (tier === "not_enough_history") return t("tooYoung") + on;
  const name = tier === "red" && sensor.p_red < 0.5 ? "redHeld" : `${tier}Expected`;
  return t(name, { time: when(at(sensor.target), now), p: chance(sensor.p_red) }) + on;
}

/** "now 1,204 veh/h, forecast 1,530 veh/h". */
export function valuesOf(sensor, unit) {
  const written = (value) => (unit && isNumber(value) ? `${number(value)} ${unit}` : number(value));
  if (!isNumber(sensor.value) && !isNumber(sensor.forecast)) return "";
  const value = written(sensor.value);
  return isNumber(sensor.forecast)
    ? t("nowForecast", { value, forecast: written(sensor.forecast) })
    : t("now", { value });
}

const names = new Intl.Collator();

/** Loud ones first, then by the chance of red, then by name. */
export const byUrgency = (a, b) =>
  TIERS.indexOf(tierOf(a)) - TIERS.indexOf(tierOf(b)) ||
  (b.p_red ?? -1) - (a.p_red ?? -1) ||
  names.compare(a.name, b.name);

export function counts(sensors) {
  const found = Object.fromEntries(TIERS.map((tier) => [tier, 0]));
  for (const sensor of sensors) found[tierOf(sensor)] += 1;
  return found;
}
