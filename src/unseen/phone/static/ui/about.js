// What the app does, what it keeps, and the notice once more.

import { h } from "./dom.js";
import { say } from "./finding.js";
import { icon } from "./icons.js";
import { points } from "./notice.js";
import { manifest, state } from "./state.js";
import { t } from "./words.js";

const section = (heading, ...children) => h("section", { class: "card" }, h("h2", {}, heading), children);

function notice() {
  return h(
    "details",
    { class: "card" },
    h("summary", {}, h("h2", {}, t("about.notice")), icon("down")),
    points(),
  );
}

function version() {
  const { id, unseen, golden } = manifest();
  return section(
    t("about.version"),
    h("p", {}, `${id} · unseen ${unseen}`),
    h("p", {}, t("about.tested", { n: golden.length })),
    h("p", { class: "fine" }, t("about.licence")),
  );
}

export function aboutView(main) {
  main.append(
    ...[
      h("h1", { tabindex: "-1" }, t("about.title")),
      section(t("about.does"), h("p", {}, say("about.what"))),
      section(t("about.private"), h("p", {}, t("about.privateText")), h("p", {}, t("about.stored"))),
      section(
        t("about.offline"),
        h("p", {}, t("about.offlineText")),
        h("p", {}, t(state.cached ? "start.ready" : "start.notKept")),
      ),
      state.app ? notice() : null,
      state.app ? version() : null,
    ].filter(Boolean),
  );
  return {};
}
