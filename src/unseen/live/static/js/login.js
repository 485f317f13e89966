// The form for the token; it stays in this browser tab and travels in a header only.

import { keepToken } from "./api.js";
import { h } from "./dom.js";
import { refresh } from "./live.js";
import { state } from "./state.js";
import { t } from "./words.js";

export function login() {
  const field = h("input", {
    type: "password",
    name: "token",
    autocomplete: "current-password",
    required: true,
    id: "token",
  });
  const fault = h("p", { class: "fault", role: "alert" });
  const enter = async (event) => {
    event.preventDefault();
    const token = field.value.trim();
    // others cannot stand in a header, so they are no token
    if (!/^[\x21-\x7e]+$/.test(token)) return void (fault.textContent = t("wrongToken"));
    keepToken(token);
    await refresh();
    if (state.fault) fault.textContent = state.fault.status === 401 ? t("wrongToken") : state.fault.message;
  };
  return h(
    "form",
    { class: "login", onsubmit: enter },
    h("h1", {}, t("loginTitle")),
    h("p", { class: "muted" }, t("loginNote")),
    h("label", { class: "field" }, h("span", {}, t("token")), field),
    fault,
    h("button", { class: "button main", type: "submit" }, t("enter")),
  );
}
