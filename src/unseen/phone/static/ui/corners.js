// Marking a film in a photograph: four handles for fingers, mouse and keys, a loupe, and a first guess.

import { h, s } from "./dom.js";
import { announce } from "./frame.js";
import { icon } from "./icons.js";
import { loupe } from "./loupe.js";
import { state } from "./state.js";
import { drop, screen } from "./task.js";
import { t } from "./words.js";
import { firstGuess } from "../engine/corners.js";
import { previewOf } from "../engine/preview.js";
import { isConvex } from "../engine/quad.js";

const NAMES = ["topLeft", "topRight", "bottomRight", "bottomLeft"];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.004; // of the picture, for one press of a key; five times as much with Shift

const within = (value) => Math.min(Math.max(value, 0), 1);

/** Corners as shares of width and height: the first guess, or a frame somewhat inside the picture. */
function firstCorners(picture) {
  const { corners, found } = firstGuess(picture);
  return { found, places: corners.map(([x, y]) => [x / picture.width, y / picture.height]) };
}

/** The photograph as a canvas. */
function shown(picture) {
  const { width, height, pixels } = previewOf(picture);
  const canvas = h("canvas", { width, height, "aria-hidden": "true" });
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas;
}

/** One handle; `moved(x, y)` is asked where the corner shall go, in shares of the picture. */
function handle(name, stage, { moved, begun, ended }) {
  const button = h("button", { class: "handle", type: "button", "data-corner": name });
  let held = null; // where within the handle the finger is
  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    held = [x - Number(button.dataset.x), y - Number(button.dataset.y)];
    begun();
  });
  button.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = at(event);
    moved(x - held[0], y - held[1]);
  });
  for (const end of ["pointerup", "pointercancel"])
    button.addEventListener(end, () => {
      held = null;
      ended();
    });
  button.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const size = event.shiftKey ? 5 * STEP : STEP;
    moved(Number(button.dataset.x) + size * step[0], Number(button.dataset.y) + size * step[1]);
    announce(button.getAttribute("aria-label"));
  });
  button.addEventListener("focus", begun);
  button.addEventListener("blur", ended);
  return button;
}

/** The stage: photograph, outline, handles, loupe. `changed` hears of every move. */
function stageOf(picture, places, changed) {
  const canvas = shown(picture);
  const outline = s("polygon", {});
  const veil = s("path", { class: "veil", "fill-rule": "evenodd" });
  const lines = s(
    "svg",
    { viewBox: "0 0 1 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    veil,
    outline,
  );
  const glass = loupe(canvas);
  const stage = h("div", { class: "crop", role: "group", "aria-label": t("corners.stage") }, canvas, lines);
  const handles = NAMES.map((name, index) =>
    handle(name, stage, {
      moved: (x, y) => {
        places[index] = [within(x), within(y)];
        renew();
        glass.look(places[index], places);
      },
      begun: () => glass.look(places[index], places),
      ended: () => glass.hide(),
    }),
  );
  function renew() {
    const points = places.map((place) => place.join(","));
    outline.setAttribute("points", points.join(" "));
    veil.setAttribute("d", `M0 0H1V1H0ZM${points.join("L")}Z`);
    handles.forEach((button, index) => {
      const [x, y] = places[index];
      Object.assign(button.dataset, { x, y });
      button.style.left = `${100 * x}%`;
      button.style.top = `${100 * y}%`;
      const spot = t("corners.at", { x: Math.round(100 * x), y: Math.round(100 * y) });
      button.setAttribute("aria-label", `${t(`corners.${NAMES[index]}`)}, ${spot}`);
    });
    changed();
  }
  stage.append(...handles, glass.element);
  return { stage, renew };
}

/** Pixels of the corners in the photograph. */
const inPixels = (places, { width, height }) => places.map(([x, y]) => [x * width, y * height]);

export function cornersView(main) {
  const { picture } = state.task;
  const { found, places } = firstCorners(picture);
  const said = h("p", { role: "status" }, t(found ? "corners.guessed" : "corners.notGuessed"));
  const go = h("button", { class: "button main broad", type: "button" }, icon("screen"), t("corners.go"));
  const { stage, renew } = stageOf(picture, places, () => {
    const fine = isConvex(inPixels(places, picture));
    go.disabled = !fine;
    stage.classList.toggle("twisted", !fine);
    if (!fine) said.textContent = t("corners.twisted");
    else if (said.textContent === t("corners.twisted")) said.textContent = "";
  });
  go.addEventListener("click", () => screen({ corners: inPixels(places, picture) }));
  const whole = () => screen({ corners: null });
  const again = () => {
    firstCorners(picture).places.forEach((place, index) => (places[index] = place));
    renew();
  };
  const other = () => {
    drop();
    location.hash = "#/";
  };
  renew();
  main.append(
    h("h1", { tabindex: "-1" }, t("corners.title")),
    h("p", { class: "lead" }, t("corners.lead")),
    stage,
    said,
    go,
    h(
      "div",
      { class: "buttons" },
      h("button", { class: "button", type: "button", onclick: whole }, t("corners.whole")),
      h("button", { class: "button", type: "button", onclick: again }, t("corners.again")),
      h("button", { class: "button", type: "button", onclick: other }, t("corners.other")),
    ),
    h("p", { class: "fine" }, t("corners.keys")),
  );
  return {};
}
