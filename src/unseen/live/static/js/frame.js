// What stands around every view: name, tabs, connection, language, the loud notice of old data.

import { h, renew } from "./dom.js";
import { age, at, clock, when } from "./format.js";
import { feedNow, isRows, staleness, state } from "./state.js";
import { mark } from "./tiers.js";
import { LANGUAGES, language, speak, t } from "./words.js";

const TABS = ["map", "alarms", "health", "scores"];

function tab(name, current) {
  const waiting =
    name === "alarms" ? (state.open?.alarms ?? []).filter((alarm) => !alarm.acknowledged).length : 0;
  const all =
    waiting && waiting === state.open.alarms.length ? Math.max(waiting, state.open.total ?? 0) : waiting;
  const badge = all
    ? h("span", { class: "badge", title: t("openAlarms", { n: all }) }, all > 999 ? "999+" : all)
    : null;
  const here = current === name ? "page" : null;
  const label = name === "map" && !placed() ? t("streets") : t(name);
  return h("a", { href: `#/${name}`, "aria-current": here, "data-key": name }, label, badge);
}

/** Does any street have a place? Until it is known, the tab is called the map. */
const placed = () =>
  !state.tiers ||
  !state.tiers.sensors.length ||
  state.tiers.sensors.some((sensor) => sensor.lon !== null && sensor.lat !== null);

function link() {
  const issued = state.tiers?.issued ?? state.health?.issued;
  return [
    h("span", { class: `dot ${state.link}`, title: t(state.link) }),
    h("span", { class: "word" }, t(state.link)),
    issued ? h("span", {}, t("updated", { time: clock(at(issued)) })) : null,
  ];
}

/** The words of the red bar, or nothing. */
function alarmed() {
  const stale = staleness();
  if (!stale || state.fault?.status === 401) return null;
  const said = { lost: "lostFor", none: "noDataYet", old: "noDataFor" }[stale.why];
  const loud =
    stale.seconds === null
      ? stale.why === "lost"
        ? state.fault.message
        : t(said)
      : t(said, { age: age(stale.seconds) });
  const last = at(state.health?.last_reading);
  return [
    h("strong", {}, loud),
    h(
      "span",
      {},
      t("staleNote"),
      Number.isFinite(last) ? ` ${t("lastGood", { time: when(last, feedNow()) })}` : "",
    ),
  ];
}

function languages(changed) {
  const chosen = (event) => {
    speak(event.target.value);
    changed();
  };
  const options = Object.entries(LANGUAGES).map(([tag, name]) =>
    h("option", { value: tag, selected: tag === language() }, name),
  );
  return h("select", { "aria-label": t("language"), onchange: chosen }, options);
}

/** Build the frame into `body`; `changed` is called when another language is chosen. */
export function frame(body, changed) {
  const name = h("span");
  const tabs = h("nav", { class: "tabs", "aria-label": t("views") });
  const connection = h("span", { class: "link" });
  const notice = h("div", { class: "notice", role: "alert", hidden: true });
  const main = h("main", { id: "main", tabindex: "-1" });
  const skip = (event) => {
    event.preventDefault();
    main.focus();
  };
  let current = null;
  let said = "";
  let around = "";

  function renewFrame() {
    const stale = alarmed();
    const loud = stale?.map((part) => part.textContent).join(" ") ?? "";
    // told anew only when the words change: a screen reader would repeat itself every second
    if (loud !== said) notice.replaceChildren(...(stale ?? []));
    said = loud;
    notice.hidden = !stale;
    document.body.classList.toggle("stale", stale !== null);
    const key = JSON.stringify([
      state.link,
      state.open?.alarms.map((alarm) => Boolean(alarm.acknowledged)),
      state.tiers?.issued,
      state.health?.issued,
      state.health?.name,
      current,
      placed(),
      isRows(),
    ]);
    if (key === around) return;
    around = key;
    name.textContent = state.health?.name || "unseen watch";
    renew(
      tabs,
      TABS.filter((view) => view !== "map" || !isRows()).map((view) => tab(view, current)),
    );
    connection.replaceChildren(...link().filter(Boolean));
    const waiting = tabs.querySelector(".badge")?.textContent;
    document.title = `${waiting ? `(${waiting}) ` : ""}${name.textContent}`;
  }

  body.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: skip }, t("skip")),
    h(
      "header",
      { class: "bar" },
      h("div", { class: "brand" }, mark("red"), name),
      tabs,
      h("div", { class: "status" }, connection, languages(changed)),
    ),
    notice,
    main,
    h("div", { class: "hidden-words", id: "polite", "aria-live": "polite" }),
    h("div", { class: "news", id: "news", hidden: true }),
  );
  return {
    main,
    renew: renewFrame,
    mark(view) {
      current = view;
      renewFrame();
    },
  };
}

/** Say something to screen readers. */
export function say(text) {
  document.getElementById("polite").textContent = text;
}
