// What came of one picture: outcome, chance, film with colours, gate, details, note, paper.

import { chanceCard } from "./chance.js";
import { detailCard, noteField } from "./details.js";
import { h } from "./dom.js";
import { filmCard } from "./film.js";
import { say } from "./finding.js";
import { announce, title } from "./frame.js";
import { gateCard } from "./gate.js";
import { hintCard } from "./hints.js";
import { icon } from "./icons.js";
import { underneath } from "./notice.js";
import { paperCard } from "./paper.js";
import { sources } from "./start.js";
import { isDetector, state } from "./state.js";
import { drop, screen } from "./task.js";
import { moment, t } from "./words.js";
import { verdict, verdictText, verdictTitle } from "./verdict.js";

function busy() {
  return h(
    "div",
    { class: "quiet", role: "status" },
    h("div", { class: "turning" }),
    h("strong", {}, say("busy.title")),
    h(
      "div",
      { class: "buttons centre" },
      h("button", { class: "button", type: "button", onclick: leave }, t("busy.cancel")),
    ),
  );
}

function leave() {
  drop();
  location.hash = "#/";
}

const nextButton = (look) =>
  h(
    "button",
    { class: `button ${look}`, type: "button", onclick: leave },
    icon(isDetector() ? "picture" : "film"),
    say("result.next"),
  );

/** Another source means another question; the picture is still in memory. */
const sourceCard = () =>
  isDetector()
    ? null
    : h(
        "div",
        { class: "card no-print" },
        sources(() => screen()),
      );

function whole(reading) {
  const made = t("paper.made", { title: title(), version: reading.version });
  return [
    h("p", { class: "only-print" }, `${t("paper.title")}. ${moment(reading.at)}. ${made}.`),
    verdict(reading),
    hintCard(reading),
    chanceCard(reading),
    filmCard(reading),
    gateCard(reading),
    h("div", { class: "card" }, noteField(reading)),
    sourceCard(),
    detailCard(reading),
    paperCard(reading),
    h("div", { class: "no-print next" }, nextButton("main broad")),
    underneath(),
  ].filter(Boolean);
}

export function resultView(main) {
  function renew(changes = { reading: state.reading }) {
    if (!("reading" in changes) || !state.task) return;
    const { reading } = state;
    main.className = reading ? "result" : "";
    main.replaceChildren(...(reading ? whole(reading) : [busy()]));
    if (!reading) return;
    const values = { title: verdictTitle(reading), text: verdictText(reading) };
    announce(t("result.announce", values));
    main.querySelector("h1").focus({ preventScroll: true });
    scrollTo(0, 0);
  }
  renew();
  return { renew };
}
