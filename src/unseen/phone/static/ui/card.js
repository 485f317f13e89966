// The model card: what it learned from, its numbers place by place, what it is not for, files and versions.

import { h } from "./dom.js";
import { finding } from "./finding.js";
import { title } from "./frame.js";
import { icon } from "./icons.js";
import { limits } from "./notice.js";
import { isDetector, manifest, records } from "./state.js";
import { numbersTable, shownValue } from "./tables.js";
import { day, knows, own, size, t } from "./words.js";

// Keys of the card with a place of their own; what else is there is shown under "More".
const PLACED = ["notice", "data", "sources", "not_for", "failures", "external", "credit"];
const NOT_FOR = ["adults", "portable", "tubes", "rotated", "lateral", "others", "alone"];
const FAILURES = ["source", "mirror", "exposure", "noise", "size", "gate"];

/** Codes in the language of the page; other texts as the makers wrote them. */
const sentences = (list, prefix) =>
  list.map((one) =>
    typeof one === "string" && knows(`${prefix}.${one}`)
      ? t(`${prefix}.${one}`, { side: manifest().framing.width })
      : own(one),
  );

const section = (heading, ...children) => h("section", { class: "card" }, h("h2", {}, heading), children);

const bullets = (lines, name) =>
  h(
    "ul",
    { class: "points" },
    lines.map((line) => h("li", {}, icon(name), h("span", {}, line))),
  );

const factList = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs.map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
  );

const named = (key) => (knows(`card.${key}`) ? t(`card.${key}`) : String(key).replaceAll("_", " "));

/** A record of plain values as terms and texts. */
const pairs = (values) => Object.entries(values).map(([key, value]) => [named(key), shownValue(own(value))]);

function recordSection() {
  if (isDetector()) return null;
  const rows = records().map((record) => ({ ...record, photo: Boolean(record.photo) }));
  const keys = ["site", "device", "date", "photo", "counts", "auc"];
  return section(
    t("card.records"),
    rows.length
      ? numbersTable(rows, { keys, named, caption: t("card.numbersNote"), label: t("card.records") })
      : h("p", {}, t("card.noRecords")),
  );
}

function numberSection(card) {
  const rows = card.sources ?? [];
  if (!rows.length && isDetector()) return null;
  return rows.length
    ? section(t("card.numbers"), numbersTable(rows, { named, caption: t("card.numbersNote"), label: t("card.numbers") }))
    : section(t("card.numbers"), h("p", {}, t("card.noNumbers")));
}

function fileSection() {
  const { files, id, unseen, created } = manifest();
  const model = files["model.onnx"];
  const whole = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  return section(
    t("card.files"),
    factList([
      [t("card.version"), id],
      [t("detail.app"), `unseen ${unseen}`],
      [t("card.created"), day(created)],
      ["model.onnx", size(model.bytes)],
      [t("card.hash"), model.sha256],
      [t("card.all"), size(whole)],
    ]),
  );
}

/** What the makers say beyond the places that every card has. */
function restSection(card) {
  const rest = Object.entries(card).filter(([key]) => !PLACED.includes(key));
  if (!rest.length) return null;
  const isPlain = (value) => value === null || typeof value !== "object" || Array.isArray(value);
  const flat = rest.filter(([, value]) => isPlain(value));
  const deep = rest.filter(([, value]) => !isPlain(value));
  return section(
    t("card.rest"),
    flat.length ? factList(pairs(Object.fromEntries(flat))) : null,
    deep.map(([key, value]) => [h("h3", {}, named(key)), factList(pairs(value))]),
  );
}

function dataSection(card) {
  const data = card.data ?? {};
  return section(
    t("card.data"),
    bullets([...(isDetector() ? [t("notice.detector")] : []), ...limits().map((one) => one.text)], "about"),
    factList([
      ...pairs(typeof data === "string" ? { name: data } : data),
      ...(isDetector()
        ? []
        : [
            [t("card.finding"), finding()],
            [t("card.alpha"), shownValue(manifest().alpha)],
          ]),
    ]),
  );
}

export function cardView(main) {
  const card = manifest().card ?? {};
  const detector = isDetector();
  main.classList.add("wide");
  main.append(
    ...[
      h("h1", { tabindex: "-1" }, t("card.title")),
      h("p", { class: "lead" }, `${title()}. ${t("card.lead")}`),
      dataSection(card),
      numberSection(card),
      detector ? null : section(t("card.external"), h("p", {}, own(card.external) ?? t("card.externalNone"))),
      recordSection(),
      detector && !card.not_for
        ? null
        : section(t("card.notFor"), bullets(sentences(card.not_for ?? NOT_FOR, "notFor"), "warn")),
      detector && !card.failures
        ? null
        : section(t("card.failures"), bullets(sentences(card.failures ?? FAILURES, "failure"), "warn")),
      card.credit ? section(t("card.credit"), h("p", {}, own(card.credit))) : null,
      fileSection(),
      restSection(card),
    ].filter(Boolean),
  );
  return {};
}
