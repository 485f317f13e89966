// Tiers with their counts; each is a switch.

import { h } from "../dom.js";
import { state, tell } from "../state.js";
import { counts, mark, TIERS } from "../tiers.js";
import { locale, t } from "../words.js";

const PLAIN = new Set(["red", "yellow", "green"]); // always named; the others where there are any

export function legend(sensors) {
  const found = counts(sensors);
  const flip = (tier) => () => {
    const hidden = new Set(state.hidden);
    if (!hidden.delete(tier)) hidden.add(tier);
    tell({ hidden });
  };
  const shown = TIERS.filter((tier) => found[tier] || state.hidden.has(tier) || PLAIN.has(tier));
  return shown.map((tier) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          class: "chip",
          type: "button",
          "aria-pressed": String(!state.hidden.has(tier)),
          "data-tier": tier,
          "data-key": `legend ${tier}`,
          onclick: flip(tier),
        },
        mark(tier),
        t(tier),
        " ",
        h("b", {}, found[tier].toLocaleString(locale())),
      ),
    ),
  );
}
