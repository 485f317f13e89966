// What must be read and accepted before the first film, and what stands under every result.

import { h } from "./dom.js";
import { finding } from "./finding.js";
import { icon } from "./icons.js";
import { keep, kept } from "./kept.js";
import { isDetector, manifest } from "./state.js";
import { knows, own, t } from "./words.js";

const ICONS = { children: "child", "one-hospital": "house", "one-finding": "lens", "not-validated": "globe" };
const EDITION = "1"; // another text needs another consent

/** Which notice was accepted: the text's edition and the model's title, so a model of another kind asks anew. */
const mine = () => `${EDITION}:${manifest()?.kind}:${JSON.stringify(manifest()?.title)}`;

export const accepted = () => kept("accepted") === mine();

/** What this model's makers say of its limits: known codes in every language, else their own words. */
export function limits() {
  const told = manifest()?.card?.notice ?? (isDetector() ? [] : ["one-finding", "not-validated"]);
  return told.map((one) => ({
    icon: ICONS[one] ?? "warn",
    text: knows(`notice.${one}`) ? t(`notice.${one}`, { finding: finding() }) : own(one),
  }));
}

/** Whom the data are from, in one line, or nothing. */
export function credit() {
  const card = manifest()?.card ?? {};
  return own(card.credit ?? card.data?.credit) ?? null;
}

/** The points of the notice as a list. */
export function points() {
  const detector = isDetector();
  const lines = [
    { icon: "warn", text: t("notice.device"), strong: true },
    ...(detector ? [{ icon: "lens", text: t("notice.detector") }] : []),
    ...limits(),
    { icon: "person", text: t(detector ? "notice.turnDetector" : "notice.turn"), strong: !detector },
    { icon: "lock", text: t("notice.private") },
    ...(credit() ? [{ icon: "book", text: t("notice.credit", { credit: credit() }) }] : []),
  ];
  return h(
    "ul",
    { class: "points" },
    lines.map((line) => h("li", {}, icon(line.icon), h(line.strong ? "strong" : "span", {}, line.text))),
  );
}

/** The notice of first start; `done` is called once it was accepted. */
export function noticeView(main, done) {
  const accept = () => {
    keep("accepted", mine());
    done();
  };
  main.append(
    h("h1", { tabindex: "-1" }, t("notice.title")),
    h("p", { class: "lead" }, t("notice.lead")),
    h("div", { class: "card" }, points()),
    h(
      "button",
      { class: "button main broad", type: "button", onclick: accept },
      icon("ready"),
      t("notice.accept"),
    ),
  );
  return {};
}

/** The short notice under each result. */
export function underneath() {
  const words = isDetector()
    ? [t("notice.shortDetector")]
    : [
        t("notice.short"),
        ...limits().map((one) => one.text),
        t("notice.shortTurn"),
        credit() ? t("notice.credit", { credit: credit() }) : "",
      ];
  return h("p", { class: "underneath" }, icon("warn"), h("span", {}, words.filter(Boolean).join(" ")));
}
