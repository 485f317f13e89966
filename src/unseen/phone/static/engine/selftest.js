// Does this browser compute what was exported? Golden vectors of the manifest, and a picture with known pixels.

import { knownPixels } from "./known_pixels.js";

// How far outputs may lie off, relative to the larger of 1 and the value, where app.json says nothing.
const TOLERANCE = 1e-3;

/**
 * @param {import("./manifest.js").Manifest} manifest
 * @param {import("./run.js").Model} model
 * @returns {Promise<string[]>} what is wrong, one sentence each; empty where all is well
 */
export async function selfTest(manifest, model) {
  const faults = await knownPixels();
  for (const [place, { rows, ...wanted }] of manifest.golden.entries()) {
    const found = await model.run(Float32Array.from(rows), Object.keys(wanted));
    for (const [name, value] of Object.entries(wanted)) {
      const off = Math.abs(Number(found[name].data[0]) - value) / Math.max(1, Math.abs(value));
      if (!(off <= (manifest.tolerance ?? TOLERANCE))) {
        faults.push(`${name} of golden picture ${place + 1} is off by ${off.toPrecision(2)}`);
      }
    }
  }
  return faults;
}
