// Which format a file has and how large its picture is, from its first bytes, before anything is decoded.

import { isAnimated } from "./animated.js";
import { Bytes } from "./bytes.js";
import { Refusal } from "./refusal.js";

/** Pixels decoded at most. */
export const MOST_PIXELS = 50_000_000;

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * @param {Uint8Array} data
 * @returns {"png" | "jpeg" | "dicom"}
 * @throws {Refusal} empty-file, animated, not-a-picture
 */
export function formatOf(data) {
  if (data.length === 0) throw new Refusal("empty-file", "the file is empty");
  if (begins(data, PNG)) return "png";
  if (begins(data, [0xff, 0xd8, 0xff])) return "jpeg";
  if (data.length >= 132 && begins(data.subarray(128), [0x44, 0x49, 0x43, 0x4d])) return "dicom";
  if (isAnimated(data)) throw new Refusal("animated", "an animated picture came; accepted: one picture a file");
  throw new Refusal("not-a-picture", "accepted: PNG, JPEG and DICOM files");
}

/**
 * Refuse a picture with more pixels than are decoded, or none.
 * @param {number} width
 * @param {number} height
 */
export function checkSize(width, height) {
  if (width < 1 || height < 1) throw new Refusal("broken", `the header says ${width} x ${height} pixels`);
  if (width * height > MOST_PIXELS) {
    const said = `${width} x ${height} pixels came`;
    throw new Refusal("too-many-pixels", `${said}; accepted: ${MOST_PIXELS} in all`);
  }
}

/**
 * Width and height of a PNG, from its first chunk.
 * @param {Uint8Array} data
 * @returns {{width: number, height: number}}
 */
export function pngSize(data) {
  const bytes = new Bytes(data);
  if (bytes.text(12, 4) !== "IHDR") throw new Refusal("broken", "the PNG does not begin with its header");
  return { width: bytes.u32(16), height: bytes.u32(20) };
}

/** @param {Uint8Array} data @param {number[]} mark @returns {boolean} */
function begins(data, mark) {
  return data.length >= mark.length && mark.every((byte, place) => data[place] === byte);
}
