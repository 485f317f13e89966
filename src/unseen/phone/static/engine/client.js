// The engine as a page sees it: promises, and a worker that is replaced when it fails.
//
//   const client = await connect(new URL("./", location.href));
//   const result = await client.screen(file, { record, photograph: false });
//
// `screen` never rejects for what is in a file: a worker that died of it is replaced, and the picture refused.
// Calls are answered one after the other.

import { refusedResult } from "./result.js";

/**
 * @typedef {import("./result.js").Result} Result
 * @typedef {import("./engine.js").Options} Options
 * @typedef {import("./engine.js").Crop} Crop
 * @typedef {import("./manifest.js").Manifest} Manifest
 * @typedef {import("./gather.js").Picture} Picture
 */

// A picture that takes longer than this has hung the worker.
const PATIENCE = 60_000;

/** The worker died, hung, or cannot be started. */
class WorkerFault extends Error {}

/** Talks to the worker; made by `connect`. */
export class Client {
  #base;
  #worker = null;
  #asked = null; // the one call that waits for its answer
  #turn = Promise.resolve();
  #count = 0;

  /** @param {URL} base */
  constructor(base) {
    this.#base = base;
    /** @type {Manifest | null} app.json, once connected */
    this.manifest = null;
    /** @type {string[]} what the self-test found wrong; every picture is refused where there is anything */
    this.faults = [];
    /** How many times the worker was replaced. */
    this.restarts = 0;
  }

  /**
   * Start the worker and open the app in it.
   * @throws {Error} the app cannot be loaded, in one sentence
   */
  start() {
    return this.#inTurn(() => this.#begin());
  }

  /**
   * Read a file to an upright grey picture, e.g. to cut a film out of a photograph.
   * @param {Blob} file
   * @param {Options} [options]
   * @returns {Promise<{picture: Picture | null, refusal: {reason: string, detail: string} | null}>}
   */
  read(file, options = {}) {
    return this.#guarded("read", [file, options], [], (refusal) => ({ picture: null, refusal }));
  }

  /**
   * Say what the model finds in a file, or in a crop of one.
   * @param {Blob | Crop} file the grey values of a crop are handed over, not copied
   * @param {Options} [options]
   * @returns {Promise<Result>}
   */
  screen(file, options = {}) {
    const handed = file?.grey instanceof Float32Array ? [file.grey.buffer] : [];
    const version = this.manifest?.id ?? "";
    return this.#guarded("screen", [file, options], handed, (refusal) => refusedResult(refusal, version));
  }

  /**
   * Check golden vectors and known pixels again.
   * @returns {Promise<{ok: boolean, faults: string[]}>}
   */
  async selfTest() {
    const found = await this.#inTurn(() => this.#ask("selfTest", []));
    this.faults = found.faults;
    return found;
  }

  /** Stop the worker; a later call starts it again. */
  close() {
    this.#stop("the engine was closed");
  }

  /** Ask in turn; a worker that fails is replaced before the next call, and this one refused. */
  #guarded(method, values, transfer, refused) {
    return this.#inTurn(async () => {
      try {
        if (!this.#worker) await this.#begin();
        return await this.#ask(method, values, transfer);
      } catch (fault) {
        if (fault instanceof WorkerFault) await this.#replace();
        return refused({ reason: "broken", detail: `the picture could not be screened: ${fault.message}` });
      }
    });
  }

  async #begin() {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => this.#answer(data));
    const fail = (event) => this.#stop(event.message || "its worker stopped");
    worker.addEventListener("error", fail);
    worker.addEventListener("messageerror", fail);
    this.#worker = worker;
    const { manifest, faults } = await this.#ask("open", [this.#base.href]);
    this.manifest = manifest;
    this.faults = faults;
  }

  async #replace() {
    this.restarts += 1;
    // where this fails too, the next call tries again
    await this.#begin().catch(() => this.#stop("it could not be started again"));
  }

  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  #ask(method, values, transfer = []) {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#stop(`no answer came within ${PATIENCE / 1000} s`), PATIENCE);
      this.#asked = { id, resolve, reject, timer };
      this.#worker.postMessage({ id, method, values }, transfer);
    });
  }

  #answer({ id, value, fault }) {
    if (this.#asked?.id !== id) return;
    const { resolve, reject, timer } = this.#asked;
    this.#asked = null;
    clearTimeout(timer);
    if (fault === undefined) resolve(value);
    else reject(new Error(fault));
  }

  #stop(why) {
    this.#worker?.terminate();
    this.#worker = null;
    if (!this.#asked) return;
    const { reject, timer } = this.#asked;
    this.#asked = null;
    clearTimeout(timer);
    reject(new WorkerFault(why));
  }
}

/**
 * Start the engine of an app and test it.
 * @param {URL} base address of the folder with app.json, ending in /
 * @returns {Promise<Client>}
 * @throws {Error} the app cannot be loaded, in one sentence
 */
export async function connect(base) {
  const client = new Client(base);
  await client.start();
  return client;
}
