// A heat map of any model: how much the score falls where one patch of the picture is replaced by plain grey.
// Reference: Zeiler & Fergus, Visualizing and Understanding Convolutional Networks (2014), section 4.2.

// Numbers in one batch, so that memory stays bounded for large pictures.
const MOST_NUMBERS = 4_000_000;

/**
 * map[i, j] = score(x) - score(x with patch (i, j) grey); patches are twice as wide as the grid is fine, so that
 * neighbours overlap. Above zero: what is there makes the score higher.
 * @param {Float32Array} row channels x height x width
 * @param {{channels: number, height: number, width: number}} shape
 * @param {{height: number, width: number, fill: number[] | null}} grid fill: grey of each channel, without it the
 *   mean of the picture
 * @param {(rows: Float32Array) => Promise<ArrayLike<number>>} score of N pictures
 * @returns {Promise<Float32Array>} height x width of the grid
 */
export async function occlusionMap(row, shape, grid, score) {
  const fill = grid.fill ?? means(row, shape);
  const batch = Math.max(1, Math.min(64, Math.floor(MOST_NUMBERS / row.length)));
  const whole = (await score(row))[0];
  const map = new Float32Array(grid.height * grid.width);
  for (let first = 0; first < map.length; first += batch) {
    const count = Math.min(batch, map.length - first);
    const rows = new Float32Array(count * row.length);
    for (let place = 0; place < count; place++) {
      rows.set(row, place * row.length);
      const one = rows.subarray(place * row.length, (place + 1) * row.length);
      cover(one, shape, patch(first + place, shape, grid), fill);
    }
    const found = await score(rows);
    for (let place = 0; place < count; place++) map[first + place] = whole - found[place];
  }
  return map;
}

/** Rows and columns of a patch: its cell, and half a cell around it. */
function patch(place, { height, width }, grid) {
  const [row, column] = [Math.floor(place / grid.width), place % grid.width];
  const [tall, wide] = [height / grid.height, width / grid.width];
  return {
    top: Math.max(0, Math.round((row - 0.5) * tall)),
    bottom: Math.min(height, Math.round((row + 1.5) * tall)),
    left: Math.max(0, Math.round((column - 0.5) * wide)),
    right: Math.min(width, Math.round((column + 1.5) * wide)),
  };
}

function cover(one, { channels, height, width }, { top, bottom, left, right }, fill) {
  for (let band = 0; band < channels; band++) {
    for (let y = top; y < bottom; y++) {
      const start = (band * height + y) * width;
      one.fill(fill[band], start + left, start + right);
    }
  }
}

function means(row, { channels, height, width }) {
  const size = height * width;
  return Array.from({ length: channels }, (_, band) => {
    let sum = 0;
    for (let at = band * size; at < (band + 1) * size; at++) sum += row[at];
    return sum / size;
  });
}
