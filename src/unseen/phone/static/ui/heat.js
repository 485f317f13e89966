// The colours of a heat map and what they say in words. One scale for every picture: `most` is the full colour.

/** @typedef {import("../engine/result.js").HeatMap} HeatMap */

// From little to much, each lighter than the one before: so it reads without colours and for every colour vision.
export const SCALE = [
  [64, 3, 156],
  [143, 13, 163],
  [203, 71, 119],
  [248, 149, 64],
  [243, 235, 60],
];
// Below this share of the full colour nothing is said to stand out.
const FAINT = 0.1;
// One of nine parts must hold this share of all evidence to be named.
const NAMED = 0.22;

/** Colour and opacity of a share t in [0, 1]: red, green, blue, alpha, each 0 to 255. */
export function colour(t) {
  const place = Math.min(Math.max(t, 0), 1) * (SCALE.length - 1);
  const below = Math.min(Math.floor(place), SCALE.length - 2);
  const mix = (band) => SCALE[below][band] + (place - below) * (SCALE[below + 1][band] - SCALE[below][band]);
  return [mix(0), mix(1), mix(2), 255 * Math.min(1, Math.max(t, 0) * 2.5)];
}

/** The map at a point (x, y) in [0, 1], bilinear between the middles of its cells, as a share of `most`. */
export function shareAt({ values, height, width, most }, x, y) {
  const across = Math.min(Math.max(x * width - 0.5, 0), width - 1);
  const down = Math.min(Math.max(y * height - 0.5, 0), height - 1);
  const [left, top] = [Math.floor(across), Math.floor(down)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const line = (row) =>
    values[row * width + left] * (1 - across + left) + values[row * width + right] * (across - left);
  return (line(top) * (1 - down + top) + line(bottom) * (down - top)) / most;
}

/** The map as pixels of `side` x `side`, RGBA. */
export function pixels(map, side) {
  const out = new Uint8ClampedArray(4 * side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      out.set(colour(shareAt(map, (x + 0.5) / side, (y + 0.5) / side)), 4 * (y * side + x));
  return out;
}

/** How much of cell `at` of `count` lies in each third: three shares of one. */
function thirds(at, count) {
  const cut = (third) => Math.min(Math.max((third * count) / 3 - at, 0), 1);
  return [cut(1), cut(2) - cut(1), 1 - cut(2)];
}

/** Evidence above zero in each of three by three parts, from the upper left on. */
function ninths({ values, height, width }) {
  const sums = new Array(9).fill(0);
  values.forEach((value, place) => {
    const [down, across] = [thirds(Math.floor(place / width), height), thirds(place % width, width)];
    for (let part = 0; part < 9; part++)
      sums[part] += Math.max(value, 0) * down[Math.floor(part / 3)] * across[part % 3];
  });
  return sums;
}

/**
 * Where most of the evidence is: null for nowhere, "" for all over, else "lower-left" and the like.
 * @param {HeatMap} map
 */
export function where(map) {
  if (!(Math.max(...map.values) > FAINT * map.most)) return null;
  const sums = ninths(map);
  const all = sums.reduce((sum, one) => sum + one, 0);
  const most = Math.max(...sums);
  if (most < NAMED * all) return "";
  const place = sums.indexOf(most);
  return `${["upper", "middle", "lower"][Math.floor(place / 3)]}-${["left", "centre", "right"][place % 3]}`;
}
