// The picture with the heat map over it, a switch and a slider for the colours, and the same in words.

import { h } from "./dom.js";
import { say } from "./finding.js";
import { colour, pixels, where } from "./heat.js";
import { keep, kept } from "./kept.js";
import { t } from "./words.js";

const LEAST = 640; // pixels of the longer side that is drawn
const FINE = 224; // pixels of a side of the colours
const STRENGTH = 0.7;

/** Numbers of RGBA as something that can be drawn. */
function drawable(data, width, height) {
  const canvas = h("canvas", { width, height });
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

/** Draw picture, colours and the border of what the model saw. */
function paint(canvas, { preview, picture, frame, map }, strength) {
  const part = Math.max(1, LEAST / Math.max(preview.width, preview.height));
  canvas.width = Math.round(preview.width * part);
  canvas.height = Math.round(preview.height * part);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(
    drawable(preview.pixels, preview.width, preview.height),
    0,
    0,
    canvas.width,
    canvas.height,
  );
  if (!frame) return;
  const [across, down] = [canvas.width / picture.width, canvas.height / picture.height];
  const box = [frame.left * across, frame.top * down, frame.width * across, frame.height * down];
  outside(context, canvas, box);
  if (!map || !strength) return;
  context.globalAlpha = strength;
  context.drawImage(drawable(pixels(map, FINE), FINE, FINE), ...box);
  context.globalAlpha = 1;
}

/** What the model did not see lies in the dark. */
function outside(context, canvas, [left, top, width, height]) {
  context.fillStyle = "rgba(0, 0, 0, .55)";
  context.beginPath();
  context.rect(0, 0, canvas.width, canvas.height);
  context.rect(left, top, width, height);
  context.fill("evenodd");
}

/** The colour scale from nothing to full. */
function scale() {
  const canvas = h("canvas", { class: "scale", width: 256, height: 1, "aria-hidden": "true" });
  const data = new Uint8ClampedArray(4 * 256);
  for (let x = 0; x < 256; x++) data.set(colour(x / 255), 4 * x);
  canvas.getContext("2d").putImageData(new ImageData(data, 256, 1), 0, 0);
  return h(
    "figure",
    { class: "legend" },
    h("figcaption", {}, say("film.scale")),
    h("div", {}, h("span", {}, t("film.none")), canvas, h("span", {}, t("film.much"))),
  );
}

/** Where most evidence is, as a sentence. */
export function whereWords(map) {
  const place = where(map);
  if (place === null) return say("film.nowhere");
  return say("film.most", { where: place ? t(`where.${place}`) : t("film.wide") });
}

function controls(changed) {
  const shown = kept("colours") !== "off";
  const strength = Number(kept("strength") ?? STRENGTH);
  const slide = h("input", {
    type: "range",
    id: "strength",
    min: 0.1,
    max: 1,
    step: 0.1,
    value: strength,
    disabled: !shown,
  });
  const tick = h("input", { type: "checkbox", id: "colours", checked: shown });
  const tell = () => {
    slide.disabled = !tick.checked;
    keep("colours", tick.checked ? "on" : "off");
    keep("strength", slide.value);
    changed(tick.checked ? Number(slide.value) : 0);
  };
  tick.addEventListener("change", tell);
  slide.addEventListener("input", tell);
  tell();
  return h(
    "div",
    { class: "no-print" },
    h("label", { class: "tick" }, tick, t("film.show")),
    h("label", { class: "slide" }, h("span", {}, t("film.strength")), slide),
  );
}

/** The card of the picture; null where it could not be read. */
export function filmCard(reading) {
  if (!reading.preview) return null;
  const { map } = reading;
  const alt = [say("film.alt"), map ? whereWords(map) : ""].filter(Boolean).join(" ");
  const canvas = h("canvas", { role: "img", "aria-label": alt, id: "film" });
  const draw = (strength) => paint(canvas, reading, strength);
  if (!map) draw(0);
  return h(
    "section",
    { class: "card film" },
    h("h2", {}, say(map ? "film.title" : "film.titlePlain")),
    h("div", { class: "stage" }, canvas),
    map
      ? [
          scale(),
          h(
            "p",
            { class: "where" },
            h("strong", {}, whereWords(map)),
            " ",
            h("span", { class: "muted" }, t("film.sides")),
          ),
          h("p", { class: "warning" }, say("film.words")),
          controls(draw),
        ]
      : null,
  );
}
