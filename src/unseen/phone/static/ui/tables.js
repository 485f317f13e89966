// Tables of numbers with intervals: one column a place, one row a measure, so that a phone can show them.

import { h } from "./dom.js";
import { number, own, t } from "./words.js";

// Keys that name a column.
const HEADS = ["source", "name", "split"];

/** [value, low, high] -> value, and the range below it in small. */
const isInterval = (value) =>
  Array.isArray(value) &&
  value.length === 3 &&
  value.every((one) => typeof one === "number") &&
  value[1] <= value[0] &&
  value[0] <= value[2];

/** Any value as text. */
export function shownValue(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return number(value);
  if (typeof value === "boolean") return t(value ? "card.yes" : "card.no");
  if (Array.isArray(value)) return value.map((one) => shownValue(one)).join(" / ");
  return typeof value === "object"
    ? Object.entries(value)
        .map(([key, one]) => `${key}: ${shownValue(one)}`)
        .join(", ")
    : String(value);
}

const cell = (value) =>
  isInterval(value)
    ? h("td", {}, number(value[0]), h("small", {}, `${number(value[1])} – ${number(value[2])}`))
    : h("td", {}, shownValue(own(value)));

/** Rows of the model's numbers as a table that stands on end. */
export function numbersTable(rows, { keys, named, caption, label }) {
  const head = HEADS.find((key) => rows.some((row) => key in row));
  const measures =
    keys ?? [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((key) => key !== head);
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    h(
      "table",
      {},
      h("caption", {}, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("card.measure")),
          rows.map((row) => h("th", { scope: "col" }, own(row[head]) ?? "–")),
        ),
      ),
      h(
        "tbody",
        {},
        measures.map((key) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, named(key)),
            rows.map((row) => cell(row[key])),
          ),
        ),
      ),
    ),
  );
}
