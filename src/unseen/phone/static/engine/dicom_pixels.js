// The values a DICOM file stores: plain in either byte order, run lengths, or a baseline JPEG.
// Reference: DICOM PS3.5 section 8 and annexes A.4 and G.

import dicomParser from "../runtime/dicom-parser.js";
import { jpegHead, rgbaRows } from "./jpeg.js";
import { Refusal } from "./refusal.js";

/**
 * @param {any} set data set of dicom-parser
 * @param {import("./dicom.js").DicomHead} head
 * @param {"little" | "big" | "rle" | "jpeg"} layout
 * @returns {Promise<Int32Array>} width x height
 * @throws {Refusal} dicom-pixels: missing, cut off, or of another length
 */
export async function storedValues(set, head, layout) {
  const element = set.elements.x7fe00010;
  const packed = layout === "rle" || layout === "jpeg";
  if (packed !== Boolean(element.encapsulatedPixelData)) {
    throw new Refusal("dicom-pixels", "the pixels are not stored as the header says");
  }
  if (layout === "jpeg") return fromJpeg(fragments(set, element), head);
  const bytes = packed ? fromRuns(fragments(set, element), head) : plain(set, element, head);
  return valuesOf(bytes, head, layout === "big");
}

function plain(set, element, { width, height, allocated }) {
  const size = (width * height * allocated) / 8;
  if (element.length < size || element.dataOffset + size > set.byteArray.length) {
    throw new Refusal("dicom-pixels", `${element.length} bytes of pixels came where the header says ${size}`);
  }
  return set.byteArray.subarray(element.dataOffset, element.dataOffset + size);
}

/** All fragments of the one frame, joined. */
function fragments(set, element) {
  const parts = element.fragments ?? [];
  if (!parts.length) throw new Refusal("dicom-pixels", "the file holds no pixels");
  return dicomParser.readEncapsulatedPixelDataFromFragments(set, element, 0, parts.length);
}

/** Bytes to values: shifted, masked, signed where the header says so. */
function valuesOf(bytes, { width, height, allocated, bits, shift, signed }, big) {
  const out = new Int32Array(width * height);
  const wide = allocated === 16;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mask = (1 << bits) - 1;
  const above = 32 - bits;
  for (let at = 0; at < out.length; at++) {
    const value = ((wide ? view.getUint16(2 * at, !big) : bytes[at]) >> shift) & mask;
    out[at] = signed ? (value << above) >> above : value;
  }
  return out;
}

/** Run lengths to bytes, little-endian; of 16 bits the upper bytes come first. */
function fromRuns(data, { width, height, allocated }) {
  const planes = allocated / 8;
  const size = width * height;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 64 || view.getUint32(0, true) !== planes) {
    throw new Refusal("dicom-pixels", "the run lengths do not fit the header");
  }
  const out = new Uint8Array(size * planes);
  for (let plane = 0; plane < planes; plane++) {
    const begin = view.getUint32(4 + 4 * plane, true);
    const end = plane + 1 < planes ? view.getUint32(8 + 4 * plane, true) : data.length;
    unpack(data.subarray(begin, end), out, planes - 1 - plane, planes, size);
  }
  return out;
}

/** One segment of PackBits into every `step`-th byte of `out`. */
function unpack(segment, out, first, step, size) {
  let to = 0;
  for (let at = 0; at < segment.length && to < size; ) {
    const mark = segment[at++];
    if (mark === 128) continue;
    const count = mark < 128 ? mark + 1 : 257 - mark;
    for (let one = 0; one < count && to < size; one++, to++) out[first + to * step] = segment[mark < 128 ? at + one : at];
    at += mark < 128 ? count : 1;
    if (at > segment.length) break;
  }
  if (to < size) throw new Refusal("dicom-pixels", "the run lengths end too early");
}

async function fromJpeg(data, { width, height, bits }) {
  const found = jpegHead(data);
  if (found.width !== width || found.height !== height || found.components !== 1 || bits !== 8) {
    throw new Refusal("dicom-pixels", "the JPEG inside does not fit the header");
  }
  const out = new Int32Array(width * height);
  await rgbaRows(found, (y, samples, from) => {
    for (let x = 0; x < width; x++) out[y * width + x] = samples[from + 4 * x];
  });
  return out;
}
