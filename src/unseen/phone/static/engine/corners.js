// A first guess of the four corners of a film in a photograph, for a person to correct; the same steps as
// `first_guess` of `unseen.pictures.corners` in Python.

import { areaAverage } from "./area.js";
import { ALONG, fitted } from "./corner_fit.js";
import { gridOf, strongestLines, transposed } from "./corner_lines.js";

/** @typedef {import("./corner_lines.js").Grid} Grid */
/** @typedef {import("./corner_lines.js").Line} Line */
/** @typedef {import("./quad.js").Corners} Corners */

// Cells of the longer side while looking; a change of grey from cell to cell that counts fully.
const LONG = 192;
const STEEP = 0.06;
// Beyond the ends of a side, in cells: there a film has no edge.
const BEYOND = Array.from({ length: 10 }, (_, at) => at + 2.5);
// What area and edges beyond the ends weigh; where the corners wait if no film is found.
const AREA = 0.3;
const OPEN = 4;
const INSET = 0.1;

/**
 * @param {{grey: Float32Array, width: number, height: number}} picture
 * @returns {{corners: Corners, found: boolean}} in pixels, clockwise from the top left; not found: 10 % inside
 */
export function firstGuess({ grey, width, height }) {
  const cells = cellsOf(grey, width, height);
  const best = bestQuad(slopesOf(cells), cells);
  if (!best) {
    const [near, far] = [INSET, 1 - INSET];
    const places = [
      [near, near],
      [far, near],
      [far, far],
      [near, far],
    ];
    return { corners: places.map(([x, y]) => [x * width, y * height]), found: false };
  }
  const held = (value, most) => Math.min(Math.max(value, 0), most);
  const corners = fitted(best, cells).map(([x, y]) => [
    held((x * width) / cells.width, width),
    held((y * height) / cells.height, height),
  ]);
  return { corners, found: true };
}

/** The picture averaged to cells, in single precision as in Python. @returns {Grid} */
function cellsOf(grey, width, height) {
  const scale = LONG / Math.max(height, width);
  const side = (length) => Math.max(4, Math.floor(scale * length + 0.5));
  const whole = { left: 0, top: 0, width, height };
  const data = areaAverage({ data: grey, top: 1 }, width, whole, side(height), side(width)).map(Math.fround);
  return { data, height: side(height), width: side(width) };
}

/** Changes of grey to the right and down, from -1 to 1; none at the border. */
function slopesOf({ data, height, width }) {
  const [right, down] = [gridOf(height, width), gridOf(height, width)];
  const steep = (change) => Math.min(Math.max(change / 2 / STEEP, -1), 1);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      if (column > 0 && column < width - 1) right.data[at] = steep(data[at + 1] - data[at - 1]);
      if (row > 0 && row < height - 1) down.data[at] = steep(data[at + width] - data[at - width]);
    }
  }
  return { right, down };
}

const pairs = (list) => list.flatMap((one, at) => list.slice(at + 1).map((other) => [one, other]));

/** The quadrilateral of strong lines that is most like the outline of a film; null where there is none. */
function bestQuad(slopes, { height, width }) {
  const [uprights, levels] = [
    pairs(strongestLines(slopes.right)),
    pairs(strongestLines(transposed(slopes.down))),
  ];
  let [best, most] = [null, -Infinity];
  for (const [left, right] of uprights) {
    for (const [top, bottom] of levels) {
      const sides = [
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
      ];
      const quad = sides.map(([upright, level]) => crossing(upright, level, height, width));
      if (!isPlausible(quad, height, width)) continue;
      const value = merit(quad, slopes);
      if (value > most) [best, most] = [quad, value];
    }
  }
  return best;
}

/** @param {Line} upright @param {Line} level */
function crossing(upright, level, height, width) {
  const [a, b] = [upright.lean / height, level.lean / width];
  const [x0, y0] = [upright.middle - upright.lean / 2, level.middle - level.lean / 2];
  const x = (x0 + a * y0) / (1 - a * b);
  return [x, y0 + b * x];
}

const far = ([x, y], [u, v]) => Math.hypot(u - x, v - y);

/** Could a film be so? A quarter of the height or more, at most 2.2 times as long as wide. */
function isPlausible(quad, height, width) {
  const [across, down] = [far(quad[0], quad[1]), far(quad[0], quad[3])];
  const [short, long] = [Math.min(across, down), Math.max(across, down)];
  const inside = ([x, y]) => x >= -3 && y >= -3 && x <= width + 3 && y <= height + 3;
  return short >= 0.25 * height && long <= 2.2 * short && quad.every(inside);
}

/** Value of the cell a place is in; outside, of the nearest. */
function at({ data, height, width }, x, y) {
  const column = Math.min(Math.max(Math.floor(x), 0), width - 1);
  return data[Math.min(Math.max(Math.floor(y), 0), height - 1) * width + column];
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Slope across a side, and beyond each of its ends: absolute means. */
function sideOf(values, start, stop) {
  const [dx, dy] = [stop[0] - start[0], stop[1] - start[1]];
  const length = Math.hypot(dx, dy);
  const inside = mean(ALONG.map((share) => at(values, start[0] + share * dx, start[1] + share * dy)));
  const beyond = ([x, y], way) =>
    mean(
      BEYOND.map((cells) => {
        const [u, v] = [x + (way * cells * dx) / length, y + (way * cells * dy) / length];
        return u >= 0 && v >= 0 && u < values.width && v < values.height ? at(values, u, v) : 0;
      }),
    );
  return { side: Math.abs(inside), ends: [Math.abs(beyond(start, -1)), Math.abs(beyond(stop, 1))] };
}

/** How much a quadrilateral is like the outline of a film; the formula stands in Python. */
function merit(quad, { right, down }) {
  const looked = quad.map((start, side) => sideOf(side % 2 ? right : down, start, quad[(side + 1) % 4]));
  const sides = looked.map((one) => one.side);
  const area = (far(quad[0], quad[1]) * far(quad[0], quad[3])) / (right.height * right.width);
  return mean(sides) + Math.min(...sides) + AREA * area - OPEN * mean(looked.flatMap((one) => one.ends));
}
