// Rows of samples, as a decoder gives them, to an upright picture: grey in [0, 1], colours where asked for, chroma.

/**
 * An upright picture.
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {Float32Array} grey height x width, 0 black to 1 white
 * @property {Plane[] | null} colours red, green, blue, where they were asked for
 * @property {number} chroma mean over pixels of (max - min of R, G, B) / 255
 * @property {"png" | "jpeg" | "dicom" | "crop"} format
 * @property {boolean} photograph its EXIF names a camera
 */

/**
 * One number a pixel; `data / top` lies in [0, 1].
 * @typedef {object} Plane
 * @property {Float32Array | Uint8Array | Uint16Array} data
 * @property {number} top
 */

// How EXIF orientation o = 1..8 moves pixel (x, y) of a w x h picture: to place start + x across + y down.
const MOVES = [
  null,
  (w, h) => ({ start: 0, across: 1, down: w }),
  (w, h) => ({ start: w - 1, across: -1, down: w }),
  (w, h) => ({ start: w * h - 1, across: -1, down: -w }),
  (w, h) => ({ start: (h - 1) * w, across: 1, down: -w }),
  (w, h) => ({ start: 0, across: h, down: 1 }),
  (w, h) => ({ start: h - 1, across: h, down: -1 }),
  (w, h) => ({ start: w * h - 1, across: -h, down: -1 }),
  (w, h) => ({ start: (w - 1) * h, across: -h, down: 1 }),
];

/** Takes rows of interleaved samples in any order and makes the picture. */
export class Gather {
  /**
   * @param {number} width as stored, before turning
   * @param {number} height
   * @param {{top: number, orientation?: number, coloured?: boolean}} how largest sample, EXIF orientation, and
   *   whether the colours are kept beside the grey
   */
  constructor(width, height, { top, orientation = 1, coloured = false }) {
    const turned = orientation >= 5;
    this.stored = width;
    this.width = turned ? height : width;
    this.height = turned ? width : height;
    this.top = top;
    this.move = MOVES[orientation](width, height);
    this.grey = new Float32Array(width * height);
    this.spread = 0;
    const plane = top === 255 ? Uint8Array : Uint16Array;
    this.colours = coloured ? [0, 1, 2].map(() => new plane(width * height)) : null;
  }

  /**
   * @param {number} y row as stored
   * @param {ArrayLike<number>} samples interleaved, from place `from` on
   * @param {1 | 2 | 3 | 4} channels grey, grey and alpha, RGB, RGB and alpha
   * @param {number} [from]
   */
  row(y, samples, channels, from = 0) {
    if (channels === 1) this.#greyRow(y, samples, from);
    else if (channels === 2) this.#row(y, samples, 2, from, 0, 1);
    else this.#row(y, samples, channels, from, 1, channels === 4 ? 3 : -1);
  }

  /** @param {Pick<Picture, "format" | "photograph">} about @returns {Picture} */
  picture(about) {
    const chroma = this.spread / this.top / this.grey.length;
    const colours = this.colours?.map((data) => ({ data, top: this.top })) ?? null;
    return { width: this.width, height: this.height, grey: this.grey, colours, chroma, ...about };
  }

  #greyRow(y, samples, from) {
    const { grey, top, stored } = this;
    const { start, across, down } = this.move;
    let place = start + y * down;
    for (let x = 0; x < stored; x++, place += across) grey[place] = samples[from + x] / top;
    if (this.colours) this.#keep(y, samples, 1, from, 0, -1);
  }

  // `step` is 1 where green and blue follow red, 0 where one number stands for all; alpha lies over black
  #row(y, samples, channels, from, step, alpha) {
    const { grey, top, stored } = this;
    const { start, across, down } = this.move;
    let place = start + y * down;
    let spread = 0;
    for (let x = 0, at = from; x < stored; x++, at += channels, place += across) {
      const part = alpha < 0 ? 1 : samples[at + alpha] / top;
      const red = samples[at];
      const green = samples[at + step];
      const blue = samples[at + 2 * step];
      grey[place] = ((0.299 * red + 0.587 * green + 0.114 * blue) * part) / top;
      const most = red > green ? (red > blue ? red : blue) : green > blue ? green : blue;
      const least = red < green ? (red < blue ? red : blue) : green < blue ? green : blue;
      spread += (most - least) * part;
    }
    this.spread += spread;
    if (this.colours) this.#keep(y, samples, channels, from, step, alpha);
  }

  #keep(y, samples, channels, from, step, alpha) {
    const { start, across, down } = this.move;
    for (let band = 0; band < 3; band++) {
      const data = this.colours[band];
      let place = start + y * down;
      for (let x = 0, at = from; x < this.stored; x++, at += channels, place += across) {
        const part = alpha < 0 ? 1 : samples[at + alpha] / this.top;
        data[place] = Math.round(samples[at + band * step] * part);
      }
    }
  }
}
