// A file of any format to an upright picture.

import { readDicom } from "./dicom.js";
import { readJpeg } from "./jpeg.js";
import { readPng } from "./png.js";
import { Refusal, asRefusal } from "./refusal.js";
import { formatOf } from "./sniff.js";

// Bytes of a file at most: 50 million pixels, stored plainly, have fewer.
const MOST_BYTES = 512 * 2 ** 20;
const READERS = { png: readPng, jpeg: readJpeg, dicom: readDicom };

/**
 * @param {Blob | ArrayBuffer | Uint8Array} file
 * @param {{coloured?: boolean}} [how] whether colours are kept beside the grey
 * @returns {Promise<import("./gather.js").Picture>}
 * @throws {Refusal}
 */
export async function readPicture(file, how = {}) {
  try {
    const data = await bytesOf(file);
    return await READERS[formatOf(data)](data, how);
  } catch (thrown) {
    throw asRefusal(thrown);
  }
}

/** @param {Blob | ArrayBuffer | Uint8Array} file @returns {Promise<Uint8Array>} */
async function bytesOf(file) {
  const size = file instanceof Blob ? file.size : file.byteLength;
  if (size > MOST_BYTES) {
    throw new Refusal("too-many-pixels", `${size} bytes came; accepted: ${MOST_BYTES}`);
  }
  if (file instanceof Uint8Array) return file;
  return new Uint8Array(file instanceof Blob ? await file.arrayBuffer() : file);
}
