// The five filters of PNG lines, undone in place (PNG Specification, section 9).

import { Refusal } from "./refusal.js";

/**
 * @param {Uint8Array} data lines of one filter byte and `bytes` bytes
 * @param {number} at where the first line begins
 * @param {number} rows
 * @param {number} bytes of a line, without its filter byte
 * @param {number} step bytes of a pixel, at least 1
 */
export function unfilter(data, at, rows, bytes, step) {
  for (let row = 0; row < rows; row++) {
    const line = at + row * (bytes + 1) + 1;
    const above = row ? line - bytes - 1 : -1;
    const filter = FILTERS[data[line - 1]];
    if (!filter) throw new Refusal("broken", `a line of the PNG has filter ${data[line - 1]}`);
    filter(data, line, above, bytes, step);
  }
}

const FILTERS = [() => undefined, sub, up, average, paeth];

function sub(data, line, above, bytes, step) {
  for (let x = step; x < bytes; x++) data[line + x] += data[line + x - step];
}

function up(data, line, above, bytes) {
  if (above < 0) return;
  for (let x = 0; x < bytes; x++) data[line + x] += data[above + x];
}

function average(data, line, above, bytes, step) {
  for (let x = 0; x < bytes; x++) {
    const left = x < step ? 0 : data[line + x - step];
    const top = above < 0 ? 0 : data[above + x];
    data[line + x] += (left + top) >> 1;
  }
}

function paeth(data, line, above, bytes, step) {
  for (let x = 0; x < bytes; x++) {
    const left = x < step ? 0 : data[line + x - step];
    const top = above < 0 ? 0 : data[above + x];
    const corner = above < 0 || x < step ? 0 : data[above + x - step];
    const far = left + top - corner;
    const toLeft = Math.abs(far - left);
    const toTop = Math.abs(far - top);
    const toCorner = Math.abs(far - corner);
    data[line + x] += toLeft <= toTop && toLeft <= toCorner ? left : toTop <= toCorner ? top : corner;
  }
}
