// New alarms are said aloud, shown in a corner, and, if the user wished so, by the browser.

import { h } from "../dom.js";
import { say } from "../frame.js";
import { state, subscribe } from "../state.js";
import { t } from "../words.js";
import { nameOf } from "./rows.js";

const KEPT = "unseen.notify";
const SHOWN = 12000;

let known = null; // ids of open alarms seen so far
let timer = 0;

export const canNotify = () => "Notification" in window;
export const notifies = () =>
  canNotify() && Notification.permission === "granted" && localStorage.getItem(KEPT) === "yes";

/** Switch notifications; asks the browser only here, on the user's own press. Returns whether they are on. */
export async function switchNotify() {
  if (notifies()) {
    localStorage.removeItem(KEPT);
    return false;
  }
  if ((await Notification.requestPermission()) !== "granted") return null;
  localStorage.setItem(KEPT, "yes");
  return true;
}

function sentence(fresh) {
  const names = fresh.slice(0, 3).map(nameOf).join(", ");
  return t("newAlarms", {
    n: fresh.length,
    names: fresh.length > 3 ? t("andMore", { names, n: fresh.length - 3 }) : names,
  });
}

function show(text) {
  const box = document.getElementById("news");
  const hide = () => (box.hidden = true);
  box.replaceChildren(
    h("span", {}, text, " ", h("a", { href: "#/alarms", onclick: hide }, t("see"))),
    h("button", { class: "button small", type: "button", "aria-label": t("close"), onclick: hide }, "✕"),
  );
  box.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(hide, SHOWN);
}

function hear(changes) {
  if (!changes.open) return;
  const ids = changes.open.alarms.map((alarm) => alarm.id);
  const fresh = known === null ? [] : changes.open.alarms.filter((alarm) => !known.has(alarm.id));
  known = new Set([...(known ?? []), ...ids]);
  if (!fresh.length) return;
  const text = sentence(fresh);
  say(text);
  show(text);
  if (notifies() && document.hidden)
    new Notification(state.health?.name || "unseen watch", { body: text, tag: "unseen" });
}

export const watchAlarms = () => subscribe(hear);
