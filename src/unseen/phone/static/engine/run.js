// The model in ONNX Runtime: its `/wasm` build, one thread, no worker of its own, nothing fetched but by us.

import * as ort from "../runtime/ort.wasm.bundle.min.mjs";
import { gunzip } from "./inflate.js";

/** Where the packed binary of the runtime lies in an app. */
export const RUNTIME = "runtime/ort-wasm.bin";

/**
 * Outputs of a run by name; numbers as typed arrays, one row a picture.
 * @typedef {Record<string, {data: Float32Array | Float64Array | Uint8Array | BigInt64Array, dims: readonly number[]}>} Outputs
 */

/** A model that is ready to run. */
export class Model {
  /** @param {ort.InferenceSession} session @param {number[]} shape of one row */
  constructor(session, shape) {
    this.session = session;
    this.shape = shape;
  }

  /**
   * @param {Float32Array} rows N pictures, one after the other
   * @param {readonly string[]} [names] outputs wanted; all without
   * @returns {Promise<Outputs>}
   */
  async run(rows, names) {
    const each = this.shape.reduce((product, side) => product * side, 1);
    const tensor = new ort.Tensor("float32", rows, [rows.length / each, ...this.shape]);
    const found = await this.session.run({ rows: tensor }, names);
    const out = Object.fromEntries(
      Object.entries(found).map(([name, value]) => [name, { data: value.data, dims: value.dims }]),
    );
    tensor.dispose();
    return out;
  }

  async close() {
    await this.session.release();
  }
}

/**
 * @param {Uint8Array} model bytes of model.onnx
 * @param {Uint8Array} runtime bytes of RUNTIME
 * @param {import("./framing.js").Framing} framing
 * @returns {Promise<Model>}
 */
export async function openModel(model, runtime, { channels, height, width }) {
  if (!ort.env.wasm.wasmBinary) {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    ort.env.wasm.wasmBinary = (await gunzip(runtime)).buffer;
  }
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
  return new Model(session, [channels, height, width]);
}
