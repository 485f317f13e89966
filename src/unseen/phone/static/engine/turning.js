// Pictures turned by quarters, and with black and white exchanged: only where the user asks for it.

import { MOVES } from "./gather.js";

// EXIF orientations that turn clockwise by so many degrees.
const ORIENTATIONS = { 90: 6, 180: 3, 270: 8 };

/**
 * @param {Float32Array} grey height x width
 * @param {number} width
 * @param {number} height
 * @param {0 | 90 | 180 | 270} turn degrees clockwise
 * @returns {{grey: Float32Array, width: number, height: number}}
 */
export function turnedGrey(grey, width, height, turn) {
  if (turn === 0) return { grey, width, height };
  const { start, across, down } = MOVES[ORIENTATIONS[turn]](width, height);
  const out = new Float32Array(grey.length);
  for (let y = 0, from = 0; y < height; y++) {
    let place = start + y * down;
    for (let x = 0; x < width; x++, place += across) out[place] = grey[from++];
  }
  return turn === 180 ? { grey: out, width, height } : { grey: out, width: height, height: width };
}

/**
 * A picture as the user asked for it; its colours are left behind where it changes.
 * @param {import("./gather.js").Picture} picture
 * @param {{turn?: 0 | 90 | 180 | 270, invert?: boolean}} asked
 * @returns {import("./gather.js").Picture}
 */
export function asAsked(picture, { turn = 0, invert = false }) {
  if (!turn && !invert) return picture;
  const turned = turnedGrey(picture.grey, picture.width, picture.height, turn);
  const grey = invert ? turned.grey.map((value) => 1 - value) : turned.grey;
  return { ...picture, ...turned, grey, colours: null };
}
