// The engine as the screens use it: it starts or says why not, reads, turns, cuts out and screens.

import { AppFault } from "./faults.js";
import { cutOut, inverted, turned } from "../engine/quad.js";

/** What a browser must have; asked before anything is loaded. */
const NEEDED = ["WebAssembly", "DecompressionStream", "OffscreenCanvas", "createImageBitmap", "Worker"];

// What the engine's sentences speak of -> what the page says of it.
const CODES = [
  [/is not the file|sha-?256|hash/i, "hash"],
  [/golden/i, "golden"],
  [/known JPEG/i, "canvas"],
  [/cannot be loaded|app\.json/i, "load"],
  [/memory|worker|no answer/i, "worker"],
];

/** @param {string} sentence of the engine @returns {AppFault} */
function faultOf(sentence) {
  const code = CODES.find(([pattern]) => pattern.test(sentence))?.[1] ?? "unknown";
  return new AppFault(code, sentence);
}

/** The app's model and the ways to ask it. */
class Asking {
  /** @param {import("../engine/client.js").Client} client */
  constructor(client) {
    this.client = client;
    this.manifest = client.manifest;
  }

  /**
   * Read a file to a picture, without a score.
   * @returns {Promise<{picture: object | null, refusal: {reason: string} | null}>}
   */
  read(file, photograph) {
    return this.client.read(file, { photograph });
  }

  /**
   * Screen a file, or what the user made of it: corners cut out, turned, black and white exchanged.
   * @param {{file: Blob, photo: boolean, corners: number[][] | null, turn: number, invert: boolean}} task
   * @param {object | null} record of the chosen source
   */
  async screen(task, record) {
    const before = this.client.restarts;
    const options = { record, photograph: task.photo };
    const changed = task.corners || task.turn || task.invert;
    const result = changed ? await this.#screenChanged(task, options) : await this.client.screen(task.file, options);
    return { ...result, restarted: this.client.restarts > before };
  }

  async #screenChanged({ file, photo, corners, turn, invert }, options) {
    const { picture, refusal } = await this.client.read(file, { photograph: photo });
    if (refusal) return this.client.screen(file, options); // says the same, as a result
    let changed = corners ? cutOut(picture, corners) : picture;
    if (turn) changed = turned(changed, turn);
    if (invert) changed = inverted(changed);
    return this.client.screen(changed, options);
  }
}

/**
 * Start the engine.
 * @returns {Promise<Asking>}
 * @throws {AppFault}
 */
export async function openEngine() {
  const missing = NEEDED.filter((name) => !(name in globalThis));
  if (missing.length) throw new AppFault("browser", missing.join(", "));
  let client;
  try {
    const { connect } = await import("../engine/client.js");
    client = await connect(new URL("./", document.baseURI));
  } catch (error) {
    throw faultOf(error.message);
  }
  if (client.faults.length) throw faultOf(client.faults[0]);
  return new Asking(client);
}
