// Orientation, and whether a camera took the picture, from EXIF; broken EXIF says nothing.

import { Bytes } from "./bytes.js";

const MAKE = 0x010f;
const MODEL = 0x0110;
const ORIENTATION = 0x0112;
const SHORT = 3;

/**
 * @typedef {object} Exif
 * @property {number} orientation 1 to 8
 * @property {boolean} camera it names a make or a model
 */

/** @type {Exif} */
export const NO_EXIF = Object.freeze({ orientation: 1, camera: false });

/**
 * @param {Uint8Array} tiff the TIFF structure, without "Exif\0\0"
 * @returns {Exif}
 */
export function readExif(tiff) {
  try {
    const order = new Bytes(tiff).text(0, 2);
    if (order !== "II" && order !== "MM") return NO_EXIF;
    const bytes = new Bytes(tiff, order === "II");
    return bytes.u16(2) === 42 ? directory(bytes, bytes.u32(4)) : NO_EXIF;
  } catch {
    return NO_EXIF;
  }
}

/** @param {Bytes} bytes @param {number} at @returns {Exif} */
function directory(bytes, at) {
  let orientation = 1;
  let camera = false;
  const count = bytes.u16(at);
  for (let entry = 0; entry < count; entry++) {
    const place = at + 2 + 12 * entry;
    if (place + 12 > bytes.length) break;
    const tag = bytes.u16(place);
    if (tag === MAKE || tag === MODEL) camera ||= bytes.u32(place + 4) > 1;
    if (tag === ORIENTATION && bytes.u16(place + 2) === SHORT && bytes.u32(place + 4) === 1) {
      const value = bytes.u16(place + 8);
      if (value >= 1 && value <= 8) orientation = value;
    }
  }
  return { orientation, camera };
}
