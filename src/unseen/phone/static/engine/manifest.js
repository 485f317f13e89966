// app.json at the base of an app: what the model is, what it takes, what it was calibrated on.

/**
 * @typedef {object} Manifest
 * @property {"unseen-app"} format
 * @property {1} version
 * @property {string} unseen
 * @property {string} created
 * @property {string} id first twelve digits of the SHA-256 of model.onnx
 * @property {"screener" | "detector"} kind
 * @property {string} title
 * @property {import("./framing.js").Framing} framing
 * @property {import("./checks.js").Limits} limits
 * @property {string[]} [labels] normal, finding
 * @property {number} [alpha]
 * @property {{refuse: number, amber: number}} [gate]
 * @property {{height: number, width: number, most: number, fill?: number[] | null}} map
 * @property {import("./decide.js").SourceRecord[]} [records]
 * @property {import("./decide.js").SourceRecord} [base]
 * @property {boolean} [demo]
 * @property {boolean} [hints]
 * @property {Record<string, unknown>} card
 * @property {string[]} [classes] names of the classes, of a classifier
 * @property {Array<Record<string, unknown>>} golden
 * @property {Record<string, {sha256: string, bytes: number}>} files
 */

/** The folder is no app, or one this page cannot run. */
export class AppFault extends Error {}

const NEEDED = {
  screener: ["framing", "limits", "labels", "alpha", "gate", "map", "records", "base", "golden", "files"],
  detector: ["framing", "limits", "map", "golden", "files"],
};

/**
 * @param {URL} base
 * @returns {Promise<Manifest>}
 * @throws {AppFault}
 */
export async function fetchManifest(base) {
  const text = new TextDecoder().decode(await fetchFile(base, "app.json"));
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new AppFault("app.json is not JSON; write the app again with: unseen export MODEL --to web");
  }
  return checked(found);
}

/** @param {any} found @returns {Manifest} */
function checked(found) {
  if (found?.format !== "unseen-app") throw new AppFault("app.json is not that of an app of unseen");
  if (found.version !== 1) throw new AppFault(`app.json has version ${found.version}; this page reads 1`);
  const missing = (NEEDED[found.kind] ?? ["kind"]).filter((key) => !(key in found));
  if (missing.length) throw new AppFault(`app.json lacks ${missing.join(", ")}`);
  return found;
}

/**
 * One file of the app.
 * @param {URL} base
 * @param {string} path
 * @returns {Promise<Uint8Array>}
 * @throws {AppFault}
 */
export async function fetchFile(base, path) {
  let answer;
  try {
    answer = await fetch(new URL(path, base));
  } catch {
    throw new AppFault(`${path} cannot be loaded: no connection, and it is not kept on this device`);
  }
  if (!answer.ok) throw new AppFault(`${path} cannot be loaded: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
