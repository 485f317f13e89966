// File checks before any model sees a picture; the same order, limits and codes as `unseen.pictures.checks`.

import { trimmedRegion } from "./framing.js";
import { Refusal } from "./refusal.js";

/**
 * Limits; stand in app.json.
 * @typedef {Record<string, number>} Limits
 */

/**
 * @param {import("./gather.js").Picture} picture
 * @param {import("./framing.js").Framing} framing
 * @param {Limits} limits
 * @param {boolean} photograph checks of photographs too
 * @throws {Refusal} too-small, aspect, colour, flat, blurred, glare
 */
export function checkPicture(picture, framing, limits, photograph) {
  const { width, height } = picture;
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const least = photograph ? limits.photograph_side : Math.max(framing.height, framing.width);
  const size = `${width} x ${height} pixels came`;
  if (short < least) throw new Refusal("too-small", `${size}; accepted: a short side of at least ${least}`);
  if (long > limits.aspect * short) {
    throw new Refusal("aspect", `${size}; accepted: at most ${limits.aspect} times as long as wide`);
  }
  if (picture.chroma >= limits.chroma) {
    throw new Refusal("colour", `its mean chroma is ${picture.chroma.toFixed(3)}; accepted: below ${limits.chroma}`);
  }
  const range = rangeOf(picture, trimmedRegion(picture, framing));
  if (range < limits.range) {
    throw new Refusal("flat", `its grey values span ${range.toFixed(3)}; accepted: at least ${limits.range}`);
  }
}

function rangeOf({ grey, width: stride }, { left, top, width, height }) {
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
