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

/** How EXIF orientation o = 1..8 moves pixel (x, y) of a w x h picture: to place start + x across + y down. */
export const MOVES = [
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

/**
 * How samples of a pixel lie: how many there are, how far apart red, green and blue (0: one grey number stands for
 * all), and which one is alpha, over black (-1: none that counts).
 * @typedef {{samples: number, apart: 0 | 1, alpha: number}} Layout
 */

/** @type {Record<"grey" | "greyAlpha" | "rgb" | "rgba" | "rgbx", Layout>} */
export const LAYOUTS = Object.freeze({
  grey: { samples: 1, apart: 0, alpha: -1 },
  greyAlpha: { samples: 2, apart: 0, alpha: 1 },
  rgb: { samples: 3, apart: 1, alpha: -1 },
  rgba: { samples: 4, apart: 1, alpha: 3 },
  rgbx: { samples: 4, apart: 1, alpha: -1 },
});

/** Takes rows of interleaved samples in any order and makes the picture. */
export class Gather {
  /**
   * @param {number} width as stored, before turning
   * @param {number} height
   * @param {Layout} layout
   * @param {{top: 255 | 65535, orientation?: number, coloured?: boolean}} how largest sample, EXIF orientation, and
   *   whether the colours are kept beside the grey
   */
  constructor(width, height, layout, { top, orientation = 1, coloured = false }) {
    const turned = orientation >= 5;
    this.stored = width;
    this.width = turned ? height : width;
    this.height = turned ? width : height;
    this.layout = layout;
    this.top = top;
    this.move = MOVES[orientation](width, height);
    this.grey = new Float32Array(width * height);
    this.spread = 0;
    this.colours = coloured && layout.apart ? [0, 1, 2].map(() => this.#plane(width * height)) : null;
  }

  /**
   * @param {number} y row as stored
   * @param {ArrayLike<number>} samples interleaved
   * @param {number} [from] place of its first sample
   */
  row(y, samples, from = 0) {
    if (this.layout.samples === 1) return this.#greyRow(y, samples, from);
    this.#row(y, samples, from);
    this.colours?.forEach((plane, band) => this.#keep(y, samples, from, band, plane.data));
    return undefined;
  }

  /** @param {Pick<Picture, "format" | "photograph">} about @returns {Picture} */
  picture(about) {
    const chroma = this.spread / this.top / this.grey.length;
    const { width, height, grey, colours } = this;
    return { width, height, grey, colours, chroma, ...about };
  }

  /** Whole numbers stay what they are; with alpha they are no whole numbers any more. */
  #plane(size) {
    if (this.layout.alpha >= 0) return { data: new Float32Array(size), top: 1 };
    const Whole = this.top === 255 ? Uint8Array : Uint16Array;
    return { data: new Whole(size), top: this.top };
  }

  #greyRow(y, samples, from) {
    const { grey, top, stored } = this;
    const { start, across, down } = this.move;
    let place = start + y * down;
    for (let x = 0; x < stored; x++, place += across) grey[place] = samples[from + x] / top;
  }

  #row(y, samples, from) {
    const { grey, top, stored } = this;
    const { start, across, down } = this.move;
    const { samples: step, apart, alpha } = this.layout;
    let place = start + y * down;
    let spread = 0;
    for (let x = 0, at = from; x < stored; x++, at += step, place += across) {
      const part = alpha < 0 ? 1 : samples[at + alpha] / top;
      const red = samples[at];
      const green = samples[at + apart];
      const blue = samples[at + 2 * apart];
      grey[place] = ((0.299 * red + 0.587 * green + 0.114 * blue) / top) * part;
      const most = red > green ? (red > blue ? red : blue) : green > blue ? green : blue;
      const least = red < green ? (red < blue ? red : blue) : green < blue ? green : blue;
      spread += (most - least) * part;
    }
    this.spread += spread;
  }

  #keep(y, samples, from, band, data) {
    const { top, stored } = this;
    const { start, across, down } = this.move;
    const { samples: step, alpha } = this.layout;
    let place = start + y * down;
    for (let x = 0, at = from; x < stored; x++, at += step, place += across) {
      const value = samples[at + band];
      data[place] = alpha < 0 ? value : (value / top) * (samples[at + alpha] / top);
    }
  }
}
