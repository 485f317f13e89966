// Deflated bytes, by the browser's own DecompressionStream, never more of them than are expected.

import { Refusal } from "./refusal.js";

/**
 * @param {BlobPart[]} parts
 * @param {number} size bytes expected; more are not taken
 * @param {"deflate" | "gzip"} form
 * @returns {Promise<Uint8Array>} exactly `size` bytes
 * @throws {Refusal} broken: fewer come, or they are no deflated bytes
 */
export async function inflate(parts, size, form) {
  const out = new Uint8Array(size);
  const reader = new Blob(parts).stream().pipeThrough(new DecompressionStream(form)).getReader();
  let filled = 0;
  try {
    while (filled < size) {
      const { done, value } = await reader.read();
      if (done) break;
      out.set(value.subarray(0, size - filled), filled);
      filled += Math.min(value.length, size - filled);
    }
  } catch {
    // what came before the fault is judged below
  }
  reader.cancel().catch(() => undefined);
  if (filled < size) throw new Refusal("broken", `${filled} of ${size} bytes of the picture could be unpacked`);
  return out;
}

/**
 * All bytes of a gzip file of the app; bytes that a host has unpacked already are taken as they are.
 * @param {Uint8Array} packed
 * @returns {Promise<Uint8Array>}
 */
export async function gunzip(packed) {
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
