// The values a DICOM file stores: plain in either byte order, run lengths, or a baseline JPEG.
// Reference: DICOM PS3.5 section 8 and annexes A.4 and G.

import { jpegHead, rgbaRows } from "./jpeg.js";
import { Refusal } from "./refusal.js";
import { runLengths } from "./rle.js";

/** Tag of the pixels. */
export const PIXELS = "x7fe00010";
const OPEN = 0xffffffff; // a length that is not said
const ITEM = 0xe000fffe;
const SEQUENCE_END = 0xe0ddfffe;

/**
 * Bits that count of each pixel, as a number from 0 on.
 * @param {any} set data set of dicom-parser
 * @param {import("./dicom.js").DicomHead} head
 * @returns {Promise<Uint16Array>} width x height
 * @throws {Refusal} dicom-pixels: missing, cut off, or of another length; broken: a JPEG that is
 */
export async function storedCodes(set, head) {
  const element = set.elements[PIXELS];
  if (!element?.length) throw new Refusal("dicom-pixels", "the file holds no pixels that can be read");
  const codes = head.storage === "jpeg" ? await fromJpeg(frame(set, element), head) : plain(set, element, head);
  const mask = (1 << head.bits) - 1;
  for (let at = 0; at < codes.length; at++) codes[at] = (codes[at] >> head.shift) & mask;
  return codes;
}

/** Uncompressed pixels, or run lengths. */
function plain(set, element, { width, height, allocated, storage }) {
  const [pixels, planes] = [width * height, allocated / 8];
  const size = pixels * planes;
  if (storage === "rle") return joined(runLengths(frame(set, element), pixels, planes), planes, false);
  if (element.length !== size && element.length !== size + (size % 2)) {
    throw new Refusal("dicom-pixels", `${element.length} bytes of pixels came where the header says ${size}`);
  }
  const bytes = contentOf(set, element);
  // 8 bits in big-endian words come in swapped pairs
  if (storage === "big" && planes === 1 && element.vr === "OW") return swapped(bytes, pixels);
  return joined(bytes.subarray(0, size), planes, storage === "big");
}

/** @returns {Uint8Array} bytes of an element, which all have to be there; without a length, all that follow */
function contentOf(set, { dataOffset, length }) {
  if (length === OPEN) return set.byteArray.subarray(dataOffset);
  if (dataOffset + length > set.byteArray.length) throw new Refusal("dicom-pixels", "the pixels are cut off");
  return set.byteArray.subarray(dataOffset, dataOffset + length);
}

function joined(bytes, planes, big) {
  if (planes === 1) return Uint16Array.from(bytes);
  const [low, high] = big ? [1, 0] : [0, 1];
  const out = new Uint16Array(bytes.length / 2);
  for (let at = 0; at < out.length; at++) out[at] = bytes[2 * at + low] | (bytes[2 * at + high] << 8);
  return out;
}

function swapped(bytes, pixels) {
  const out = new Uint16Array(pixels);
  for (let at = 0; at < pixels; at++) out[at] = bytes[at ^ 1];
  return out;
}

/** The fragments of the one frame, joined; the first item is a table of offsets. */
function frame(set, element) {
  const content = contentOf(set, element);
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const parts = [];
  let place = 0;
  while (place + 8 <= content.length && view.getUint32(place, true) === ITEM) {
    const length = view.getUint32(place + 4, true);
    place += 8 + length;
    if (place > content.length) break;
    parts.push(content.subarray(place - length, place));
  }
  const ended = place + 4 <= content.length && view.getUint32(place, true) === SEQUENCE_END;
  if (parts.length < 2 || !(place === content.length || ended)) {
    throw new Refusal("dicom-pixels", "the compressed pixels are cut off");
  }
  const out = new Uint8Array(parts.slice(1).reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of parts.slice(1)) {
    out.set(part, to);
    to += part.length;
  }
  return out;
}

async function fromJpeg(data, { width, height, bits }) {
  const found = jpegHead(data);
  const fits = found.width === width && found.height === height && found.components === 1;
  if (!fits || found.bits !== 8 || bits !== 8) {
    throw new Refusal("dicom-pixels", "the JPEG inside does not fit the header");
  }
  const out = new Uint16Array(width * height);
  await rgbaRows(found, (y, samples, from) => {
    for (let x = 0; x < width; x++) out[y * width + x] = samples[from + 4 * x];
  });
  return out;
}
