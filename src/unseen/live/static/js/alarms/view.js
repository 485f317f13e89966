// The alarm log: filtered, acknowledged, downloaded.

import { ask, json } from "../api.js";
import { h, renew } from "../dom.js";
import { say } from "../frame.js";
import { t } from "../words.js";
import { address, astray, filters, isFiltered } from "./filters.js";
import { canNotify, notifies, switchNotify } from "./news.js";
import { alarmTable } from "./rows.js";

const PART = 100; // alarms on the page; more on request
const MOST = 10000; // alarms in one part of a download

function save(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

export function alarmsView(main) {
  const list = h("div");
  const count = h("div", { class: "muted", role: "status" });
  const more = h("div", { class: "more" });
  const fault = h("p", { class: "fault", role: "alert" });
  let limit = PART;
  let asked = 0;
  let total = 0; // alarms that fit the filters
  let closed = false;

  async function load() {
    asked += 1;
    const turn = asked;
    if (astray()) return show({ alarms: [], total: 0 }, t("pickStreet"));
    try {
      const answer = await json(address({ limit }));
      if (turn === asked && !closed) show(answer, "");
    } catch (error) {
      if (turn === asked && !closed) fault.textContent = t("failed", { text: error.message });
    }
    return undefined;
  }

  function show({ alarms, total: found }, trouble) {
    total = found;
    fault.textContent = trouble;
    count.textContent = total ? t("shown", { n: total, shown: alarms.length }) : "";
    const none = h(
      "div",
      { class: "quiet" },
      h("strong", {}, t("noAlarms")),
      t(isFiltered() ? "noAlarmsNote" : "noAlarmsEver"),
    );
    renew(list, alarms.length ? alarmTable(alarms, load) : none);
    const grow = () => {
      limit += 2 * PART;
      load();
    };
    renew(
      more,
      total > alarms.length && alarms.length
        ? h("button", { class: "button", type: "button", "data-key": "more", onclick: grow }, t("more"))
        : [],
    );
  }

  async function download() {
    try {
      const parts = [];
      // the server gives so many at once; the names of the columns stand in the first part only
      for (let offset = 0; offset === 0 || offset < total; offset += MOST) {
        const text = await (await ask(address({ format: "csv", limit: MOST, offset }))).text();
        parts.push(offset ? text.slice(text.indexOf("\n") + 1) : text);
      }
      save(new Blob(parts, { type: "text/csv;charset=utf-8" }), "alarms.csv");
    } catch (error) {
      fault.textContent = t("failed", { text: error.message });
    }
  }

  async function flip(event) {
    const on = await switchNotify();
    if (on === null) fault.textContent = t("notifyNo");
    event.target.textContent = t(on ? "notifyOff" : "notify");
    if (on) say(t("notifying"));
  }

  const changed = () => {
    limit = PART;
    load();
  };
  const notify = canNotify()
    ? h(
        "button",
        { class: "button small", type: "button", onclick: flip },
        t(notifies() ? "notifyOff" : "notify"),
      )
    : null;
  const csv = h("button", { class: "button small", type: "button", onclick: download }, t("csv"));
  main.replaceChildren(
    h(
      "div",
      { class: "page" },
      h("h1", {}, t("alarms")),
      filters(changed),
      h("div", { class: "under" }, count, h("div", { class: "buttons" }, notify, csv)),
      fault,
      list,
      more,
    ),
  );
  load();
  return {
    renew: (changes) => (changes.open ? load() : undefined),
    close: () => (closed = true),
  };
}
