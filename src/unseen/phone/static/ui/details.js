// The small print of a result: version, source, times; and the user's note.

import { h } from "./dom.js";
import { annotate } from "./history.js";
import { icon } from "./icons.js";
import { isDetector, manifest } from "./state.js";
import { moment, span, t } from "./words.js";

const NOTE = 500; // letters

/** What stands in the details, as [term, text] pairs. */
export function facts(reading) {
  const { unseen, id } = manifest();
  const { times, picture } = reading;
  return [
    ["detail.time", moment(reading.at)],
    ["detail.version", id],
    ["detail.app", `unseen ${unseen}`],
    isDetector() ? null : ["detail.source", reading.source ?? t("history.noSource")],
    ["detail.kind", t(picture?.photograph ? "detail.photo" : "detail.file")],
    picture
      ? ["detail.size", t("detail.pixels", { width: String(picture.width), height: String(picture.height) })]
      : null,
    reading.className ? ["detail.class", reading.className] : null,
    ["detail.decode", span(times.read)],
    times.model ? ["detail.model", span(times.model)] : null,
    times.map ? ["detail.map", span(times.map)] : null,
    ["detail.total", span(times.total)],
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
    h("textarea", {
      id: "note",
      placeholder: " ",
      maxlength: NOTE,
      value: reading.note ?? "",
      onchange: changed,
      "aria-describedby": "note-hint",
    }),
    h("small", { id: "note-hint" }, t("keep.noteHint")),
    said,
  );
}
