// Area averaging, our own loop: every browser scales a canvas in another way.
// Contract: cell i of m covers [i n / m, (i + 1) n / m) of n source rows, with fractional weights at both ends;
// rows first, then columns; sums in double precision.

/**
 * Part of a plane.
 * @typedef {object} Region
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 */

/**
 * @param {import("./gather.js").Plane} plane
 * @param {number} stride pixels of a row of the plane
 * @param {Region} region what is averaged
 * @param {number} height rows wanted
 * @param {number} width columns wanted
 * @returns {Float64Array} height x width, in [0, 1]
 */
export function areaAverage({ data, top }, stride, region, height, width) {
  const down = cells(region.height, height);
  const across = cells(region.width, width);
  const out = new Float64Array(height * width);
  const line = new Float64Array(region.width);
  for (let row = 0; row < height; row++) {
    addRows(line, data, stride, region, down[row]);
    for (let column = 0; column < width; column++) {
      out[row * width + column] = weighted(line, across[column]) / top;
    }
  }
  return out;
}

/** @typedef {{first: number, weights: Float64Array}} Cell */

/** @param {number} from @param {number} to @returns {Cell[]} weights of each cell add up to 1 */
function cells(from, to) {
  return Array.from({ length: to }, (_, place) => {
    const begin = (place * from) / to;
    const end = ((place + 1) * from) / to;
    const first = Math.floor(begin);
    const last = Math.min(from, Math.ceil(end));
    const weights = new Float64Array(last - first);
    for (let at = first; at < last; at++) {
      weights[at - first] = (Math.min(at + 1, end) - Math.max(at, begin)) / (end - begin);
    }
    return { first, weights };
  });
}

/** The weighted mean of some rows, into `line`. */
function addRows(line, data, stride, region, { first, weights }) {
  line.fill(0);
  const { left, top, width } = region;
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row];
    const start = (top + first + row) * stride + left;
    for (let x = 0; x < width; x++) line[x] += weight * data[start + x];
  }
}

function weighted(line, { first, weights }) {
  let sum = 0;
  for (let at = 0; at < weights.length; at++) sum += weights[at] * line[first + at];
  return sum;
}
