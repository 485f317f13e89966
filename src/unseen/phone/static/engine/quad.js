// A film cut out of a photograph by its four corners; the same steps as `unseen.pictures.perspective` in Python.

import { areaAverage } from "./area.js";

/** @typedef {import("./gather.js").Picture} Picture */
/**
 * Corners (x, y) of a film in pixels: top left, top right, bottom right, bottom left. The pixel in row r and
 * column c covers [c, c + 1) x [r, r + 1).
 * @typedef {[number, number][]} Corners
 */

// Short side of what is cut out, and samples a side that one of its pixels is averaged from, at most.
const SIDE = 512;
const MOST_SAMPLES = 8;

/**
 * The map from the unit square: x = (a u + b v + c) / (g u + h v + 1), y = (d u + e v + f) / (g u + h v + 1).
 * Reference: Heckbert, Fundamentals of texture mapping and image warping (1989), section 2.2.3.
 * @param {Corners} corners
 * @returns {number[]} a to h
 */
export function homography([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]) {
  const [dx1, dx2, dy1, dy2] = [x1 - x2, x3 - x2, y1 - y2, y3 - y2];
  const [sx, sy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const area = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / area;
  const h = (dx1 * sy - sx * dy1) / area;
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h];
}

/** Are these the corners of a convex shape, clockwise from the top left? @param {Corners} corners */
export function isConvex(corners) {
  return corners.every(([x, y], at) => {
    const [next, last] = [corners[(at + 1) % 4], corners[(at + 3) % 4]];
    return (x - last[0]) * (next[1] - y) - (y - last[1]) * (next[0] - x) >= 1;
  });
}

const edgesOf = (corners) =>
  corners.map(([x, y], at) => Math.hypot(corners[(at + 1) % 4][0] - x, corners[(at + 1) % 4][1] - y));

/**
 * Height and width of what is cut out: the shorter is `side`, their ratio that of the edges on average.
 * @param {Corners} corners
 */
export function cropSize(corners, side = SIDE) {
  const [top, right, bottom, left] = edgesOf(corners);
  const [across, down] = [(top + bottom) / 2, (left + right) / 2];
  const ratio = Math.max(across, down) / Math.min(across, down);
  const longer = Math.min(Math.floor(side * ratio + 0.5), 2 * side);
  return down >= across ? { height: longer, width: side } : { height: side, width: longer };
}

/** Bilinear between the centres of pixels; beyond the outermost, those of the border. */
export function sampled({ grey, width, height }, x, y) {
  const across = Math.min(Math.max(x - 0.5, 0), width - 1);
  const down = Math.min(Math.max(y - 0.5, 0), height - 1);
  const [left, top] = [Math.floor(across), Math.floor(down)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const [u, v] = [across - left, down - top];
  const above = grey[top * width + left] * (1 - u) + grey[top * width + right] * u;
  const under = grey[bottom * width + left] * (1 - u) + grey[bottom * width + right] * u;
  return above * (1 - v) + under * v;
}

/**
 * Cut a film out: k x k samples for each pixel, averaged; k so that no pixel of the photograph is skipped.
 * @param {Picture} picture
 * @param {Corners} corners
 * @param {number} height
 * @param {number} width
 * @returns {Float32Array} height x width
 */
export function cropped(picture, corners, height, width) {
  const needed = Math.ceil(Math.max(...edgesOf(corners)) / Math.min(height, width));
  const k = Math.max(1, Math.min(MOST_SAMPLES, needed));
  const [a, b, c, d, e, f, g, h] = homography(corners);
  const out = new Float32Array(height * width);
  const data = new Float64Array(k * k * width);
  const line = { left: 0, top: 0, width: k * width, height: k };
  for (let row = 0; row < height; row++) {
    for (let at = 0; at < data.length; at++) {
      const u = ((at % line.width) + 0.5) / line.width;
      const v = (k * row + Math.floor(at / line.width) + 0.5) / (k * height);
      const below = g * u + h * v + 1;
      data[at] = sampled(picture, (a * u + b * v + c) / below, (d * u + e * v + f) / below);
    }
    out.set(areaAverage({ data, top: 1 }, line.width, line, 1, width), row * width);
  }
  return out;
}

/**
 * The film in a photograph, upright; it stays a photograph.
 * @param {Picture} picture
 * @param {Corners} corners
 * @returns {Picture}
 */
export function filmOf(picture, corners) {
  const { height, width } = cropSize(corners);
  return {
    ...picture,
    height,
    width,
    grey: cropped(picture, corners, height, width),
    colours: null,
    photograph: true,
  };
}
