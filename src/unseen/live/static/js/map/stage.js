// The canvas with its buttons and its tip: joins camera, painter and gestures.

import { h } from "../dom.js";
import { streetLink } from "../route.js";
import { feedNow, state, unit } from "../state.js";
import { byUrgency, tierOf, valuesOf, wordsOf } from "../tiers.js";
import { t } from "../words.js";
import { Camera } from "./camera.js";
import { gestures } from "./gestures.js";
import { matcher } from "./list.js";
import { project } from "./mercator.js";
import { Painter } from "./painter.js";
import { showTip } from "./tip.js";

const camera = new Camera(); // kept while other views are open: one comes back to the same place
let fittedFor = "";

/** A stage; `say` speaks to screen readers. */
export function stage(say) {
  const canvas = h("canvas", { tabindex: "0", role: "application" });
  const tip = h("div", { class: "tip", hidden: true });
  const veil = h("div", { class: "veil", hidden: true }, t("notCurrent"));
  const painter = new Painter(canvas);
  let places = [];
  let held = null; // the street under the pointer or chosen by keys
  let due = false;

  const looks = () => ({ hidden: state.hidden, matches: matcher(), held });
  const centre = () => ({ x: painter.size.width / 2, y: painter.size.height / 2 });

  function paint() {
    due = false;
    if (!canvas.isConnected) return;
    painter.draw(camera, looks());
    canvas.dataset.drawn = String(places.length);
    if (!performance.getEntriesByName("map drawn").length && places.length) performance.mark("map drawn");
  }

  function redraw() {
    if (!due) requestAnimationFrame(paint);
    due = true;
  }

  function hold(place, open = false) {
    held = place;
    canvas.classList.toggle("over", place !== null);
    tip.hidden = place === null;
    if (place) showTip(tip, place.sensor, camera.toScreen(place, painter.size), painter.size, open);
    redraw();
  }

  const under = (place, reach) => painter.find(place, camera, { ...looks(), reach });
  const open = () => held && (location.hash = streetLink(held.sensor.id));
  const moved = () => {
    hold(null);
    redraw();
  };

  const move = {
    pan: (dx, dy) => (camera.pan(dx, dy), moved()),
    zoom: (factor, place = centre()) => (camera.zoom(factor, place, painter.size), moved()),
    fit: () => (camera.fit(places, painter.size), moved()),
    hover: (place) => hold(under(place, 4)),
    leave: () => hold(null),
    open,
    tap(place, touched) {
      hold(under(place, touched ? 18 : 5), touched);
      if (!touched) open();
    },
    step(by) {
      const { hidden, matches } = looks();
      const order = places
        .filter(({ sensor }) => !hidden.has(tierOf(sensor)) && matches(sensor))
        .sort((a, b) => byUrgency(a.sensor, b.sensor));
      if (!order.length) return;
      const before = order.indexOf(held);
      const next = order[(before + by + order.length + (before < 0 && by < 0 ? 1 : 0)) % order.length];
      camera.centre(next);
      hold(next);
      say(`${next.sensor.name}: ${wordsOf(next.sensor, feedNow())}, ${valuesOf(next.sensor, unit())}`);
    },
  };

  function measure() {
    painter.measure();
    const key = `${places.length} ${places[0]?.sensor.id}`;
    if (painter.size.width && places.length && (fittedFor !== key || !camera.scale)) {
      camera.fit(places, painter.size);
      fittedFor = key;
    }
    redraw();
  }

  const watcher = new ResizeObserver(measure);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const button = (label, text, act) =>
    h("button", { type: "button", "aria-label": label, title: label, onclick: act }, text);
  const buttons = h(
    "div",
    { class: "zoom" },
    button(t("zoomIn"), "+", () => move.zoom(1.5)),
    button(t("zoomOut"), "−", () => move.zoom(1 / 1.5)),
    button(t("fit"), "⤢", move.fit),
  );
  gestures(canvas, move);

  return {
    element: h("div", { class: "stage" }, canvas, veil, buttons, tip),
    redraw,
    start() {
      watcher.observe(canvas);
      scheme.addEventListener("change", measure);
    },
    give(sensors) {
      const kept = held?.sensor.id;
      places = sensors.map((sensor) => ({ ...project(sensor.lon, sensor.lat), sensor }));
      canvas.setAttribute("aria-label", t("mapLabel", { n: places.length }));
      painter.give(places);
      held = places.find(({ sensor }) => sensor.id === kept) ?? null;
      measure();
    },
    /** Ring a street that is pointed at in the list. */
    point(sensor) {
      held = sensor ? (places.find((place) => place.sensor.id === sensor.id) ?? null) : null;
      redraw();
    },
    veil: (on) => (veil.hidden = !on),
    close() {
      watcher.disconnect();
      scheme.removeEventListener("change", measure);
    },
  };
}
