// The page: the notice first, then the view of the address; one clear message where the model cannot run.

import { aboutView } from "./about.js";
import { cardView } from "./card.js";
import { cornersView } from "./corners.js";
import { h } from "./dom.js";
import { openEngine } from "./engine.js";
import { faultView } from "./faults.js";
import { frame } from "./frame.js";
import { listenForInstall } from "./install.js";
import { accepted, noticeView } from "./notice.js";
import { pastView } from "./past.js";
import { resultView } from "./result.js";
import { read } from "./route.js";
import { startView } from "./start.js";
import { state, subscribe, tell } from "./state.js";
import { t } from "./words.js";

const VIEWS = {
  "": { view: startView, tab: "screen", needs: () => state.app },
  corners: { view: cornersView, tab: "screen", needs: () => state.task },
  result: { view: resultView, tab: "screen", needs: () => state.task },
  history: { view: pastView, tab: "history", needs: () => true },
  card: { view: cardView, tab: "card", needs: () => state.app },
  about: { view: aboutView, tab: "about", needs: () => true },
};

let page; // the frame
let shown = null; // {name, part}

/** Which view can be shown now: waiting, a fault, the notice, or what the address asks for. */
function wanted() {
  const asked = read(location.hash);
  const name = asked in VIEWS ? asked : "";
  if (state.fault && !["history", "about"].includes(name)) return "fault";
  if (!state.app && !state.fault) return "waiting";
  if (state.app && !accepted()) return "notice";
  return VIEWS[name].needs() ? name : "";
}

function waitingView(main) {
  main.append(
    h(
      "div",
      { class: "quiet" },
      h("div", { class: "turning" }),
      h("strong", {}, t("nav.loading")),
      t("nav.loadingNote"),
    ),
  );
  return {};
}

const OTHERS = { waiting: waitingView, fault: faultView, notice: noticeView };

function put(name) {
  const first = shown === null || shown.name === "waiting";
  shown?.part.close?.();
  page.main.replaceChildren();
  page.main.className = "";
  shown = { name, part: (OTHERS[name] ?? VIEWS[name].view)(page.main, show) };
  if (first) return;
  scrollTo(0, 0);
  (page.main.querySelector("h1[tabindex]") ?? page.main).focus({ preventScroll: true });
}

/** Show what is wanted; `again` builds the same view anew. */
function show(again = false) {
  const name = wanted();
  const asked = read(location.hash);
  if (name === "" && asked !== "" && !(asked in VIEWS && VIEWS[asked].needs()))
    history.replaceState(null, "", "#/");
  page.renew(VIEWS[name]?.tab ?? null, name === "notice" || name === "waiting");
  if (again === true || shown?.name !== name) put(name);
}

function build() {
  page = frame(document.body, () => {
    build();
    document.getElementById("language").focus();
  });
  shown?.part.close?.();
  shown = null;
  show();
}

const keptNow = ({ offline, waiting }) => tell({ cached: offline, update: waiting });

async function begin() {
  try {
    tell({ app: await openEngine(keptNow), fault: null });
  } catch (error) {
    tell({ fault: error });
  }
}

build();
subscribe((changes) => {
  show();
  shown.part.renew?.(changes);
});
for (const event of ["online", "offline"]) addEventListener(event, () => tell({}));
// what is folded away belongs on paper too
addEventListener("beforeprint", () =>
  document.querySelectorAll("details[data-details]").forEach((one) => (one.open = true)),
);
addEventListener("hashchange", () => show());
listenForInstall();
begin();
