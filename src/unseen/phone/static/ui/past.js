// The history as a page, and its last lines on the start page.

import { h } from "./dom.js";
import { say } from "./finding.js";
import { announce } from "./frame.js";
import { all, asCsv, asJson, clear, isLasting, remove } from "./history.js";
import { icon, mark } from "./icons.js";
import { dated, save } from "./saving.js";
import { knows, moment, t } from "./words.js";

const PAGE = 50;

const short = (outcome) => (knows(`outcome.${outcome}.short`) ? t(`outcome.${outcome}.short`) : outcome);

function words(entry) {
  const reason = entry.reason && knows(`refused.${entry.reason}`) ? t(`refused.${entry.reason}`) : null;
  return h(
    "div",
    { class: "past-words" },
    h("strong", {}, short(entry.outcome)),
    h("span", { class: "muted" }, moment(entry.at)),
    reason ? h("span", {}, reason) : null,
    h("span", { class: "muted" }, `${entry.source ?? t("history.noSource")} · ${entry.version}`),
    entry.note ? h("span", { class: "past-note" }, icon("note"), entry.note) : null,
  );
}

/** One result; with `gone`, a button deletes it. */
const line = (entry, gone) =>
  h(
    "li",
    { "data-outcome": entry.outcome },
    mark(entry.outcome),
    words(entry),
    gone
      ? h(
          "button",
          {
            class: "button plain square",
            type: "button",
            "aria-label": t("history.deleteOf", { time: moment(entry.at) }),
            onclick: () => gone(entry),
          },
          icon("bin"),
        )
      : null,
  );

/** The last three results, filled in when they were read. */
export function recent() {
  const place = h("section", { class: "recent" });
  all().then((entries) => {
    if (!entries.length) return;
    place.append(
      h("h2", {}, t("start.recent")),
      h(
        "ul",
        { class: "past" },
        entries.slice(0, 3).map((entry) => line(entry)),
      ),
      h("p", {}, h("a", { class: "button plain", href: "#/history" }, t("start.all"), icon("right"))),
    );
  });
  return place;
}

/** Ask before everything is deleted. */
function sure(count, done) {
  const yes = async () => {
    box.close();
    await clear();
    announce(t("history.deleted"));
    done();
  };
  const box = h(
    "dialog",
    { "aria-labelledby": "sure-title" },
    h("h2", { id: "sure-title" }, t("history.sure")),
    h("p", {}, t("history.sureNote", { n: count })),
    h(
      "div",
      { class: "buttons" },
      h("button", { class: "button", type: "button", onclick: () => box.close() }, t("history.cancel")),
      h("button", { class: "button bad", type: "button", onclick: yes }, t("history.deleteAll")),
    ),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

function tools(entries, renew) {
  return h(
    "div",
    { class: "buttons" },
    h(
      "button",
      {
        class: "button",
        type: "button",
        onclick: () => save(asCsv(entries), dated("unseen", "csv"), "text/csv"),
      },
      icon("save"),
      t("history.csv"),
    ),
    h(
      "button",
      {
        class: "button",
        type: "button",
        onclick: () => save(asJson(entries), dated("unseen", "json"), "application/json"),
      },
      icon("save"),
      t("history.json"),
    ),
    h(
      "button",
      { class: "button bad", type: "button", onclick: () => sure(entries.length, renew) },
      icon("bin"),
      t("history.deleteAll"),
    ),
  );
}

const nothing = () =>
  h(
    "div",
    { class: "quiet" },
    icon("history"),
    h("strong", {}, t("history.empty")),
    say("history.emptyNote"),
  );

export function pastView(main) {
  const heading = h("h1", { tabindex: "-1" }, t("history.title"));
  const place = h("div", { "data-ready": "false" });
  let most = PAGE;

  async function gone(entry) {
    await remove(entry.id);
    announce(t("history.deleted"));
    await renew();
    heading.focus();
  }

  async function renew() {
    const [entries, lasting] = [await all(), await isLasting()];
    const more = () => {
      most += PAGE;
      renew();
    };
    place.replaceChildren(
      lasting ? "" : h("p", { class: "card fault", role: "status" }, t("history.denied")),
      ...(entries.length
        ? [
            h("h2", {}, t("history.count", { n: entries.length })),
            h(
              "ul",
              { class: "past" },
              entries.slice(0, most).map((entry) => line(entry, gone)),
            ),
            entries.length > most
              ? h("button", { class: "button", type: "button", onclick: more }, t("history.more"))
              : "",
            tools(entries, renew),
          ]
        : [nothing()]),
    );
    place.dataset.ready = "true";
  }

  main.append(heading, h("p", { class: "lead" }, t("history.lead")), place);
  renew();
  return {};
}
