// Whether a GIF or WebP is animated, so that it can be said; neither is read.

/**
 * @param {Uint8Array} data a whole file
 * @returns {boolean}
 */
export function isAnimated(data) {
  const head = String.fromCharCode(...data.subarray(0, 16));
  if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) return gifFrames(data) > 1;
  // the extended header of WebP has a flag
  return head.startsWith("RIFF") && head.slice(8) === "WEBPVP8X" && (data[20] & 2) !== 0;
}

/** Frames of a GIF, two at most: every image descriptor is one. Reference: GIF89a specification, section 20. */
function gifFrames(data) {
  const table = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let frames = 0;
  let at = 13 + table(data[10]);
  while (at < data.length && frames < 2) {
    if (data[at] === 0x21) at = pastBlocks(data, at + 2);
    else if (data[at] === 0x2c) {
      frames += 1;
      at = pastBlocks(data, at + 11 + table(data[at + 9]));
    } else break;
  }
  return frames;
}

/** Blocks of up to 255 bytes follow each other; an empty one ends them. */
function pastBlocks(data, at) {
  while (at < data.length && data[at] !== 0) at += data[at] + 1;
  return at + 1;
}
