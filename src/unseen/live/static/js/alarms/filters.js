// Which alarms are asked for: state, tier, street, time. They stay while other views are open.

import { query } from "../api.js";
import { h } from "../dom.js";
import { feedNow, isRows, sensors } from "../state.js";
import { t } from "../words.js";

const STATES = {
  "": "all",
  on: "stateOn",
  open: "stateOpen",
  acknowledged: "stateAcknowledged",
  off: "stateOff",
  true: "came",
  false: "didNot",
};
const SPANS = { "": "anyTime", 3600: "hour", 86400: "day", 604800: "week" };
const TIERS = { "": "all", red: "red", yellow: "yellow" };

const chosen = { state: "", tier: "", street: "", since: "" };

/** The street by its whole name or id; undefined where the words name none. */
const named = () =>
  sensors().find((sensor) => sensor.name === chosen.street || String(sensor.id) === chosen.street);

/** Do the words in the field name no street? */
export const astray = () => chosen.street !== "" && !isRows() && !named();

/** The address that answers these filters. */
export function address(more) {
  const since = chosen.since
    ? new Date(feedNow() - 1000 * Number(chosen.since)).toISOString().replace(/\.\d+/, "")
    : "";
  const sensor = isRows() ? chosen.street : named()?.id;
  return query("api/alarms", { state: chosen.state, tier: chosen.tier, sensor, since, ...more });
}

export const isFiltered = () => Object.values(chosen).some((value) => value !== "");

/** The form; `changed` is called on every change. */
export function filters(changed) {
  const set = (name) => (event) => {
    chosen[name] = event.target.value;
    changed();
  };
  const select = (name, label, words) =>
    h(
      "label",
      { class: "field" },
      h("span", {}, t(label)),
      h(
        "select",
        { name, onchange: set(name) },
        Object.entries(words).map(([value, key]) =>
          h("option", { value, selected: value === chosen[name] }, t(key)),
        ),
      ),
    );
  const names = h(
    "datalist",
    { id: "names" },
    sensors().map((sensor) => h("option", { value: sensor.name })),
  );
  const street = h(
    "label",
    { class: "field" },
    h("span", {}, t(isRows() ? "what" : "street")),
    h("input", {
      name: "street",
      type: "search",
      list: "names",
      value: chosen.street,
      placeholder: t(isRows() ? "all" : "allStreets"),
      oninput: set("street"),
    }),
    names,
  );
  return h(
    "form",
    { class: "filters", onsubmit: (event) => event.preventDefault() },
    select("state", "state", STATES),
    select("tier", "tier", TIERS),
    street,
    select("since", "since", SPANS),
  );
}
