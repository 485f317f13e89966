// Run lengths of DICOM (PS3.5 annex G): one segment of PackBits for each byte of a pixel, the upper byte first.

import { Refusal } from "./refusal.js";

/**
 * @param {Uint8Array} data one frame
 * @param {number} pixels
 * @param {number} planes bytes of a pixel
 * @returns {Uint8Array} pixels, little-endian
 * @throws {Refusal} dicom-pixels: the segments do not fit
 */
export function runLengths(data, pixels, planes) {
  if (data.length <= 64) throw unfit();
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const starts = Array.from({ length: planes }, (_, plane) => view.getUint32(4 + 4 * plane, true));
  const rises = starts.every((start, plane) => start >= (plane ? starts[plane - 1] : 64));
  if (view.getUint32(0, true) !== planes || !rises) throw unfit();
  const out = new Uint8Array(pixels * planes);
  starts.forEach((start, plane) => {
    const segment = data.subarray(start, starts[plane + 1] ?? data.length);
    unpack(segment, out, planes - 1 - plane, planes, pixels);
  });
  return out;
}

/** One segment into every `step`-th byte of `out`; it has to fill them exactly. */
function unpack(segment, out, first, step, pixels) {
  let to = 0;
  for (let at = 0; at < segment.length && to < pixels; ) {
    const mark = segment[at++];
    if (mark === 128) continue;
    const plain = mark < 128;
    const count = plain ? Math.min(mark + 1, segment.length - at) : at < segment.length ? 257 - mark : 0;
    if (to + count > pixels) throw unfit();
    for (let one = 0; one < count; one++, to++) out[first + to * step] = segment[plain ? at + one : at];
    at += plain ? count : 1;
  }
  if (to !== pixels) throw unfit();
}

const unfit = () => new Refusal("dicom-pixels", "the run lengths do not fit the header");
