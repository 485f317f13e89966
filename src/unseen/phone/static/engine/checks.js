// File checks before any model sees a picture; the same order, limits and codes as `unseen.pictures.checks`.

import { areaAverage } from "./area.js";
import { insideOf, windowOf } from "./framing.js";
import { Refusal } from "./refusal.js";

// Where sharpness is measured; the rim is left out: what is around a film shines into it.
const SHARP_SIDE = 56;
const RIM = 7;

/**
 * Limits; stand in app.json. What is null is not checked.
 * @typedef {object} Limits
 * @property {number | null} side least short side of a file, in pixels; null: the larger side of the framing
 * @property {number | null} photo_side least short side of a photograph
 * @property {number | null} aspect longer over shorter side, at most
 * @property {number | null} chroma below this
 * @property {number | null} spread range of grey inside the borders, at least
 * @property {number | null} sharpness of a photograph, at least
 * @property {number} white grey from which on a pixel counts as glare
 * @property {number | null} glare share of such pixels of a photograph, below this
 */

/** @typedef {import("./gather.js").Picture} Picture */
/** @typedef {import("./framing.js").Framing} Framing */

/**
 * @param {Picture} picture
 * @param {Framing} framing
 * @param {Limits} limits
 * @throws {Refusal} too-small, aspect, colour, flat; of photographs also blurred, glare
 */
export function checkPicture(picture, framing, limits) {
  checkShape(picture, framing, limits);
  if (limits.chroma !== null && picture.chroma >= limits.chroma) {
    throw new Refusal("colour", `its colourfulness is ${picture.chroma.toFixed(3)}; accepted: below ${limits.chroma}`);
  }
  const spread = limits.spread === null ? 0 : rangeOf(picture, insideOf(picture, framing));
  if (limits.spread !== null && spread < limits.spread) {
    throw new Refusal("flat", `its grey values span ${spread.toFixed(3)}; accepted: at least ${limits.spread}`);
  }
  if (picture.photograph) checkPhotograph(picture, framing, limits);
}

/** @param {Picture} picture @param {Framing} framing @param {Limits} limits */
function checkShape({ width, height, photograph }, framing, limits) {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const least = photograph ? limits.photo_side : limits.side || Math.max(framing.height, framing.width);
  const came = `${width} x ${height} pixels came`;
  if (least !== null && short < least) {
    throw new Refusal("too-small", `${came}; accepted: a short side of at least ${least}`);
  }
  if (limits.aspect !== null && long > limits.aspect * short) {
    throw new Refusal("aspect", `${came}; accepted: at most ${limits.aspect} times as long as wide`);
  }
}

/** @param {Picture} picture @param {Framing} framing @param {Limits} limits */
function checkPhotograph(picture, framing, limits) {
  const window = windowOf(picture, framing);
  if (limits.sharpness !== null) {
    const sharp = sharpness(picture, window);
    if (sharp < limits.sharpness) {
      throw new Refusal("blurred", `its sharpness is ${sharp.toFixed(3)}; accepted: at least ${limits.sharpness}`);
    }
  }
  if (limits.glare === null) return;
  const share = shareAbove(picture, window, Math.fround(limits.white));
  if (share >= limits.glare) {
    throw new Refusal("glare", `${Math.round(100 * share)} % of it is overexposed; accepted: below ${100 * limits.glare} %`);
  }
}

/**
 * How much of the contrast four pixels apart is there two apart, at 56 x 56: 1/4 for a ramp, 1 for noise. With D_d
 * the mean squared difference of pixels d apart, in rows plus in columns, without the rim: D_2 / D_4.
 * @param {Picture} picture
 * @param {import("./area.js").Region} window
 * @returns {number} 0 where there is no contrast
 */
export function sharpness(picture, window) {
  const side = SHARP_SIDE;
  const grey = Float32Array.from(areaAverage({ data: picture.grey, top: 1 }, picture.width, window, side, side));
  const far = contrast(grey, side, 4);
  return far > 0 ? contrast(grey, side, 2) / far : 0;
}

function contrast(grey, side, apart) {
  let sum = 0;
  for (let y = RIM; y < side - RIM; y++) {
    for (let x = RIM; x + apart < side - RIM; x++) {
      const across = grey[y * side + x + apart] - grey[y * side + x];
      const down = grey[(x + apart) * side + y] - grey[x * side + y];
      sum += across * across + down * down;
    }
  }
  return sum / ((side - 2 * RIM) * (side - 2 * RIM - apart));
}

function shareAbove({ grey, width: stride }, { left, top, width, height }, white) {
  let count = 0;
  for (let y = top; y < top + height; y++) {
    for (let place = y * stride + left, end = place + width; place < end; place++) {
      if (grey[place] >= white) count++;
    }
  }
  return count / (width * height);
}

/** Largest less smallest grey of a region; 0 where there is none. */
function rangeOf({ grey, width: stride }, region) {
  if (!region) return 0;
  const { left, top, width, height } = region;
  let [least, most] = [Infinity, -Infinity];
  for (let y = top; y < top + height; y++) {
    for (let place = y * stride + left, end = place + width; place < end; place++) {
      const value = grey[place];
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return most - least;
}
