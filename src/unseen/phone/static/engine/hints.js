// Why a picture may be unlike any film: it would pass inverted, or turned. Only said, never done.

import { conformalP } from "./decide.js";

/**
 * @param {import("./manifest.js").Manifest} manifest
 * @param {import("./decide.js").SourceRecord | null} record
 * @param {Float32Array} row square grey picture in [0, 1]
 * @param {(rows: Float32Array) => Promise<import("./run.js").Outputs>} gate
 * @returns {Promise<string[]>} of "inverted", "rotate-90", "rotate-180", "rotate-270", clockwise
 */
export async function withHints(manifest, record, row, gate) {
  const { height, width } = manifest.framing;
  if (!manifest.hints || height !== width) return [];
  const turned = [row];
  for (let turn = 0; turn < 3; turn++) turned.push(quarter(turned[turn], height));
  const tried = {
    inverted: row.map((value) => 1 - value),
    "rotate-90": turned[1],
    "rotate-180": turned[2],
    "rotate-270": turned[3],
  };
  const rows = new Float32Array(4 * row.length);
  Object.values(tried).forEach((one, place) => rows.set(one, place * row.length));
  const scores = (await gate(rows)).gate.data;
  const sorted = (record ?? manifest.base).gate;
  return Object.keys(tried).filter((_, place) => conformalP(sorted, scores[place]) > manifest.gate.amber);
}

/** A quarter turn clockwise. */
function quarter(row, side) {
  const out = new Float32Array(row.length);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) out[x * side + (side - 1 - y)] = row[y * side + x];
  }
  return out;
}
