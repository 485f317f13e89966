// Numbers out of bytes; reading beyond the end is a broken picture, not a fault.

import { Refusal } from "./refusal.js";

/** A window on bytes that is read at given places, in one byte order. */
export class Bytes {
  /**
   * @param {Uint8Array} data
   * @param {boolean} little little-endian
   */
  constructor(data, little = false) {
    this.data = data;
    this.little = little;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get length() {
    return this.data.length;
  }

  /** @param {number} at @returns {number} */
  u8(at) {
    this.#need(at, 1);
    return this.data[at];
  }

  /** @param {number} at @returns {number} */
  u16(at) {
    this.#need(at, 2);
    return this.view.getUint16(at, this.little);
  }

  /** @param {number} at @returns {number} */
  u32(at) {
    this.#need(at, 4);
    return this.view.getUint32(at, this.little);
  }

  /** @param {number} at @param {number} count @returns {string} Latin-1 */
  text(at, count) {
    this.#need(at, count);
    return String.fromCharCode(...this.data.subarray(at, at + count));
  }

  /** @param {number} at @param {number} count @returns {Uint8Array} a view, not a copy */
  part(at, count) {
    this.#need(at, count);
    return this.data.subarray(at, at + count);
  }

  #need(at, count) {
    if (at < 0 || at + count > this.data.length) throw new Refusal("broken", "the file ends too early");
  }
}
