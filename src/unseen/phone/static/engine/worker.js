// The engine in a worker of its own, so that the page stays alive: one message in, one message out.

import { open } from "./engine.js";

/** @type {import("./engine.js").Engine | null} */
let engine = null;

const METHODS = {
  async open(base) {
    engine = await open(base);
    const tested = await engine.selfTest();
    return { manifest: engine.manifest, ...tested };
  },
  read: (file, options) => engine.read(file, options),
  screen: (file, options) => engine.screen(file, options),
  selfTest: () => engine.selfTest(),
};

self.addEventListener("message", async ({ data: { id, method, values } }) => {
  try {
    const value = await METHODS[method](...values);
    self.postMessage({ id, value: plain(value) }, { transfer: buffers(value) });
  } catch (thrown) {
    self.postMessage({ id, fault: thrown instanceof Error ? thrown.message : String(thrown) });
  }
});

/** Errors keep nothing but their message on their way; a refusal travels as a record. */
function plain(value) {
  if (!value?.refusal) return value;
  const { reason, message } = value.refusal;
  return { ...value, refusal: { reason, detail: message } };
}

/** Buffers that are handed over rather than copied. */
function buffers(value) {
  const held = [value?.picture?.grey, value?.preview?.pixels, value?.map?.values];
  return held.filter((one) => ArrayBuffer.isView(one)).map((one) => one.buffer);
}
