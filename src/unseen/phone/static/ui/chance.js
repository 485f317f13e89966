// The probability in words of counting, with its uncertainty and a small bar; nothing where there is no score.

import { h, s } from "./dom.js";
import { finding, say } from "./finding.js";
import { icon } from "./icons.js";
import { isDetector } from "./state.js";
import { number, t } from "./words.js";

/** A probability as whole counts of 100, never 0 or 100 for what is possible. */
export function counts(p) {
  if (p < 0.01) return { key: "chance.few", n: 1 };
  if (p > 0.99) return { key: "chance.most", n: 99 };
  return { key: "chance.say", n: Math.round(100 * p) };
}

/** A line from 0 to 100 with the range and the value; the words beside it say the same. */
function bar(probability, interval) {
  const at = (share) => `${(100 * share).toFixed(2)}%`;
  return h(
    "div",
    { class: "bar-of-chance", "aria-hidden": "true" },
    s(
      "svg",
      {},
      s("rect", { class: "track", x: 0, y: 10, width: "100%", height: 10, rx: 5 }),
      interval
        ? s("rect", {
            class: "range",
            x: at(interval[0]),
            y: 10,
            width: at(interval[1] - interval[0]),
            height: 10,
            rx: 5,
          })
        : null,
      s("rect", { class: "value", x: at(probability), y: 2, width: 6, height: 26, rx: 3 }),
    ),
    h("div", { class: "ends" }, h("span", {}, "0"), h("span", {}, "50"), h("span", {}, "100")),
  );
}

/** The range as counts: rounded outwards. */
const between = ([low, high]) =>
  h("p", {}, t("chance.between", { low: Math.floor(100 * low), high: Math.ceil(100 * high) }));

function calibrated(reading) {
  if (reading.calibrated)
    return h(
      "p",
      {},
      h("span", { class: "pill clear" }, icon("ready"), t("chance.calibrated", { source: reading.source })),
    );
  return h(
    "p",
    {},
    h("span", { class: "pill refer", "data-mark": "uncalibrated" }, icon("warn"), t("chance.uncalibrated")),
  );
}

/** The sentence of a screener's probability. */
export function chanceWords(reading) {
  const { key, n } = counts(reading.probability);
  if (!reading.calibrated) return t("chance.raw", { n: Math.round(100 * reading.probability) });
  return t(key, { n, finding: finding() });
}

/** The sentence of a detector's p-value. */
export const unusualWords = ({ pValue }) =>
  pValue < 0.01 ? t("chance.unusualFew") : t("chance.unusual", { n: Math.round(100 * pValue) });

/** The score of a detector beside its limit; a detector may have none. */
const limitWords = ({ threshold, score }) =>
  threshold === null
    ? t("chance.noLimit", { score: number(score) })
    : t("chance.limit", { limit: number(threshold), score: number(score) });

export function chanceCard(reading) {
  if (reading.outcome === "refused") return null;
  if (isDetector())
    return h(
      "section",
      { class: "card" },
      h("h2", {}, say("chance.title")),
      h("p", { class: "said" }, unusualWords(reading)),
      bar(1 - reading.pValue, null),
      h("p", { class: "fine" }, limitWords(reading)),
    );
  return h(
    "section",
    { class: "card" },
    h("h2", {}, say("chance.title")),
    h("p", { class: "said" }, chanceWords(reading)),
    bar(reading.probability, reading.interval),
    reading.interval ? between(reading.interval) : null,
    calibrated(reading),
  );
}
