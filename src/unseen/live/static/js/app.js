// The page: frame, tabs, the view of the address, loud notices, login.

import { takeToken } from "./api.js";
import { h } from "./dom.js";
import { frame } from "./frame.js";
import { refresh, start } from "./live.js";
import { login } from "./login.js";
import { watchAlarms } from "./alarms/news.js";
import { read } from "./route.js";
import { isRows, staleness, state, subscribe } from "./state.js";
import { speak, language, t } from "./words.js";
import { mapView } from "./map/view.js";
import { streetView } from "./street/view.js";
import { alarmsView } from "./alarms/view.js";
import { healthView } from "./health.js";
import { scoresView } from "./scores.js";

const VIEWS = {
  map: mapView,
  street: streetView,
  alarms: alarmsView,
  health: healthView,
  scores: scoresView,
};

let page; // the frame
let shown = null; // {view, id, part}

/** Which view the address asks for; rows have no map, and their first view is the alarm list. */
function wanted() {
  const { view, id } = read(location.hash);
  const first = isRows() ? "alarms" : "map";
  const known = view in VIEWS && !(isRows() && (view === "map" || view === "street"));
  return known ? { view, id } : { view: first, id: null };
}

function show() {
  if (state.fault?.status === 401) return askForToken();
  if (!state.health) return state.fault ? sayFault() : undefined;
  const { view, id } = wanted();
  if (shown?.view === view && shown.id === id) return undefined;
  const first = shown === null;
  shown?.part.close?.();
  page.main.replaceChildren();
  shown = { view, id, part: VIEWS[view](page.main, id) };
  page.mark(view === "street" ? "map" : view);
  page.main.dataset.view = view;
  if (!first) page.main.focus({ preventScroll: true });
  if (!first) scrollTo(0, 0);
  return undefined;
}

function askForToken() {
  if (shown?.view === "login") return;
  shown?.part.close?.();
  shown = { view: "login", id: null, part: {} };
  page.main.replaceChildren(login());
}

/** Nothing was ever heard: say so in place of a view; it goes on trying by itself. */
function sayFault() {
  shown?.part.close?.();
  shown = null;
  const again = h("button", { class: "button", type: "button", onclick: refresh }, t("again"));
  page.main.replaceChildren(
    h("div", { class: "quiet" }, h("strong", {}, t("failed", { text: state.fault.message })), again),
  );
}

function build() {
  shown?.part.close?.();
  shown = null;
  speak(language());
  page = frame(document.body, () => build());
  page.main.append(h("p", { class: "quiet" }, t("loading")));
  page.renew();
  show();
}

takeToken();
build();
subscribe((changes) => {
  page.renew();
  if (shown?.view === "login" && !state.fault) shown = null;
  const before = shown;
  show();
  // a view that has just been made shows the news already
  if (shown === before) shown?.part.renew?.(changes);
});
addEventListener("hashchange", show);
setInterval(() => {
  page.renew();
  document.body.classList.toggle("stale", staleness() !== null);
}, 1000);
watchAlarms();
start();
