// The first screen: choose a film, take a photograph, say where films come from.

import { h } from "./dom.js";
import { say } from "./finding.js";
import { icon } from "./icons.js";
import { isLasting } from "./history.js";
import { installCard } from "./install.js";
import { recent } from "./past.js";
import { choose, chosenRecord, isDetector, keyOf, records, state } from "./state.js";
import { announce } from "./frame.js";
import { begin } from "./task.js";
import { t } from "./words.js";

const KINDS = "image/png,image/jpeg,image/webp,application/dicom,.png,.jpg,.jpeg,.dcm,.dicom";

/** Take the first of some files; says so where there were more. */
function take(files, photo) {
  if (!files.length) return;
  if (files.length > 1) announce(t("start.one", { n: files.length }));
  begin(files[0], photo);
}

/** A large button around a file input. */
function picker({ name, sign = name, title, note, look, accept, capture }) {
  const input = h("input", {
    type: "file",
    accept,
    capture: capture ? "environment" : null,
    class: "hidden-words",
    id: `pick-${name}`,
    onchange: (event) => {
      take([...event.target.files], capture);
      event.target.value = "";
    },
  });
  return h(
    "label",
    { class: `pick ${look}`, for: `pick-${name}` },
    input,
    icon(sign),
    h("span", {}, h("strong", {}, title), h("small", {}, note)),
  );
}

/** Which place the films come from; the sentence below says what follows from it. */
export function sources(changed = () => {}) {
  const note = h("small", { id: "source-note" });
  const tellNote = () =>
    (note.textContent = t(
      records().length ? (chosenRecord() ? "start.sourceNote" : "start.sourceNoteNone") : "start.sourceEmpty",
    ));
  const options = records().map((record) =>
    h(
      "option",
      { value: keyOf(record), selected: record === chosenRecord() },
      record.photo ? t("start.sourcePhoto", { source: record.source }) : record.source,
    ),
  );
  const picked = (event) => {
    choose(event.target.value);
    tellNote();
    changed();
  };
  tellNote();
  return h(
    "label",
    { class: "field" },
    h("span", {}, t("start.source")),
    h(
      "select",
      { id: "source", onchange: picked, "aria-describedby": "source-note", disabled: !records().length },
      h("option", { value: "" }, t("start.sourceNone")),
      options,
    ),
    note,
  );
}

/** Files dropped on the page or pasted into it. */
function listen(main, drop) {
  const over = (event) => {
    event.preventDefault();
    drop.classList.add("over");
  };
  const out = (event) => {
    if (!main.contains(event.relatedTarget)) drop.classList.remove("over");
  };
  const dropped = (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take([...event.dataTransfer.files], false);
  };
  const pasted = (event) => take([...event.clipboardData.files], false);
  const all = { dragover: over, dragleave: out, drop: dropped };
  for (const [name, act] of Object.entries(all)) main.addEventListener(name, act);
  addEventListener("paste", pasted);
  return () => {
    for (const [name, act] of Object.entries(all)) main.removeEventListener(name, act);
    removeEventListener("paste", pasted);
  };
}

/** What holds on this device: nothing is sent, and whether a network is needed. */
function promises() {
  const { cached } = state;
  return h(
    "ul",
    { class: "promises" },
    h(
      "li",
      {},
      icon("lock"),
      h("span", {}, h("strong", {}, t("start.private")), " ", t("start.privateNote")),
    ),
    h(
      "li",
      { "data-cached": String(cached) },
      icon(cached ? "ready" : "globe"),
      h("span", {}, t(cached ? "start.ready" : "start.notKept")),
    ),
  );
}

/** Where the browser keeps nothing, it is said; filled in when that is known. */
function warning() {
  const place = h("div");
  isLasting().then((lasting) => {
    if (!lasting)
      place.append(
        h(
          "p",
          { class: "card", role: "status", "data-fault": "storage" },
          h("strong", {}, t("fault.storage")),
          " ",
          t("fix.storage"),
        ),
      );
  });
  return place;
}

export function startView(main) {
  const drop = h(
    "div",
    { class: "drop" },
    picker({
      name: "film",
      sign: isDetector() ? "picture" : "film",
      title: say("start.choose"),
      note: t("start.kinds"),
      look: "main",
      accept: KINDS,
      capture: false,
    }),
    picker({
      name: "camera",
      title: t("start.camera"),
      note: say("start.cameraNote"),
      look: "",
      accept: "image/*",
      capture: true,
    }),
    h("p", { class: "fine desk" }, t("start.drop")),
    h("p", { class: "now", "aria-hidden": "true" }, t("start.dropNow")),
  );
  const promised = h("div");
  const offer = h("div");
  const renew = () => {
    promised.replaceChildren(promises());
    offer.replaceChildren(...[installCard()].filter(Boolean));
  };
  main.append(
    h("h1", { tabindex: "-1" }, say("start.title")),
    h("p", { class: "lead" }, say("start.lead")),
    drop,
    isDetector() ? "" : h("div", { class: "card" }, sources()),
    promised,
    warning(),
    offer,
    recent(),
  );
  renew();
  const close = listen(main, drop);
  return { close, renew };
}
