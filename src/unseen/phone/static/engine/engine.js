// The face of the engine: an app folder becomes something that reads pictures and says what the model finds.

import { checkPicture } from "./checks.js";
import { decide, decideDetector } from "./decide.js";
import { frameRows, framed } from "./framing.js";
import { hintsFor } from "./hints.js";
import { fetchFile, fetchManifest } from "./manifest.js";
import { occlusionMap } from "./occlusion.js";
import { previewOf } from "./preview.js";
import { readPicture } from "./read.js";
import { Refusal, asRefusal } from "./refusal.js";
import { BLANK, refusedResult } from "./result.js";
import { RUNTIME, openModel } from "./run.js";
import { selfTest } from "./selftest.js";
import { asAsked } from "./turning.js";

/**
 * A part of a picture that was cut out by hand, or anything else that is grey already.
 * @typedef {object} Crop
 * @property {number} width
 * @property {number} height
 * @property {Float32Array} grey height x width, 0 black to 1 white
 * @property {number} [chroma] of the picture it is from
 */

/**
 * @typedef {object} Options
 * @property {boolean} [photograph] the user took a photograph; also true where EXIF names a camera
 * @property {import("./decide.js").SourceRecord | null} [record] the source that was chosen
 * @property {0 | 90 | 180 | 270} [turn] degrees clockwise that the user turned the picture by
 * @property {boolean} [invert] the user exchanged black and white
 * @property {boolean} [map] false leaves the heat map of a detector out
 */

/** Reads and screens pictures by one model; made by `open`. */
export class Engine {
  /** @param {import("./manifest.js").Manifest} manifest @param {import("./run.js").Model} model */
  constructor(manifest, model) {
    this.manifest = manifest;
    this.model = model;
    this.faults = [];
  }

  /**
   * Read a file without screening it.
   * @param {Blob | ArrayBuffer | Uint8Array} file
   * @param {Options} [options]
   * @returns {Promise<{picture: import("./gather.js").Picture | null, refusal: Refusal | null}>}
   */
  async read(file, { photograph = false } = {}) {
    try {
      const picture = await readPicture(file, { coloured: this.manifest.framing.channels === 3 });
      return { picture: { ...picture, photograph: picture.photograph || photograph }, refusal: null };
    } catch (thrown) {
      return { picture: null, refusal: asRefusal(thrown) };
    }
  }

  /**
   * Say what the model finds; never throws for what is in a file.
   * @param {Blob | ArrayBuffer | Uint8Array | Crop | import("./gather.js").Picture} file
   * @param {Options} [options]
   * @returns {Promise<import("./result.js").Result>}
   */
  async screen(file, options = {}) {
    const watch = stopwatch();
    let shown = {};
    try {
      if (this.faults.length) throw new Refusal("broken", `this browser cannot be trusted: ${this.faults[0]}`);
      const picture = asAsked(await this.#picture(file, options), options);
      watch.lap("read");
      shown = { picture: about(picture), preview: previewOf(picture) };
      const found = await this.#found(picture, options, watch);
      return { ...BLANK, ...shown, ...found, times: watch.times(), version: this.manifest.id };
    } catch (thrown) {
      const { reason, message: detail } = asRefusal(thrown);
      return { ...refusedResult({ reason, detail }, this.manifest.id), ...shown, times: watch.times() };
    }
  }

  /**
   * Golden vectors of the manifest and known pixels; what fails makes every later picture refused.
   * @returns {Promise<{ok: boolean, faults: string[]}>}
   */
  async selfTest() {
    this.faults = await selfTest(this.manifest, this.model);
    return { ok: this.faults.length === 0, faults: this.faults };
  }

  async #picture(file, options) {
    if (file instanceof Blob || file instanceof ArrayBuffer || file instanceof Uint8Array) {
      const { picture, refusal } = await this.read(file, options);
      if (refusal) throw refusal;
      return picture;
    }
    if (!(file?.grey instanceof Float32Array) || file.grey.length !== file.width * file.height) {
      throw new Refusal("values", "a crop has to hold width x height grey values");
    }
    const photograph = Boolean(file.photograph || options.photograph);
    return { chroma: 0, colours: null, format: "crop", ...file, photograph };
  }

  async #found(picture, options, watch) {
    const { manifest } = this;
    const [framing, detects] = [manifest.framing, manifest.kind === "detector"];
    checkPicture(picture, framing, manifest.limits);
    watch.lap("check");
    const frame = framed(picture, framing);
    const row = frameRows(picture, frame, framing);
    watch.lap("frame");
    const said = detects ? await this.#detect(row, options, watch) : await this.#screen(row, picture, options, watch);
    return { frame, ...said };
  }

  async #screen(row, picture, { record = null }, watch) {
    const { manifest, model } = this;
    const { logit, map, gate } = await model.run(row);
    watch.lap("model");
    const decision = decide(manifest, record, { logit: logit.data[0], gate: gate.data[0] }, picture.photograph);
    if (decision.outcome === "refused") {
      const hints = await hintsFor(manifest, record, row, (rows) => model.run(rows, ["gate"]));
      return { ...decision, detail: "it is unlike any film of training", hints };
    }
    const [, height, width] = map.dims;
    return { ...decision, map: { height, width, values: Float32Array.from(map.data), most: manifest.map.most } };
  }

  async #detect(row, { map = true }, watch) {
    const { manifest, model } = this;
    const found = await model.run(row);
    watch.lap("model");
    const decision = decideDetector({
      score: Number(found.score.data[0]),
      pValue: Number(found.p_value.data[0]),
      threshold: Number(found.threshold.data[0]),
      alarm: Boolean(found.alarm.data[0]),
    });
    const said = { ...decision, className: likeliest(found.classes?.data, manifest.classes) };
    if (!map) return said;
    const grid = { height: manifest.map.height, width: manifest.map.width, fill: manifest.map.fill ?? null };
    const score = async (rows) => (await model.run(rows, ["score"])).score.data;
    const values = await occlusionMap(row, manifest.framing, grid, score);
    watch.lap("map");
    return { ...said, map: { height: grid.height, width: grid.width, values, most: manifest.map.most } };
  }
}

/**
 * Open the app at an address: its manifest, its model, its runtime.
 * @param {string | URL} base address of the folder with app.json, ending in /
 * @returns {Promise<Engine>}
 */
export async function open(base) {
  const place = new URL(base);
  const manifest = await fetchManifest(place);
  const [model, runtime] = await Promise.all([fetchFile(place, "model.onnx"), fetchFile(place, RUNTIME)]);
  return new Engine(manifest, await openModel(model, runtime, manifest.framing));
}

/** Name of the class with the largest probability; null where there are none. */
function likeliest(chances, names) {
  return chances && names ? names[chances.indexOf(Math.max(...chances))] : null;
}

const about = ({ width, height, format, photograph }) => ({ width, height, format, photograph });

/** Milliseconds of each step, and in all. */
function stopwatch() {
  const begin = performance.now();
  const spent = { read: 0, check: 0, frame: 0, model: 0, map: 0 };
  let last = begin;
  return {
    lap(step) {
      const now = performance.now();
      spent[step] += now - last;
      last = now;
    },
    times: () => ({ ...spent, total: performance.now() - begin }),
  };
}
