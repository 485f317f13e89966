// What may help a refused film: a turn, black and white exchanged. Done only when asked, and then said.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { state } from "./state.js";
import { screen } from "./task.js";
import { t } from "./words.js";

const turned = (degrees) => screen({ turn: (state.task.turn + degrees) % 360 });

/** One hint of the engine: "inverted", or "rotated-90", clockwise. */
function offer(hint) {
  const isTurn = hint.startsWith("rotated-");
  const degrees = Number(hint.slice("rotated-".length));
  return h(
    "div",
    { class: "hint", "data-hint": hint },
    h("p", {}, t(isTurn ? "hint.turned" : "hint.inverted")),
    h(
      "button",
      {
        class: "button",
        type: "button",
        onclick: () => (isTurn ? turned(degrees) : screen({ invert: !state.task.invert })),
      },
      icon(isTurn ? "turn" : "invert"),
      isTurn ? t("hint.turn", { degrees }) : t("hint.invert"),
    ),
  );
}

/** What was done to the picture at the user's request, and the way back. */
function done() {
  const { turn, invert } = state.task;
  if (!turn && !invert) return null;
  return h(
    "div",
    { class: "hint", "data-done": "true" },
    turn
      ? h("p", {}, h("span", { class: "pill" }, icon("turn"), t("hint.done.turn", { degrees: turn })))
      : null,
    invert ? h("p", {}, h("span", { class: "pill" }, icon("invert"), t("hint.done.invert"))) : null,
    h(
      "button",
      { class: "button no-print", type: "button", onclick: () => screen({ turn: 0, invert: false }) },
      icon("left"),
      t("hint.undo"),
    ),
  );
}

export function hintCard(reading) {
  const hints = (reading.hints ?? []).map(offer);
  const did = done();
  if (!hints.length && !did) return null;
  return h(
    "section",
    { class: "card hints" },
    hints.length ? h("h2", {}, t("hint.title")) : null,
    did,
    hints,
  );
}
