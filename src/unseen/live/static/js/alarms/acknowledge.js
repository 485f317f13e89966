// "I have seen it": a name, a note, and it is written into the log.

import { post } from "../api.js";
import { h } from "../dom.js";
import { say } from "../frame.js";
import { refresh } from "../live.js";
import { t } from "../words.js";

const KEPT = "unseen.name";

/** Ask who and why, send it, then call `done`. */
export function acknowledge(alarm, done) {
  const name = String(alarm.name ?? alarm.sensor ?? alarm.id);
  const by = h("input", {
    name: "by",
    required: true,
    maxlength: 80,
    autocomplete: "name",
    value: localStorage.getItem(KEPT) ?? "",
  });
  const note = h("textarea", { name: "note", maxlength: 500 });
  const fault = h("p", { class: "fault", role: "alert" });
  const send = h("button", { class: "button main", type: "submit" }, t("acknowledge"));
  const from = document.activeElement?.dataset.key;

  async function submit(event) {
    event.preventDefault();
    if (!by.value.trim()) return void (fault.textContent = t("needName"));
    send.disabled = true;
    localStorage.setItem(KEPT, by.value.trim());
    try {
      await post(`api/alarms/${encodeURIComponent(alarm.id)}/acknowledge`, {
        by: by.value.trim(),
        note: note.value.trim(),
      });
    } catch (error) {
      send.disabled = false;
      return void (fault.textContent = error.message);
    }
    box.close();
    say(t("done", { name }));
    refresh();
    await done();
    return undefined;
  }

  const form = h(
    "form",
    { onsubmit: submit, novalidate: true },
    h("h2", { id: "ack-title" }, t("acknowledge")),
    h("div", { class: "muted" }, name),
    h("label", { class: "field" }, h("span", {}, t("yourName")), by),
    h("label", { class: "field" }, h("span", {}, t("noteOptional")), note),
    fault,
    h(
      "div",
      { class: "ends" },
      h("button", { class: "button", type: "button", onclick: () => box.close() }, t("cancel")),
      send,
    ),
  );
  const box = h("dialog", { "aria-labelledby": "ack-title" }, form);
  box.addEventListener("close", () => {
    box.remove();
    const back = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === from);
    (back ?? document.getElementById("main")).focus({ preventScroll: true });
  });
  document.body.append(box);
  box.showModal();
  (by.value ? note : by).focus();
}
