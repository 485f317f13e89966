// The sides of a first guess, moved to where the picture changes most; as in `unseen.pictures.corners`.

import { gridOf, largest } from "./corner_lines.js";
import { sampled } from "./quad.js";

/** @typedef {import("./corner_lines.js").Grid} Grid */
/** @typedef {import("./quad.js").Corners} Corners */

/** Where a side is looked at: 48 places between 4 and 96 % of its length. */
export const ALONG = Array.from({ length: 48 }, (_, at) => 0.04 + (0.92 * (at + 0.5)) / 48);
// How far the ends of a side are moved, in cells.
const STEPS = Array.from({ length: 17 }, (_, at) => (at - 8) / 4);

/** Changes from a cell to the next, to the right and down; none after the last. */
function changes({ data, height, width }) {
  const [across, down] = [gridOf(height, width), gridOf(height, width)];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      if (column + 1 < width) across.data[at] = data[at + 1] - data[at];
      if (row + 1 < height) down.data[at] = data[at + width] - data[at];
    }
  }
  return { across, down };
}

/** Absolute mean change across a side whose ends were moved by `first` and `second` along `axis`. */
function strength(values, [start, stop], axis, first, second) {
  const picture = { grey: values.data, width: values.width, height: values.height };
  let sum = 0;
  for (const share of ALONG) {
    const place = [start[0] + share * (stop[0] - start[0]), start[1] + share * (stop[1] - start[1])];
    // changes lie half a cell before the centre that `sampled` gives them
    place[axis] += (1 - share) * first + share * second - 0.5;
    sum += sampled(picture, place[0], place[1]);
  }
  return Math.abs(sum / ALONG.length);
}

/** The side with both ends moved to where the change is largest. */
function movedSide(values, side, axis) {
  const tried = STEPS.flatMap((first) => STEPS.map((second) => strength(values, side, axis, first, second)));
  const best = largest(tried);
  const ends = [STEPS[Math.floor(best / STEPS.length)], STEPS[best % STEPS.length]];
  return side.map((end, at) => end.map((value, way) => (way === axis ? value + ends[at] : value)));
}

/** Where two lines, each through two points, meet. */
function meeting([a, b], [c, d]) {
  const [along, against, apart] = [
    [b[0] - a[0], b[1] - a[1]],
    [d[0] - c[0], d[1] - c[1]],
    [c[0] - a[0], c[1] - a[1]],
  ];
  const area = along[0] * against[1] - along[1] * against[0];
  const share = (apart[0] * against[1] - apart[1] * against[0]) / area;
  return [a[0] + share * along[0], a[1] + share * along[1]];
}

/**
 * @param {Corners} corners in cells
 * @param {Grid} cells
 * @returns {Corners}
 */
export function fitted(corners, cells) {
  const { across, down } = changes(cells);
  const sides = corners.map((start, side) => {
    const [values, axis] = side % 2 ? [across, 0] : [down, 1];
    return movedSide(values, [start, corners[(side + 1) % 4]], axis);
  });
  return sides.map((side, at) => meeting(sides[(at + 3) % 4], side));
}
