// PNG to samples, by our own reading: a canvas cuts 16 bits to 8, manages colours and premultiplies alpha.
// Reference: W3C PNG Specification, third edition, sections 5 to 9 and 11.

import { Bytes } from "./bytes.js";
import { crc32 } from "./crc.js";
import { NO_EXIF, readExif } from "./exif.js";
import { Gather, LAYOUTS } from "./gather.js";
import { inflate } from "./inflate.js";
import { unfilter } from "./png_filters.js";
import { Refusal } from "./refusal.js";
import { checkSize, pngSize } from "./sniff.js";

// Colour type -> samples a pixel, the depths it may have, and how its pixels lie once unpacked.
const TYPES = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16], layout: "grey" },
  2: { samples: 3, depths: [8, 16], layout: "rgb" },
  3: { samples: 1, depths: [1, 2, 4, 8], layout: "rgba" },
  4: { samples: 2, depths: [8, 16], layout: "greyAlpha" },
  6: { samples: 4, depths: [8, 16], layout: "rgba" },
};
const PALETTE = 3;
// Adam7: first column and row, and steps, of the seven passes.
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/**
 * @typedef {object} Head
 * @property {number} width
 * @property {number} height
 * @property {number} depth bits a sample
 * @property {number} type colour type
 * @property {number} samples a pixel
 * @property {boolean} interlaced
 */

/**
 * @param {Uint8Array} data
 * @param {{coloured?: boolean}} [how]
 * @returns {Promise<import("./gather.js").Picture>}
 * @throws {Refusal} broken, too-many-pixels, animated
 */
export async function readPng(data, { coloured = false } = {}) {
  const { width, height } = pngSize(data);
  checkSize(width, height);
  const { head, packed, palette, clear, exif } = chunks(data);
  const passes = head.interlaced ? PASSES.map((pass) => passOf(head, pass)) : [wholePass(head)];
  const lines = passes.reduce((sum, { rows, bytes }) => sum + (rows && bytes ? rows * (bytes + 1) : 0), 0);
  const filtered = await inflate(packed, lines, "deflate");
  const pixels = pixelsOf(head, palette, clear);
  const how = { top: topOf(head), orientation: exif.orientation, coloured };
  const gather = new Gather(width, height, pixels.layout, how);
  const put = head.interlaced ? interlaced(head, gather, pixels) : straight(gather, pixels);
  let at = 0;
  for (const pass of passes) {
    if (!pass.rows || !pass.bytes) continue;
    unfilter(filtered, at, pass.rows, pass.bytes, Math.max(1, (head.depth * head.samples) >> 3));
    for (let row = 0; row < pass.rows; row++) put.row(pass, row, filtered, at + row * (pass.bytes + 1) + 1);
    at += pass.rows * (pass.bytes + 1);
  }
  put.end();
  return gather.picture({ format: "png", photograph: exif.camera });
}

/** Walk the chunks: header, palette, transparency, EXIF and the packed rows. */
function chunks(data) {
  const bytes = new Bytes(data);
  const found = { head: header(bytes), packed: [], palette: null, clear: null, exif: NO_EXIF };
  for (let at = 8; ; ) {
    const size = bytes.u32(at);
    const kind = bytes.text(at + 4, 4);
    const body = bytes.part(at + 8, size);
    // upper case first: no decoder can do without it
    const needed = kind[0] >= "A" && kind[0] <= "Z";
    if (bytes.u32(at + 8 + size) !== crc32(bytes.part(at + 4, size + 4)) && needed) {
      throw new Refusal("broken", `a checksum of the PNG does not fit (${kind})`);
    }
    if (kind === "acTL" && new Bytes(body).u32(0) > 1) {
      throw new Refusal("animated", "an animated PNG came; accepted: one picture a file");
    }
    if (kind === "PLTE") found.palette = body;
    if (kind === "tRNS") found.clear = body;
    if (kind === "eXIf") found.exif = readExif(body);
    if (kind === "IDAT") found.packed.push(body);
    if (kind === "IEND") return found;
    at += 12 + size;
  }
}

/** @param {Bytes} bytes @returns {Head} */
function header(bytes) {
  const { width, height } = pngSize(bytes.data);
  const [depth, type, packing, filtering, interlacing] = bytes.part(24, 5);
  const known = TYPES[type];
  if (!known?.depths.includes(depth) || packing || filtering || interlacing > 1) {
    throw new Refusal("broken", `the PNG has colour type ${type} with ${depth} bits, which no standard knows`);
  }
  return { width, height, depth, type, samples: known.samples, interlaced: interlacing === 1 };
}

/** @param {Head} head */
function wholePass(head) {
  return { left: 0, first: 0, across: 1, down: 1, ...extent(head, head.width, head.height) };
}

/** @param {Head} head */
function passOf(head, [left, first, across, down]) {
  const columns = Math.ceil((head.width - left) / across);
  const rows = Math.ceil((head.height - first) / down);
  return { left, first, across, down, ...extent(head, columns, rows) };
}

function extent(head, columns, rows) {
  return { columns, rows, bytes: Math.ceil((columns * head.samples * head.depth) / 8) };
}

/**
 * How bytes of a line become samples that `Gather` takes.
 * @param {Head} head
 * @param {Uint8Array | null} palette
 * @param {Uint8Array | null} clear
 * @returns {{layout: import("./gather.js").Layout, line: (data: Uint8Array, at: number, columns: number) => ArrayLike<number>}}
 */
function pixelsOf(head, palette, clear) {
  const unpacked = head.depth === 16 ? wide : head.depth === 8 ? bytewise : narrow;
  const raw = (data, at, columns) => unpacked(data, at, columns * head.samples, head.depth);
  if (head.type === PALETTE) return painted(raw, palette, clear);
  const scale = head.depth < 8 ? 255 / ((1 << head.depth) - 1) : 1;
  if (clear && (head.type === 0 || head.type === 2)) return keyed(raw, head, clear, scale);
  const line = scale === 1 ? raw : (data, at, columns) => raw(data, at, columns).map((value) => value * scale);
  return { layout: LAYOUTS[TYPES[head.type].layout], line };
}

const topOf = (head) => (head.depth === 16 ? 65535 : 255);

const bytewise = (data, at, count) => data.subarray(at, at + count);

function wide(data, at, count) {
  const out = new Uint16Array(count);
  for (let place = 0; place < count; place++) out[place] = (data[at + 2 * place] << 8) | data[at + 2 * place + 1];
  return out;
}

function narrow(data, at, count, depth) {
  const out = new Uint8Array(count);
  const each = 8 / depth;
  const mask = (1 << depth) - 1;
  for (let place = 0; place < count; place++) {
    out[place] = (data[at + Math.floor(place / each)] >> (8 - depth * ((place % each) + 1))) & mask;
  }
  return out;
}

/** Colours of a palette, with its alpha. */
function painted(raw, palette, clear) {
  if (!palette || palette.length % 3) throw new Refusal("broken", "the PNG has no sound palette");
  const colours = palette.length / 3;
  const line = (data, at, columns) => {
    const out = new Uint8Array(4 * columns);
    const places = raw(data, at, columns);
    for (let x = 0; x < columns; x++) {
      const place = places[x];
      if (place >= colours) throw new Refusal("broken", `the PNG names colour ${place} of ${colours}`);
      out[4 * x] = palette[3 * place];
      out[4 * x + 1] = palette[3 * place + 1];
      out[4 * x + 2] = palette[3 * place + 2];
      out[4 * x + 3] = clear && place < clear.length ? clear[place] : 255;
    }
    return out;
  };
  return { layout: LAYOUTS.rgba, line };
}

/** One grey value or colour that is wholly clear. */
function keyed(raw, head, clear, scale) {
  const { samples } = head;
  const top = topOf(head);
  const bytes = new Bytes(clear);
  const key = Array.from({ length: samples }, (_, band) => bytes.u16(2 * band));
  const line = (data, at, columns) => {
    const values = raw(data, at, columns);
    const out = new Uint16Array(columns * (samples + 1));
    for (let x = 0; x < columns; x++) {
      let same = true;
      for (let band = 0; band < samples; band++) {
        const value = values[x * samples + band];
        same &&= value === key[band];
        out[x * (samples + 1) + band] = value * scale;
      }
      out[x * (samples + 1) + samples] = same ? 0 : top;
    }
    return out;
  };
  return { layout: samples === 1 ? LAYOUTS.greyAlpha : LAYOUTS.rgba, line };
}

/** Rows as they stand. */
function straight(gather, { line }) {
  return {
    row: (pass, row, data, at) => gather.row(row, line(data, at, pass.columns)),
    end: () => undefined,
  };
}

/** Passes are laid into one canvas of samples, which is gathered at the end. */
function interlaced(head, gather, { layout, line }) {
  const channels = layout.samples;
  const Samples = head.depth === 16 ? Uint16Array : Uint8Array;
  const all = new Samples(head.width * head.height * channels);
  return {
    row: (pass, row, data, at) => {
      const values = line(data, at, pass.columns);
      const y = pass.first + row * pass.down;
      for (let column = 0; column < pass.columns; column++) {
        const to = (y * head.width + pass.left + column * pass.across) * channels;
        for (let band = 0; band < channels; band++) all[to + band] = values[column * channels + band];
      }
    },
    end: () => {
      for (let y = 0; y < head.height; y++) gather.row(y, all, y * head.width * channels);
    },
  };
}
