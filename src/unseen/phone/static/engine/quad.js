// A film cut out of a photograph by its four corners, and what a user may do to a picture: turn it, exchange black
// and white. Each returns a picture of its own; what came stays as it is.

/** @typedef {import("./gather.js").Picture} Picture */
/** @typedef {[number, number][]} Quad corners (x, y) in pixels: top left, top right, bottom right, bottom left */

// The longer side of what is cut out, at most.
const SIDE = 1024;

/**
 * The projective map that takes the unit square to a quad: (u, v, 1) -> H (u, v, 1).
 * Reference: Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), section 2.2.3.
 * @param {Quad} quad
 * @returns {number[]} H, row by row, with H[8] = 1
 */
export function squareToQuad([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]) {
  const [sx, sy] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const [dx1, dy1, dx2, dy2] = [x1 - x2, y1 - y2, x3 - x2, y3 - y2];
  const whole = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / whole;
  const h = (dx1 * sy - sx * dy1) / whole;
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1];
}

/** Does the quad go round without crossing itself, its corners all turning the same way? */
export function isConvex(quad) {
  return quad.every((corner, at) => {
    const [next, after] = [quad[(at + 1) % 4], quad[(at + 2) % 4]];
    return (next[0] - corner[0]) * (after[1] - next[1]) - (next[1] - corner[1]) * (after[0] - next[0]) > 0;
  });
}

/** Width and height of what is cut out: the longer of opposite sides, reduced to at most SIDE. */
export function cutSize([a, b, c, d]) {
  const far = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);
  const [wide, tall] = [Math.max(far(a, b), far(d, c)), Math.max(far(a, d), far(b, c))];
  const part = Math.min(1, SIDE / Math.max(wide, tall));
  return { width: Math.max(1, Math.round(wide * part)), height: Math.max(1, Math.round(tall * part)) };
}

/** Grey at (x, y), where the middle of pixel (i, j) is (i + .5, j + .5); bilinear, edges go on. */
function greyAt({ grey, width, height }, x, y) {
  const across = Math.min(Math.max(x - 0.5, 0), width - 1);
  const down = Math.min(Math.max(y - 0.5, 0), height - 1);
  const [left, top] = [Math.floor(across), Math.floor(down)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const line = (row) => grey[row * width + left] * (1 - across + left) + grey[row * width + right] * (across - left);
  return line(top) * (1 - down + top) + line(bottom) * (down - top);
}

/**
 * Cut out what lies within a quad and make it straight.
 * @param {Picture} picture
 * @param {Quad} quad
 * @returns {Picture}
 */
export function cutOut(picture, quad) {
  const { width, height } = cutSize(quad);
  const [a, b, c, d, e, f, g, h, i] = squareToQuad(quad);
  const grey = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    const v = (row + 0.5) / height;
    for (let column = 0; column < width; column++) {
      const u = (column + 0.5) / width;
      const scale = 1 / (g * u + h * v + i);
      grey[row * width + column] = greyAt(picture, (a * u + b * v + c) * scale, (d * u + e * v + f) * scale);
    }
  }
  return { ...picture, width, height, grey, colours: null };
}

/**
 * Turn a picture clockwise.
 * @param {Picture} picture
 * @param {number} degrees 90, 180 or 270
 * @returns {Picture}
 */
export function turned(picture, degrees) {
  let made = picture;
  for (let quarter = 0; quarter < degrees / 90; quarter++) made = quarterTurned(made);
  return made;
}

function quarterTurned(picture) {
  const { width, height } = picture;
  const move = (from) => {
    const to = new from.constructor(from.length);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) to[x * height + (height - 1 - y)] = from[y * width + x];
    return to;
  };
  const colours = picture.colours?.map((plane) => ({ ...plane, data: move(plane.data) })) ?? null;
  return { ...picture, width: height, height: width, grey: move(picture.grey), colours };
}

/** Exchange black and white. @param {Picture} picture @returns {Picture} */
export const inverted = (picture) => ({ ...picture, grey: picture.grey.map((value) => 1 - value), colours: null });
