// A small grey copy of a picture to show; never more than the screen needs.

import { areaAverage } from "./area.js";

// Longest side of a preview, in pixels.
const SIDE = 1024;

/**
 * @typedef {object} Preview
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray} pixels RGBA, grey, ready for `new ImageData(pixels, width, height)`
 */

/** @param {import("./gather.js").Picture} picture @returns {Preview} */
export function previewOf(picture) {
  const part = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * part));
  const height = Math.max(1, Math.round(picture.height * part));
  const whole = { left: 0, top: 0, width: picture.width, height: picture.height };
  const grey = areaAverage({ data: picture.grey, top: 1 }, picture.width, whole, height, width);
  const pixels = new Uint8ClampedArray(4 * grey.length).fill(255);
  for (let at = 0; at < grey.length; at++) {
    pixels[4 * at] = pixels[4 * at + 1] = pixels[4 * at + 2] = 255 * grey[at];
  }
  return { width, height, pixels };
}
