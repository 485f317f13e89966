// A picture to the numbers a model takes: borders trimmed, the centre cut out, area averaged.
// The same steps as `unseen.pictures.framing` in Python.

import { areaAverage } from "./area.js";
import { Refusal } from "./refusal.js";

// A border row or column whose grey range is below this is dropped: up to three grey levels, rounding aside.
const UNIFORM = 4 / 255 - 1e-6;

/**
 * What a model takes; stands in app.json.
 * @typedef {object} Framing
 * @property {1 | 3} channels
 * @property {number} height
 * @property {number} width
 * @property {boolean} trim drop uniform borders
 * @property {boolean} crop cut out the centre square of the short side
 * @property {number} unit what white becomes: 1, or 255
 */

/** @typedef {import("./area.js").Region} Region */

/**
 * The part of a picture that a model sees; the whole where it has the size of the model.
 * @param {import("./gather.js").Picture} picture
 * @param {Framing} framing
 * @returns {Region}
 * @throws {Refusal} flat: nothing but border
 */
export function framed(picture, framing) {
  const { width, height } = picture;
  if (width === framing.width && height === framing.height) return { left: 0, top: 0, width, height };
  return windowOf(picture, framing);
}

/**
 * What is left of a picture of any size, trimmed and cropped.
 * @param {import("./gather.js").Picture} picture
 * @param {Framing} framing
 * @returns {Region}
 * @throws {Refusal} flat: nothing but border
 */
export function windowOf(picture, framing) {
  const inside = insideOf(picture, framing);
  if (!inside) throw new Refusal("flat", "there is nothing but uniform rows and columns");
  if (!framing.crop) return inside;
  const side = Math.min(inside.width, inside.height);
  const left = inside.left + Math.floor((inside.width - side) / 2);
  const top = inside.top + Math.floor((inside.height - side) / 2);
  return { left, top, width: side, height: side };
}

/**
 * A picture without its uniform borders, where the framing trims.
 * @param {import("./gather.js").Picture} picture
 * @param {Framing} framing
 * @returns {Region | null} null where nothing is left
 */
export function insideOf(picture, framing) {
  const whole = { left: 0, top: 0, width: picture.width, height: picture.height };
  return framing.trim ? trimmed(picture, whole) : whole;
}

/**
 * @param {import("./gather.js").Picture} picture
 * @param {Region} region as `framed` gives it
 * @param {Framing} framing
 * @returns {Float32Array} channels x height x width
 */
export function frameRows(picture, region, { channels, height, width, unit }) {
  const planes = channels === 1 ? [{ data: picture.grey, top: 1 }] : coloursOf(picture);
  const out = new Float32Array(channels * height * width);
  planes.forEach((plane, band) => {
    const found = areaAverage(plane, picture.width, region, height, width);
    for (let at = 0; at < found.length; at++) {
      // stored in single precision before the unit, as in Python
      out[band * found.length + at] = Math.fround(found[at]) * unit;
    }
  });
  return out;
}

/** Grey pictures are three equal colours. */
function coloursOf(picture) {
  const grey = { data: picture.grey, top: 1 };
  return picture.colours ?? [grey, grey, grey];
}

/** From top, bottom, left and right in turn, again and again until nothing changes. */
function trimmed({ grey, width: stride }, { left, top, width, height }) {
  let [right, bottom] = [left + width, top + height];
  const row = (y) => isUniform(grey, y * stride + left, 1, right - left);
  const column = (x) => isUniform(grey, top * stride + x, stride, bottom - top);
  for (let before = -1; before !== right - left + bottom - top; ) {
    before = right - left + bottom - top;
    while (top < bottom && row(top)) top++;
    while (bottom > top && row(bottom - 1)) bottom--;
    while (top < bottom && left < right && column(left)) left++;
    while (top < bottom && right > left && column(right - 1)) right--;
    if (top >= bottom || left >= right) return null;
  }
  return { left, top, width: right - left, height: bottom - top };
}

function isUniform(grey, start, step, count) {
  let [least, most] = [Infinity, -Infinity];
  for (let at = 0, place = start; at < count; at++, place += step) {
    const value = grey[place];
    if (value < least) least = value;
    if (value > most) most = value;
    if (most - least >= UNIFORM) return false;
  }
  return true;
}
