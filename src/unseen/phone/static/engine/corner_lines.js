// The strongest lines of a picture near the vertical; the same as `strongest_lines` of `unseen.pictures.corners`.

/**
 * Numbers in rows.
 * @typedef {object} Grid
 * @property {Float64Array} data height x width
 * @property {number} height
 * @property {number} width
 */

/**
 * A line near the vertical, x = middle + lean (y / height - 1/2), or the same with x and y exchanged.
 * @typedef {{middle: number, lean: number}} Line
 */

// Lines kept, cells between them, and the strength below which none is taken.
const LINES = 10;
const APART = 3;
const WEAK = 0.15;

/** @param {number} height @param {number} width @returns {Grid} */
export const gridOf = (height, width) => ({ data: new Float64Array(height * width), height, width });

/** @param {Grid} grid @returns {Grid} rows for columns */
export function transposed({ data, height, width }) {
  const out = gridOf(width, height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      out.data[column * height + row] = data[row * width + column];
  return out;
}

/** Strength of each lean (rows) and middle (columns): absolute mean slope along the line, its middle part. */
function strengths(right) {
  const { data, height, width } = right;
  const most = Math.floor(height / 4);
  const [first, last] = [Math.floor(0.3 * height), Math.floor(0.7 * height)];
  const found = gridOf(2 * most + 1, width);
  for (let lean = -most; lean <= most; lean++) {
    const start = (lean + most) * width;
    for (let row = first; row < last; row++) {
      const shift = Math.floor(lean * ((row + 0.5) / height - 0.5) + 0.5);
      const [from, to] = [Math.max(0, -shift), Math.min(width, width - shift)];
      for (let column = from; column < to; column++)
        found.data[start + column] += data[row * width + column + shift];
    }
    for (let column = 0; column < width; column++)
      found.data[start + column] = Math.abs(found.data[start + column] / (last - first));
  }
  return { found, most };
}

/** Place of the largest number, the first where several are. */
export function largest(data) {
  let best = 0;
  for (let place = 1; place < data.length; place++) if (data[place] > data[best]) best = place;
  return best;
}

/**
 * @param {Grid} right slopes to the right
 * @returns {Line[]} from left to right
 */
export function strongestLines(right) {
  const { found, most } = strengths(right);
  const { data, height, width } = found;
  const lines = [];
  while (lines.length < LINES) {
    const place = largest(data);
    if (!(data[place] > WEAK)) break;
    const column = place % width;
    lines.push({ middle: column + 0.5, lean: Math.floor(place / width) - most });
    const [from, to] = [Math.max(0, column - APART), Math.min(width, column + APART + 1)];
    for (let row = 0; row < height; row++) data.fill(0, row * width + from, row * width + to);
  }
  return lines.sort((one, other) => one.middle - other.middle);
}
