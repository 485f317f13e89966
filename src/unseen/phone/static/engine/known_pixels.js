// A picture whose pixels are known: a browser that decodes, turns, colours or blurs it in another way is found out.

import { jpegHead, rgbaRows } from "./jpeg.js";

// 24 x 16 grey pixels in blocks of 8 x 8, marked as turned by a quarter; flat blocks decode alike everywhere.
const JPEG =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAEBAQEBAQEBAQEBAQEB" +
  "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAALCAAQABgBAREA/8QAFQABAQAAAAAA" +
  "AAAAAAAAAAAACwn/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAA/AD/z/AydG8lgje//2Q==";
const WIDTH = 24;
const BLOCKS = [
  [0, 255, 100],
  [50, 200, 150],
];
// Decoders of JPEG may differ by this many grey levels.
const LEVELS = 2;

/** @returns {Promise<string[]>} what is wrong, one sentence each */
export async function knownPixels() {
  const head = jpegHead(Uint8Array.from(atob(JPEG), (letter) => letter.charCodeAt(0)));
  let worst = 0;
  let rows = 0;
  const compare = (y, samples, from) => {
    rows += 1;
    for (let x = 0; x < WIDTH; x++) {
      const wanted = BLOCKS[y >> 3][x >> 3];
      for (let band = 0; band < 3; band++) {
        worst = Math.max(worst, Math.abs(samples[from + 4 * x + band] - wanted));
      }
    }
  };
  try {
    await rgbaRows(head, compare);
  } catch (thrown) {
    return [`a known JPEG is not decoded: ${thrown.message}`];
  }
  if (rows !== 16) return [`a known JPEG has ${rows} rows where 16 are right`];
  if (head.exif.orientation !== 6) return ["the orientation of a known JPEG is not read"];
  return worst > LEVELS ? [`pixels of a known JPEG are ${worst} grey levels off; protection against tracking?`] : [];
}
