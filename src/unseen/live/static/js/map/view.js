// The first view: how many streets turn red, where they are, and which.

import { h, renew } from "../dom.js";
import { at, when } from "../format.js";
import { say } from "../frame.js";
import { feedNow, sensors, staleness, state, tell } from "../state.js";
import { counts } from "../tiers.js";
import { t } from "../words.js";
import { legend } from "./legend.js";
import { chosen, line, nothing, tile } from "./list.js";
import { stage } from "./stage.js";

const PART = 100;

/** "12 streets on red alert for 17:40". */
function headline(all) {
  if (!all.length) return t("headEmpty");
  if (staleness()) return t("headOld", { time: when(at(state.tiers.issued), feedNow()) });
  const { red } = counts(all);
  const time = when(Math.max(...all.map((sensor) => at(sensor.target)).filter(Number.isFinite)), feedNow());
  return red ? t("headRed", { n: red, time }) : t("headNone", { time });
}

const placed = (sensor) =>
  Number.isFinite(sensor.lon) && Number.isFinite(sensor.lat) && sensor.lon !== null && sensor.lat !== null;

export function mapView(main) {
  const head = h("div", { class: "head" });
  const title = h("h1");
  const note = h("div", { class: "muted" });
  const chips = h("ul", { class: "legend", "aria-label": t("legend") });
  const field = h("input", {
    type: "search",
    value: state.search,
    placeholder: t("find"),
    "aria-label": t("find"),
    oninput: (event) => tell({ search: event.target.value }),
    onkeydown: (event) => event.key === "Enter" && openFirst(),
  });
  const list = h("ul", { class: "streets", "aria-label": t("streets") });
  const tiles = h("ul", { class: "tiles", "aria-label": t("streets") });
  const after = h("div", { class: "more" });
  let map = null;
  let asGrid = null;
  let most = PART;

  const openFirst = () => chosen()[0] && list.querySelector("a, .tile")?.click();
  head.append(title, note, chips, h("div", { class: "search" }, field));

  function arrange(grid) {
    if (grid === asGrid) return;
    map?.close();
    map = null;
    asGrid = grid;
    if (grid) {
      main.replaceChildren(
        h(
          "div",
          { class: "page" },
          h("div", { class: "grid-head" }, title, note, chips, h("div", { class: "search" }, field)),
          tiles,
          after,
        ),
      );
    } else {
      head.append(title, note, chips, field.parentElement);
      map = stage(say);
      main.replaceChildren(
        h("section", { class: "map-view" }, h("div", { class: "side" }, head, list), map.element),
      );
      map.start();
    }
  }

  const showMore = () => {
    most += 3 * PART;
    renewList();
  };

  function renewList() {
    const found = chosen();
    const rest =
      found.length > most
        ? h("button", { class: "button", type: "button", "data-key": "more", onclick: showMore }, t("more"))
        : null;
    const empty = sensors().length ? nothing(found) : h("p", { class: "quiet" }, t("emptyNote"));
    if (asGrid) {
      renew(tiles, empty ? h("li", {}, empty) : found.slice(0, most).map(tile));
      renew(after, rest);
    } else {
      renew(
        list,
        empty ? h("li", {}, empty) : found.slice(0, most).map((sensor) => line(sensor, map.point)),
        rest ? h("li", { class: "more" }, rest) : null,
      );
    }
  }

  function renewAll(changes = {}) {
    const all = sensors();
    const onMap = all.filter(placed);
    arrange(!onMap.length);
    title.textContent = headline(all);
    const lost = all.length - onMap.length;
    note.textContent = all.length
      ? t("ofAll", { n: all.length, time: when(at(state.tiers.issued), feedNow()) })
      : "";
    if (!asGrid && lost) note.append(" ", t("unplaced", { n: lost }));
    renew(chips, legend(all));
    renewList();
    if ("tiers" in changes || !("search" in changes || "hidden" in changes)) map?.give(onMap);
    map?.veil(staleness() !== null);
    map?.redraw();
  }

  renewAll();
  // what is shown turns old by itself, without any news
  const timer = setInterval(() => {
    map?.veil(staleness() !== null);
    title.textContent = headline(sensors());
  }, 1000);
  return {
    renew: (changes) =>
      "tiers" in changes || "search" in changes || "hidden" in changes ? renewAll(changes) : undefined,
    close() {
      clearInterval(timer);
      map?.close();
    },
  };
}
