// The small print of a result: version, source, times; and the user's note.

import { h } from "./dom.js";
import { finding } from "./finding.js";
import { annotate } from "./history.js";
import { icon } from "./icons.js";
import { isDetector, manifest } from "./state.js";
import { knows, moment, span, t } from "./words.js";

const NOTE = 500; // letters

/** The name of a label in the language of the page. */
function labelName(label, labels) {
  if (label === labels[1]) return finding();
  return knows(`label.${label}`) ? t(`label.${label}`) : label;
}

/** What stands in the details, as [term, text] pairs. */
export function facts(reading) {
  const { labels = [], unseen, id } = manifest();
  const { times = {}, size } = reading;
  const set = reading.set?.length ? reading.set.map((label) => labelName(label, labels)).join(", ") : t("detail.noLabel");
  const scored = reading.outcome !== "refused" && !isDetector();
  return [
    ["detail.time", moment(reading.at)],
    ["detail.version", id],
    ["detail.app", `unseen ${unseen}`],
    isDetector() ? null : ["detail.source", reading.source ?? t("history.noSource")],
    ["detail.kind", t(reading.photo ? "detail.photo" : "detail.file")],
    size ? ["detail.size", t("detail.pixels", { width: String(size.width), height: String(size.height) })] : null,
    scored ? ["detail.labels", set] : null,
    times.decode === undefined ? null : ["detail.decode", span(times.decode)],
    times.model === undefined ? null : ["detail.model", span(times.model)],
    times.total === undefined ? null : ["detail.total", span(times.total)],
  ]
    .filter(Boolean)
    .map(([key, text]) => [t(key), text]);
}

export function detailCard(reading) {
  return h(
    "details",
    { class: "card", "data-details": "" },
    h("summary", {}, h("h2", {}, t("detail.title")), icon("down")),
    h(
      "dl",
      { class: "facts" },
      facts(reading).map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
    ),
  );
}

/** The note of the user, kept with the history as it is written. */
export function noteField(reading) {
  const said = h("small", { role: "status" });
  const changed = async (event) => {
    reading.note = event.target.value.trim();
    try {
      await annotate(reading.entry, reading.note);
      said.textContent = t("keep.noteKept");
    } catch {
      said.textContent = t("keep.noteLost");
    }
  };
  return h(
    "label",
    { class: "field note" },
    h("span", {}, t("keep.note")),
    h("textarea", { id: "note", maxlength: NOTE, value: reading.note ?? "", onchange: changed, "aria-describedby": "note-hint" }),
    h("small", { id: "note-hint" }, t("keep.noteHint")),
    said,
  );
}
