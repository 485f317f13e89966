// The offer to install the app: the browser's own where it makes one, words where the user must do it by hand.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { keep, kept } from "./kept.js";
import { state, tell } from "./state.js";
import { t } from "./words.js";

/** Keep the browser's offer for our own button. */
export function listenForInstall() {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    tell({ install: event });
  });
  addEventListener("appinstalled", () => tell({ install: null }));
}

const installed = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
const isApple = () =>
  /iPad|iPhone|iPod/.test(navigator.userAgent) ||
  (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);

async function ask() {
  const offer = state.install;
  offer.prompt();
  await offer.userChoice;
  tell({ install: null });
}

/** A card with the offer, or null: installed already, not offered, or waved away. */
export function installCard() {
  if (installed() || kept("install") === "no" || !(state.install || isApple())) return null;
  const card = h(
    "section",
    { class: "card install" },
    h("p", {}, state.install ? t("install.note") : t("install.iphone")),
    h(
      "div",
      { class: "buttons" },
      state.install
        ? h("button", { class: "button", type: "button", onclick: ask }, icon("install"), t("install.button"))
        : null,
      h(
        "button",
        { class: "button plain", type: "button", onclick: () => (keep("install", "no"), card.remove()) },
        t("install.hide"),
      ),
    ),
  );
  return card;
}
