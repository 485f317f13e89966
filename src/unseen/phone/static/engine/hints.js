// Why a picture may be unlike any film: it would pass inverted, or turned. Only said, never done.

import { conformalP } from "./decide.js";
import { turnedGrey } from "./turning.js";

/**
 * @param {import("./manifest.js").Manifest} manifest
 * @param {import("./decide.js").SourceRecord | null} record
 * @param {Float32Array} row square grey picture in [0, 1]
 * @param {(rows: Float32Array) => Promise<import("./run.js").Outputs>} gate
 * @returns {Promise<string[]>} of "inverted", "rotated-90", "rotated-180", "rotated-270": turned clockwise by so much
 */
export async function hintsFor(manifest, record, row, gate) {
  const { height, width } = manifest.framing;
  if (!manifest.hints || height !== width) return [];
  const turned = (turn) => turnedGrey(row, width, height, turn).grey;
  const tried = {
    inverted: row.map((value) => 1 - value),
    "rotated-90": turned(90),
    "rotated-180": turned(180),
    "rotated-270": turned(270),
  };
  const rows = new Float32Array(4 * row.length);
  Object.values(tried).forEach((one, place) => rows.set(one, place * row.length));
  const scores = (await gate(rows)).gate.data;
  const sorted = (record ?? manifest.base).gate;
  return Object.keys(tried).filter((_, place) => conformalP(sorted, scores[place]) > manifest.gate.amber);
}
