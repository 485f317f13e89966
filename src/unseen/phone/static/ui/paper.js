// A result on paper or in a file: notice, version, outcome, time; the picture only where the user ticks it.

import { chanceWords, unusualWords } from "./chance.js";
import { facts } from "./details.js";
import { h } from "./dom.js";
import { title } from "./frame.js";
import { icon } from "./icons.js";
import { underneath } from "./notice.js";
import { dated, save } from "./saving.js";
import { isDetector, manifest } from "./state.js";
import { language, t } from "./words.js";
import { reasons, verdictText, verdictTitle } from "./verdict.js";
import { whereWords } from "./film.js";

const STYLE =
  "body{max-width:42rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color:#14202c}" +
  "h1{margin-bottom:.2rem}img{max-width:100%}dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem}dd{margin:0}" +
  ".underneath{padding:1rem;border:1px solid #728090}svg{display:none}";

/** The sentences of a result's numbers. */
function numbers(reading) {
  if (reading.outcome === "refused") return [];
  if (isDetector()) return [unusualWords(reading)];
  const interval = reading.interval?.map((p, high) => (high ? Math.ceil(100 * p) : Math.floor(100 * p)));
  return [
    chanceWords(reading),
    interval ? t("chance.between", { low: interval[0], high: interval[1] }) : "",
    reading.calibrated ? t("chance.calibrated", { source: reading.source }) : t("chance.uncalibrated"),
  ].filter(Boolean);
}

/** An image made in the other document, so that nothing is loaded into this one. */
function imageIn(paper, address) {
  const image = paper.createElement("img");
  image.setAttribute("alt", "");
  image.setAttribute("src", address);
  return image;
}

/** A page of its own, with nothing that loads anything. */
function page(reading, picture) {
  const lines = [verdictText(reading), ...reasons(reading), ...numbers(reading)];
  const paper = document.implementation.createHTMLDocument(t("paper.title"));
  paper.documentElement.lang = language();
  paper.head.prepend(h("meta", { charset: "utf-8" }));
  paper.body.append(
    h("p", {}, t("paper.title")),
    h("h1", {}, verdictTitle(reading)),
    ...lines.map((line) => h("p", {}, line)),
    ...(picture ? [imageIn(paper, picture), reading.map ? h("p", {}, whereWords(reading.map)) : ""] : []),
    h(
      "dl",
      {},
      facts(reading).map(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]),
    ),
    reading.note ? h("p", {}, `${t("keep.note")}: ${reading.note}`) : "",
    underneath(),
    h("p", {}, t("paper.made", { title: title(), version: manifest().id })),
  );
  // the rules of this page forbid styles of its own in any document it makes, so they are written as text
  const whole = paper.documentElement.outerHTML.replace("</head>", `<style>${STYLE}</style></head>`);
  return `<!doctype html>\n${whole}\n`;
}

export function paperCard(reading) {
  const film = () => document.getElementById("film");
  const tick = h("input", {
    type: "checkbox",
    id: "with-picture",
    onchange: (event) => marked(event.target.checked),
  });
  const marked = (on) => document.body.classList.toggle("with-picture", on);
  marked(false);
  const saved = () => {
    const picture = tick.checked ? film().toDataURL("image/jpeg", 0.9) : null;
    save(page(reading, picture), dated(t("keep.file"), "html"), "text/html");
  };
  return h(
    "section",
    { class: "card no-print" },
    h("h2", {}, t("keep.title")),
    reading.preview ? h("label", { class: "tick" }, tick, t("keep.picture")) : null,
    reading.preview ? h("p", { class: "fine" }, t("keep.pictureNote")) : null,
    h(
      "div",
      { class: "buttons" },
      h(
        "button",
        { class: "button", type: "button", onclick: () => print() },
        icon("print"),
        t("keep.print"),
      ),
      h("button", { class: "button", type: "button", onclick: saved }, icon("save"), t("keep.save")),
    ),
  );
}
