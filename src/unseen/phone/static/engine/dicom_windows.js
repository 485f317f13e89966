// Stored values to grey: modality table or slope, then window or table of values of interest, then inversion.
// Reference: DICOM PS3.3 C.11.1 (modality), C.11.2 (windows; equations of C.11.2.1.2 and C.11.2.1.3), C.11.6.

const FIELDS = { slope: "x00281053", intercept: "x00281052", centre: "x00281050", width: "x00281051" };

/**
 * Grey of every value that occurs.
 * @param {any} set data set of dicom-parser
 * @param {import("./dicom.js").DicomHead} head
 * @param {Int32Array} stored
 * @returns {{table: Float32Array, lowest: number}} grey of stored value v at v - lowest
 */
export function greyTable(set, head, stored) {
  const [lowest, highest] = extremes(stored);
  const modality = modalityOf(set, head.signed);
  const values = Float64Array.from({ length: highest - lowest + 1 }, (_, place) => modality(lowest + place));
  const window = windowOf(set, head.signed) ?? fullRange(values);
  const table = Float32Array.from(values, (value) => (head.inverted ? 1 - window(value) : window(value)));
  return { table, lowest };
}

function extremes(stored) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of stored) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/** @returns {(stored: number) => number} */
function modalityOf(set, signed) {
  const item = set.elements.x00283000?.items?.[0]?.dataSet;
  if (item) return lookup(item, signed).value;
  const slope = set.floatString(FIELDS.slope) ?? 1;
  const intercept = set.floatString(FIELDS.intercept) ?? 0;
  return (value) => slope * value + intercept;
}

/** @returns {((value: number) => number) | null} to [0, 1]; null where the file names neither window nor table */
function windowOf(set, signed) {
  const [centre, width] = [set.floatString(FIELDS.centre, 0), set.floatString(FIELDS.width, 0)];
  if (Number.isFinite(centre) && Number.isFinite(width)) return windowed(set, centre, width);
  const item = set.elements.x00283010?.items?.[0]?.dataSet;
  if (!item) return null;
  const { value, most } = lookup(item, signed);
  return (at) => value(at) / most;
}

function windowed(set, centre, width) {
  const shape = (set.string("x00281056") ?? "LINEAR").trim().toUpperCase();
  if (shape === "SIGMOID") return (value) => 1 / (1 + Math.exp((-4 * (value - centre)) / width));
  if (shape === "LINEAR_EXACT") return (value) => clamped((value - centre) / width + 0.5);
  if (width <= 1) return (value) => (value <= centre - 0.5 ? 0 : 1);
  return (value) => clamped((value - (centre - 0.5)) / (width - 1) + 0.5);
}

/** A table of values: beyond its ends its end values. */
function lookup(item, signed) {
  const count = item.uint16("x00283002", 0) || 65536;
  const first = signed ? item.int16("x00283002", 1) : item.uint16("x00283002", 1);
  const bits = item.uint16("x00283002", 2);
  const place = (value) => Math.max(0, Math.min(count - 1, Math.round(value) - first));
  return { value: (value) => item.uint16("x00283006", place(value)), most: 2 ** bits - 1 };
}

function fullRange(values) {
  let [least, most] = extremes(values);
  if (most === least) most = least + 1;
  return (value) => (value - least) / (most - least);
}

const clamped = (value) => Math.max(0, Math.min(1, value));
