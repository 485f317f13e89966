// Orientation, and whether a camera took the picture, from EXIF; broken EXIF says nothing.

import { Bytes } from "./bytes.js";

const MAKE = 0x010f;
const MODEL = 0x0110;
const ORIENTATION = 0x0112;
const ASCII = 2;
const SHORT = 3;

/**
 * @typedef {object} Exif
 * @property {number} orientation 1 to 8
 * @property {boolean} camera it names a make or a model; their text is not kept
 */

/** @type {Exif} */
export const NO_EXIF = Object.freeze({ orientation: 1, camera: false });

/**
 * The first directory of a TIFF structure; the first entry of a tag counts.
 * @param {Uint8Array} tiff without "Exif\0\0"
 * @returns {Exif}
 */
export function readExif(tiff) {
  try {
    const order = new Bytes(tiff).text(0, 2);
    if (order !== "II" && order !== "MM") return NO_EXIF;
    const bytes = new Bytes(tiff, order === "II");
    return bytes.u16(2) === 42 ? said(directory(bytes, bytes.u32(4))) : NO_EXIF;
  } catch {
    return NO_EXIF;
  }
}

/** @param {Bytes} bytes @param {number} at @returns {Map<number, number>} tag -> value, or whether it has text */
function directory(bytes, at) {
  const found = new Map();
  const count = bytes.u16(at);
  for (let place = at + 2; place < at + 2 + 12 * count && place + 12 <= bytes.length; place += 12) {
    const tag = bytes.u16(place);
    const value = entry(bytes, place, tag);
    if (value !== null && !found.has(tag)) found.set(tag, value);
  }
  return found;
}

/** @param {Bytes} bytes @param {number} place @param {number} tag @returns {number | null} */
function entry(bytes, place, tag) {
  const [kind, count] = [bytes.u16(place + 2), bytes.u32(place + 4)];
  if (tag === ORIENTATION && kind === SHORT && count === 1) return bytes.u16(place + 8);
  if ((tag !== MAKE && tag !== MODEL) || kind !== ASCII) return null;
  const text = count <= 4 ? place + 8 : bytes.u32(place + 8);
  const isBlank = (byte) => byte === 0 || byte === 0x20;
  return bytes.data.subarray(text, text + count).every(isBlank) ? 0 : 1;
}

/** @param {Map<number, number>} found @returns {Exif} */
function said(found) {
  const turn = found.get(ORIENTATION) ?? 1;
  const camera = Boolean(found.get(MAKE) || found.get(MODEL));
  return { orientation: turn >= 1 && turn <= 8 ? turn : 1, camera };
}
