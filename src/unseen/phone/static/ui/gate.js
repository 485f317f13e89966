// Whether the picture is one the model knows, in words.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { isDetector } from "./state.js";
import { t } from "./words.js";

const LOOKS = { pass: ["clear", "ready"], amber: ["refer", "warn"], refuse: ["refused", "warn"] };

/** The gate's p-value as counts of 100 true films. */
const share = (p) => (p < 0.01 ? t("gate.few") : t("gate.share", { n: Math.round(100 * p) }));

export function gateCard(reading) {
  if (isDetector() || reading.gateP === null) return null;
  const verdict = reading.reason === "unlike" ? "refuse" : reading.amber ? "amber" : "pass";
  const [look, sign] = LOOKS[verdict];
  return h(
    "section",
    { class: "card", "data-gate": verdict },
    h("h2", {}, t("gate.title")),
    h("p", {}, h("span", { class: `pill ${look}` }, icon(sign), t(`gate.${verdict}`))),
    h("p", {}, share(reading.gateP)),
    h("p", { class: "fine" }, t("gate.mirror")),
  );
}
