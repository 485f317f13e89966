// The outcome in plain words, with a colour, a shape and a reason.

import { h } from "./dom.js";
import { say } from "./finding.js";
import { mark } from "./icons.js";
import { knows, t } from "./words.js";

/** Outcome -> the role of its colours. */
export const TONES = {
  refused: "refused",
  refer: "refer",
  signs: "signs",
  "no-signs": "clear",
  unusual: "signs",
  usual: "clear",
};

export const verdictTitle = (reading) => say(`outcome.${reading.outcome}`);
export const verdictText = (reading) => say(`outcome.${reading.outcome}.text`);

/** Why it is so, and what to do next where the picture was refused. */
export function reasons(reading) {
  if (reading.restarted) return [t("fault.worker"), t("fix.restarted")];
  if (reading.outcome === "refused") return [t(`refused.${reading.reason}`), t(`next.${reading.reason}`)];
  const key = `why.${reading.outcome === "refer" ? reading.why : reading.outcome}`;
  return knows(key) ? [say(key)] : [];
}

export function verdict(reading) {
  const [why, next] = reasons(reading);
  return h(
    "section",
    {
      class: `verdict ${TONES[reading.outcome]}`,
      "data-outcome": reading.outcome,
      "data-reason": reading.reason ?? reading.why,
    },
    mark(reading.outcome),
    h(
      "div",
      {},
      h("h1", { tabindex: "-1" }, verdictTitle(reading)),
      h("p", { class: "what" }, verdictText(reading)),
      why ? h("p", { class: "why" }, why) : null,
      next ? h("p", { class: "why" }, next) : null,
    ),
  );
}
