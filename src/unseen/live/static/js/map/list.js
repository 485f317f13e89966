// The streets in order of urgency, for reading, for keys, and where there is no map.

import { h } from "../dom.js";
import { chance } from "../format.js";
import { streetLink } from "../route.js";
import { feedNow, sensors, state, unit } from "../state.js";
import { byUrgency, mark, tierOf, valuesOf, wordsOf } from "../tiers.js";
import { t } from "../words.js";

/** Letters without case and accents, so that "nunez" finds "Núñez". */
export const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export function matcher() {
  const wanted = plain(state.search.trim());
  return wanted
    ? (sensor) => plain(sensor.name).includes(wanted) || plain(String(sensor.id)).includes(wanted)
    : () => true;
}

/** Streets that the search and the legend leave, the most urgent first. */
export function chosen() {
  const matches = matcher();
  return sensors()
    .filter((sensor) => !state.hidden.has(tierOf(sensor)) && matches(sensor))
    .sort(byUrgency);
}

export function line(sensor, over) {
  const tier = tierOf(sensor);
  const hover = {
    onpointerenter: () => over(sensor),
    onfocus: () => over(sensor),
    onpointerleave: () => over(null),
    onblur: () => over(null),
  };
  const p = tier === "red" || tier === "yellow" ? chance(sensor.p_red) : "";
  return h(
    "li",
    {},
    h(
      "a",
      { href: streetLink(sensor.id), "data-key": sensor.id, "data-tier": tier, ...hover },
      mark(tier),
      h("span", { class: "name" }, sensor.name),
      h("span", { class: "chance" }, p),
      h(
        "span",
        { class: "words" },
        h("span", { class: "hidden-words" }, t(tier), ": "),
        wordsOf(sensor, feedNow()),
      ),
    ),
  );
}

export function tile(sensor) {
  const tier = tierOf(sensor);
  return h(
    "li",
    {},
    h(
      "a",
      { class: `tile ${tier}`, href: streetLink(sensor.id), "data-key": sensor.id, "data-tier": tier },
      h("span", { class: "name" }, sensor.name),
      h("span", { class: `tier ${tier}` }, mark(tier), t(tier)),
      h("div", { class: "words" }, wordsOf(sensor, feedNow())),
      h("div", { class: "words" }, valuesOf(sensor, unit())),
    ),
  );
}

/** Why a list is empty, or nothing. */
export function nothing(found) {
  if (found.length) return null;
  if (state.search.trim()) return h("p", { class: "quiet" }, t("noMatch"));
  return h("p", { class: "quiet" }, t("hiddenAll"));
}
