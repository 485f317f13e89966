// Stored values to grey: modality table or slope, then window or table of values of interest, then inversion.
// Reference: DICOM PS3.3 C.11.1 (modality), C.11.2.1.2 and C.11.2.1.3 (windows), C.11.6 (presentation).

import { word, writtenNumber } from "./dicom_tags.js";
import { Refusal } from "./refusal.js";

const SLOPE = "x00281053";
const INTERCEPT = "x00281052";
const CENTRE = "x00281050";
const WIDTH = "x00281051";
const FUNCTION = "x00281056";
const MODALITY_TABLES = "x00283000";
const INTEREST_TABLES = "x00283010";
const DESCRIPTOR = "x00283002";
const DATA = "x00283006";

/**
 * Grey in [0, 1] of every code.
 * @param {any} set data set of dicom-parser
 * @param {import("./dicom.js").DicomHead} head
 * @param {Uint16Array} codes of the picture; those that occur span the range where there is no window
 * @returns {Float32Array} 2^bits
 */
export function greyTable(set, head, codes) {
  const count = 1 << head.bits;
  const modality = modalityOf(set, head.signed);
  const values = Float64Array.from({ length: count }, (_, code) =>
    modality(head.signed && code >= count / 2 ? code - count : code),
  );
  const shown = windowOf(set) ?? interestOf(set, head.signed) ?? wholeRange(values, codes);
  return Float32Array.from(values, (value) => (head.inverted ? 1 - shown(value) : shown(value)));
}

/** @returns {(stored: number) => number} */
function modalityOf(set, signed) {
  const table = tableOf(set, MODALITY_TABLES, signed);
  if (table) return table.look;
  const [slope, intercept] = [writtenNumber(set, SLOPE, 1), writtenNumber(set, INTERCEPT, 0)];
  return (stored) => slope * stored + intercept;
}

/** @returns {((value: number) => number) | null} null where the file names no window that can be used */
function windowOf(set) {
  const centre = numberOf(set, CENTRE);
  const width = numberOf(set, WIDTH);
  if (centre === null || width === null) return null;
  const shape = word(set, FUNCTION);
  if (shape === "SIGMOID" || shape === "LINEAR_EXACT") {
    if (width <= 0) return null;
    return shape === "SIGMOID" ? sigmoid(centre, width) : linear(centre, width);
  }
  return width >= 1 ? linear(centre - 0.5, width - 1) : null;
}

/** @returns {number | null} null where nothing, or no finite number, is said */
function numberOf(set, tag) {
  const text = word(set, tag);
  if (text === "") return null;
  const value = Number(text);
  if (Number.isNaN(value) && text !== "NAN") throw new Refusal("broken", "a window of the DICOM file is no number");
  return Number.isFinite(value) ? value : null;
}

const sigmoid = (centre, width) => (value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width));

function linear(centre, width) {
  const [low, high] = [centre - width / 2, centre + width / 2];
  return (value) => (value <= low ? 0 : value > high ? 1 : (value - centre) / (width || 1) + 0.5);
}

function interestOf(set, signed) {
  const table = tableOf(set, INTEREST_TABLES, signed);
  return table && ((value) => table.look(value) / table.most);
}

/** From the least to the largest value that occurs. */
function wholeRange(values, codes) {
  const present = new Uint8Array(values.length);
  for (let at = 0; at < codes.length; at++) present[codes[at]] = 1;
  let [least, most] = [Infinity, -Infinity];
  values.forEach((value, code) => {
    if (!present[code]) return;
    least = Math.min(least, value);
    most = Math.max(most, value);
  });
  if (!(most > least)) return () => 0;
  return (value) => Math.max(0, Math.min(1, (value - least) / (most - least)));
}

/**
 * The first table of a sequence: beyond its ends its end values.
 * @returns {{look: (value: number) => number, most: number} | null}
 */
function tableOf(set, sequence, signed) {
  const item = set.elements[sequence]?.items?.[0]?.dataSet;
  if (!item) return null;
  const count = item.uint16(DESCRIPTOR, 0) || 65536;
  const bits = item.uint16(DESCRIPTOR, 2);
  const below = signed || item.elements[DESCRIPTOR]?.vr === "SS";
  const first = below ? item.int16(DESCRIPTOR, 1) : item.uint16(DESCRIPTOR, 1);
  const entries = entriesOf(item, count, bits);
  if (!entries || !(bits >= 8 && bits <= 16) || first === undefined) {
    throw new Refusal("broken", "a table of the DICOM file does not fit its descriptor");
  }
  const place = (value) => Math.max(0, Math.min(count - 1, Math.floor(value) - first));
  return { look: (value) => entries[place(value)], most: 2 ** bits - 1 };
}

/** Entries from words, or from bytes where they are packed so. */
function entriesOf(item, count, bits) {
  const element = item.elements[DATA];
  if (!element || element.dataOffset + element.length > item.byteArray.length) return null;
  const packed = bits <= 8 && element.vr !== "US" && [count, count + (count % 2)].includes(element.length);
  if (packed) return item.byteArray.subarray(element.dataOffset, element.dataOffset + count);
  if (element.length < 2 * count) return null;
  return Uint16Array.from({ length: count }, (_, place) => item.uint16(DATA, place));
}
