// The engine as the screens use it: it starts or says why not, reads, turns, cuts out and screens.

import { AppFault } from "./faults.js";
import { keepOffline } from "../engine/offline.js";
import { filmOf } from "../engine/quad.js";

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
   * Screen a file as the user asked for it: a film cut out at its corners, turned, black and white exchanged.
   * @param {{file: Blob, photo: boolean, corners: number[][] | null, turn: number, invert: boolean}} task
   * @param {object | null} record of the chosen source
   */
  async screen({ file, photo, corners, turn, invert }, record) {
    const before = this.client.restarts;
    const options = { record, photograph: photo, turn, invert };
    const { picture } = corners ? await this.read(file, photo) : { picture: null };
    const result = await this.client.screen(picture ? filmOf(picture, corners) : file, options);
    return { ...result, restarted: this.client.restarts > before };
  }
}

/** Where no service worker has checked the files, the page checks what the answer rests on. */
async function checkModel(base) {
  const taken = async (path) => (await fetch(new URL(path, base))).arrayBuffer();
  const { files } = JSON.parse(new TextDecoder().decode(await taken("app.json")));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await taken("model.onnx")));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== files["model.onnx"].sha256)
    throw new Error("model.onnx is not the file that belongs to this version");
}

/**
 * Keep the app on the device, then start the engine.
 * @param {(kept: import("../engine/offline.js").Kept) => void} told hears whether the app works without a network
 * @returns {Promise<Asking>}
 * @throws {AppFault}
 */
export async function openEngine(told) {
  const missing = NEEDED.filter((name) => !(name in globalThis));
  if (missing.length) throw new AppFault("browser", missing.join(", "));
  const base = new URL("./", document.baseURI);
  const kept = await keepOffline(base, told);
  told(kept);
  let client;
  try {
    if (!kept.offline) await checkModel(base);
    const { connect } = await import("../engine/client.js");
    client = await connect(base);
  } catch (error) {
    throw faultOf(error.message);
  }
  if (client.faults.length) throw faultOf(client.faults[0]);
  return new Asking(client);
}
