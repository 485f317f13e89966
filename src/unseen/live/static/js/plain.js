// Tables of whatever the server tells: lists of lists, lists of records, records.

import { h } from "./dom.js";
import { at, isNumber, number, when } from "./format.js";
import { feedNow } from "./state.js";
import { knows, t } from "./words.js";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** One value as text. */
export function shown(value) {
  if (value === null || value === undefined) return "–";
  if (isNumber(value)) return number(value);
  if (typeof value === "string" && ISO.test(value)) return when(at(value), feedNow());
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A key as words: "open_alarms" -> "open alarms". */
export const words = (key) => (knows(key) ? t(key) : String(key).replaceAll("_", " "));

/** A table of columns and rows of values; a column of numbers stands to the right. */
export function table({ title, note, columns, rows, right: given }) {
  const right = columns.map(
    (_, i) =>
      given?.includes(i) ??
      (rows.some((row) => isNumber(row[i])) && rows.every((row) => row[i] === null || isNumber(row[i]))),
  );
  const look = (i) => (right[i] ? "number" : null);
  const head = columns.map((column, i) => h("th", { scope: "col", class: look(i) }, words(column)));
  const line = (row) =>
    h(
      "tr",
      {},
      row.map((value, i) =>
        i === 0
          ? h("th", { scope: "row", class: look(0) }, shown(value))
          : h("td", { class: look(i) }, shown(value)),
      ),
    );
  return h(
    "section",
    {},
    title ? h("h2", {}, words(title)) : null,
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": title ? words(title) : null },
      h(
        "table",
        {},
        note ? h("caption", {}, note) : null,
        h("thead", {}, h("tr", {}, head)),
        h("tbody", {}, rows.map(line)),
      ),
    ),
  );
}

const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** Records with keys of their own -> one table. */
function records(title, list) {
  const columns = [...new Set(list.flatMap((record) => Object.keys(record)))];
  return { title, columns, rows: list.map((record) => columns.map((column) => record[column] ?? null)) };
}

/** Any answer as a list of tables; what has no rows is left out. */
export function tablesOf(told, title = "") {
  if (isRecord(told) && Array.isArray(told.columns) && Array.isArray(told.rows))
    return told.rows.length
      ? [
          {
            title,
            ...told,
            rows: told.rows.map((row) =>
              Array.isArray(row) ? row : told.columns.map((column) => row[column] ?? null),
            ),
          },
        ]
      : [];
  if (Array.isArray(told)) {
    if (!told.length) return [];
    if (told.every((one) => isRecord(one) && Array.isArray(one.rows)))
      return told.flatMap((one) => tablesOf(one));
    return told.every(isRecord)
      ? [records(title, told)]
      : [{ title, columns: [""], rows: told.map((value) => [value]) }];
  }
  if (!isRecord(told)) return [];
  const entries = Object.entries(told);
  const flat = entries.filter(([, value]) => !isRecord(value) && !Array.isArray(value));
  const deep = entries.filter(([, value]) => isRecord(value) || Array.isArray(value));
  if (
    deep.length > 1 &&
    !flat.length &&
    deep.every(
      ([, value]) =>
        isRecord(value) && !Object.values(value).some((inner) => typeof inner === "object" && inner !== null),
    )
  ) {
    return [
      records(
        title,
        deep.map(([name, value]) => ({ what: name, ...value })),
      ),
    ];
  }
  return [
    ...(flat.length
      ? [{ title, columns: ["what", "amount"], rows: flat.map(([key, value]) => [words(key), value]) }]
      : []),
    ...deep.flatMap(([key, value]) => tablesOf(value, key === "tables" ? title : key)),
  ];
}
