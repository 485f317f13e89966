// One clear message and the next step, where nothing can be screened.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { state } from "./state.js";
import { knows, t } from "./words.js";

/** Nothing can be screened: `code` names the words that are said, the message is for whoever looks closer. */
export class AppFault extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** The code of a fault that the languages know. */
export const known = (fault) => (knows(`fault.${fault.code}`) ? fault.code : "unknown");

export function faultView(main) {
  const code = known(state.fault);
  main.append(
    h("h1", { tabindex: "-1" }, t("fault.title")),
    h(
      "div",
      { class: "card", role: "alert", "data-fault": code },
      h("p", {}, h("strong", {}, t(`fault.${code}`))),
      h("p", {}, t(`fix.${code}`)),
      state.fault.message ? h("p", { class: "fine", lang: "en" }, state.fault.message) : null,
      h(
        "div",
        { class: "buttons" },
        h(
          "button",
          { class: "button main", type: "button", onclick: () => location.reload() },
          icon("turn"),
          t("fault.again"),
        ),
        h("a", { class: "button", href: "#/history" }, t("tab.history")),
      ),
    ),
  );
  return {};
}
