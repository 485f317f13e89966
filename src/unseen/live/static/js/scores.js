// How good the forecasts and alarms have been: the tables the server keeps.

import { json } from "./api.js";
import { h, renew } from "./dom.js";
import { table, tablesOf } from "./plain.js";
import { t } from "./words.js";

export function scoresView(main) {
  const body = h("div");
  let closed = false;
  main.replaceChildren(h("div", { class: "page" }, h("h1", {}, t("scores")), body));

  async function load() {
    try {
      const tables = tablesOf(await json("api/scores"));
      if (!closed) renew(body, tables.length ? tables.map(table) : h("div", { class: "quiet" }, h("strong", {}, t("noScores")), t("noScoresNote")));
    } catch (error) {
      if (!closed) renew(body, h("p", { class: "fault", role: "alert" }, t("failed", { text: error.message })));
    }
  }

  load();
  return { renew: (changes) => (changes.tiers ? load() : undefined), close: () => (closed = true) };
}
