// JPEG to samples, decoded by the browser, with everything kept away from it that it would act on: EXIF
// orientation and colour profiles are cut out before, alpha and scaling do not arise.
// Reference: ITU-T T.81, annex B (markers).

import { Bytes } from "./bytes.js";
import { NO_EXIF, readExif } from "./exif.js";
import { Gather, LAYOUTS } from "./gather.js";
import { Refusal } from "./refusal.js";
import { checkSize } from "./sniff.js";

// Rows read back at a time: memory stays bounded.
const STRIP = 512;
const DECODING = { colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "none" };
// Start of frame: all of FFC0..FFCF but tables (C4), extensions (C8) and arithmetic conditioning (CC).
const isFrame = (marker) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
// Markers without a segment: restarts, and one for temporary use.
const isAlone = (marker) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
const SCAN = 0xda;
const END = 0xd9;
const EXIF = 0xe1;
const PROFILE = 0xe2;

/**
 * What the markers say.
 * @typedef {object} JpegHead
 * @property {number} width
 * @property {number} height
 * @property {number} bits of a sample
 * @property {number} components 1 grey, 3 colour, 4 CMYK
 * @property {import("./exif.js").Exif} exif
 * @property {Uint8Array[]} plain the file without EXIF and profiles
 */

/**
 * @param {Uint8Array} data
 * @param {{coloured?: boolean}} [how]
 * @returns {Promise<import("./gather.js").Picture>}
 * @throws {Refusal} broken, too-many-pixels
 */
export async function readJpeg(data, { coloured = false } = {}) {
  const head = jpegHead(data);
  const how = { top: 255, orientation: head.exif.orientation, coloured: coloured && head.components > 1 };
  const gather = new Gather(head.width, head.height, LAYOUTS.rgbx, how);
  await rgbaRows(head, (y, samples, from) => gather.row(y, samples, from));
  return gather.picture({ format: "jpeg", photograph: head.exif.camera });
}

/**
 * Decode, and hand on rows of RGBA as stored.
 * @param {JpegHead} head
 * @param {(y: number, samples: Uint8ClampedArray, from: number) => void} put
 */
export async function rgbaRows(head, put) {
  const { width, height } = head;
  const bitmap = await decoded(head);
  try {
    const canvas = new OffscreenCanvas(width, Math.min(STRIP, height));
    const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false, colorSpace: "srgb" });
    if (!context) throw new Refusal("broken", "this browser gives no canvas to read pixels back from");
    for (let top = 0; top < height; top += STRIP) {
      const rows = Math.min(STRIP, height - top);
      context.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
      const { data } = context.getImageData(0, 0, width, rows);
      for (let row = 0; row < rows; row++) put(top + row, data, 4 * row * width);
    }
  } finally {
    bitmap.close();
  }
}

/** @param {JpegHead} head @returns {Promise<ImageBitmap>} */
async function decoded({ plain, width, height }) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob(plain, { type: "image/jpeg" }), DECODING);
  } catch {
    throw new Refusal("broken", "the browser cannot decode this JPEG");
  }
  if (bitmap.width === width && bitmap.height === height) return bitmap;
  const came = `${bitmap.width} x ${bitmap.height}`;
  bitmap.close();
  throw new Refusal("broken", `the browser decoded ${came} pixels where the header says ${width} x ${height}`);
}

/**
 * Walk the markers: size, EXIF, what to leave out; a file without its end is cut off.
 * @param {Uint8Array} data
 * @returns {JpegHead}
 */
export function jpegHead(data) {
  const bytes = new Bytes(data);
  const head = { width: 0, height: 0, bits: 0, components: 0, exif: NO_EXIF, plain: [data.subarray(0, 2)] };
  let at = 2;
  for (;;) {
    const { marker, begin } = markerAt(bytes, at);
    if (marker === END) break;
    if (isAlone(marker)) {
      at = begin + 2;
      continue;
    }
    const size = bytes.u16(begin + 2);
    if (size < 2) throw new Refusal("broken", "a segment of the JPEG has no size");
    const body = bytes.part(begin + 4, size - 2);
    at = begin + 2 + size;
    if (isFrame(marker) && !head.width) frame(new Bytes(body), head);
    if (marker === EXIF && head.exif === NO_EXIF) head.exif = exifOf(body);
    if (marker === SCAN) at = pastScan(data, at);
    if (marker !== EXIF && marker !== PROFILE) head.plain.push(data.subarray(begin, at));
  }
  head.plain.push(Uint8Array.of(0xff, END));
  if (!head.width) throw new Refusal("broken", "the JPEG has no frame");
  return head;
}

/** @param {Bytes} bytes @param {number} at */
function markerAt(bytes, at) {
  if (bytes.u8(at) !== 0xff) throw new Refusal("broken", "the JPEG has no marker where one must stand");
  while (bytes.u8(at + 1) === 0xff) at++;
  return { marker: bytes.u8(at + 1), begin: at };
}

/** @param {Bytes} bytes @param {JpegHead} head */
function frame(bytes, head) {
  head.bits = bytes.u8(0);
  head.height = bytes.u16(1);
  head.width = bytes.u16(3);
  head.components = bytes.u8(5);
  checkSize(head.width, head.height);
}

function exifOf(body) {
  const named = body.length > 6 && String.fromCharCode(...body.subarray(0, 6)) === "Exif\0\0";
  return named ? readExif(body.subarray(6)) : NO_EXIF;
}

/** Where the packed pixels of a scan end: at a marker that is no restart. */
function pastScan(data, at) {
  for (;;) {
    at = data.indexOf(0xff, at);
    if (at < 0 || at + 1 >= data.length) throw new Refusal("broken", "the JPEG is cut off");
    const next = data[at + 1];
    if (next !== 0 && next !== 0xff && !isAlone(next)) return at;
    at += next === 0xff ? 1 : 2;
  }
}
