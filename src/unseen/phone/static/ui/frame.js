// The frame of every page: brand, tabs, lines about demo, network and news, the place for a view.

import { h } from "./dom.js";
import { brand, icon } from "./icons.js";
import { manifest, state } from "./state.js";
import { LANGUAGES, language, own, speak, t } from "./words.js";

const TABS = { screen: "#/", history: "#/history", card: "#/card", about: "#/about" };

function languages(changed) {
  const options = Object.entries(LANGUAGES).map(([tag, name]) =>
    h("option", { value: tag, lang: tag, selected: tag === language() }, name),
  );
  const chosen = (event) => {
    speak(event.target.value);
    changed();
  };
  return h(
    "label",
    { class: "tongue" },
    h("span", { class: "hidden-words" }, t("nav.language")),
    h("select", { onchange: chosen, id: "language" }, options),
  );
}

const tab = (name, here) =>
  h("a", { href: TABS[name], "aria-current": here === name ? "page" : null }, icon(name), t(`tab.${name}`));

/** The name of the app in the language of the page. */
export const title = () => String(own(manifest()?.title) ?? "unseen");

/** Build the frame into `body`; `changed` is called when another language is chosen. */
export function frame(body, changed) {
  const main = h("main", { id: "main", tabindex: "-1" });
  const name = h("span");
  const tabs = h("nav", { class: "tabs", "aria-label": t("nav.views") });
  const demo = h("p", { class: "strip demo", hidden: true }, t("strip.demo"));
  const offline = h("p", { class: "strip offline", role: "status", hidden: true }, t("strip.offline"));
  const news = h("p", { class: "strip news", role: "status", hidden: true }, t("strip.news"));
  const skip = (event) => {
    event.preventDefault();
    main.focus();
  };
  for (const line of [demo, offline, news]) line.classList.add("no-print");
  body.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: skip }, t("nav.skip")),
    h(
      "header",
      { class: "bar" },
      h("a", { class: "brand", href: "#/", "aria-label": t("nav.home") }, brand(), name),
      tabs,
      languages(changed),
    ),
    demo,
    news,
    offline,
    main,
    h("div", { class: "hidden-words", id: "polite", "aria-live": "polite" }),
  );
  return {
    main,
    renew(here, gated) {
      name.textContent = title();
      document.title = title();
      demo.hidden = !manifest()?.demo;
      offline.hidden = navigator.onLine;
      news.hidden = !state.update;
      tabs.hidden = gated;
      document.body.classList.toggle("gated", gated);
      tabs.replaceChildren(...Object.keys(TABS).map((one) => tab(one, here)));
    },
  };
}

/** Say something to screen readers. */
export function announce(text) {
  document.getElementById("polite").textContent = text;
}
