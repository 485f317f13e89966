// DICOM to an upright picture: the data set by dicom-parser, the pixels by us. Only pixels and technical tags are
// touched; names and dates are never looked at. Checks come in the order of `unseen.pictures.dicom`.
// Reference: DICOM PS3.3 C.7.6.3 (pixels), C.8.11 (DX), PS3.5 annex A (transfer syntaxes).

import dicomParser from "../runtime/dicom-parser.js";
import { PIXELS, storedCodes } from "./dicom_pixels.js";
import { word, writtenNumber } from "./dicom_tags.js";
import { greyTable } from "./dicom_windows.js";
import { Refusal } from "./refusal.js";
import { checkSize } from "./sniff.js";

/** @typedef {"little" | "big" | "rle" | "jpeg"} Storage how pixels are stored */

/** @type {Record<string, Storage>} transfer syntaxes that are read */
const SYNTAXES = {
  "1.2.840.10008.1.2": "little",
  "1.2.840.10008.1.2.1": "little",
  "1.2.840.10008.1.2.2": "big",
  "1.2.840.10008.1.2.5": "rle",
  "1.2.840.10008.1.2.4.50": "jpeg",
};
const NAMES = {
  "1.2.840.10008.1.2.1.99": "deflated",
  "1.2.840.10008.1.2.4.51": "JPEG of 12 bits",
  "1.2.840.10008.1.2.4.57": "lossless JPEG",
  "1.2.840.10008.1.2.4.70": "lossless JPEG",
  "1.2.840.10008.1.2.4.80": "lossless JPEG-LS",
  "1.2.840.10008.1.2.4.81": "JPEG-LS",
  "1.2.840.10008.1.2.4.90": "lossless JPEG 2000",
  "1.2.840.10008.1.2.4.91": "JPEG 2000",
};
const MODALITIES = ["CR", "DX"];
// Modalities that are named when refused; any other text of a file is not repeated.
const OTHERS = ["CT", "MR", "US", "NM", "PT", "XA", "RF", "MG", "IO", "PX", "OT", "SC", "ES", "XC", "SR"];
const SIDE_VIEWS = ["LL", "RL", "LAT", "LATERAL"];
const KINDS = ["MONOCHROME1", "MONOCHROME2"];

/**
 * How values are stored.
 * @typedef {object} DicomHead
 * @property {number} width
 * @property {number} height
 * @property {number} allocated bits a value takes: 8 or 16
 * @property {number} bits of them that count
 * @property {number} shift bits below those
 * @property {boolean} signed
 * @property {boolean} inverted white is low
 * @property {Storage} storage
 */

/**
 * @param {Uint8Array} data
 * @returns {Promise<import("./gather.js").Picture>}
 * @throws {Refusal} broken, too-many-pixels, dicom-*
 */
export async function readDicom(data) {
  const storage = storageOf(data);
  const set = parsed(data);
  checkKind(set);
  const head = headOf(set, storage);
  const codes = await storedCodes(set, head);
  const table = greyTable(set, head, codes);
  const grey = new Float32Array(codes.length);
  for (let at = 0; at < grey.length; at++) grey[at] = table[codes[at]];
  const { width, height } = head;
  return { width, height, grey, colours: null, chroma: 0, format: "dicom", photograph: false };
}

/** How the pixels are stored, from the file's first group alone: what follows may be packed as a whole. */
function storageOf(data) {
  let syntax;
  try {
    syntax = dicomParser.readPart10Header(data).string("x00020010");
  } catch {
    syntax = undefined; // the library's own text may quote the file: it is not shown
  }
  if (!syntax) throw new Refusal("broken", "the DICOM file does not say how it is stored");
  if (SYNTAXES[syntax]) return SYNTAXES[syntax];
  const known = /^[0-9.]{1,64}$/.test(syntax) ? syntax : "another syntax";
  const said = NAMES[syntax] ? `${NAMES[syntax]} (${syntax})` : known;
  throw new Refusal("dicom-syntax", `${said} came; accepted: uncompressed, RLE and baseline JPEG`);
}

/** All tags up to the pixels; these are left to us. */
function parsed(data) {
  try {
    return dicomParser.parseDicom(data, { untilTag: PIXELS });
  } catch {
    throw new Refusal("broken", "the DICOM file is broken or cut off");
  }
}

/** Plain radiographs from the front, one frame, in the open. */
function checkKind(set) {
  const modality = word(set, "x00080060");
  if (!MODALITIES.includes(modality)) {
    const named = OTHERS.includes(modality) ? `modality ${modality}` : "another modality";
    throw new Refusal("dicom-modality", `${named} came; accepted: CR and DX, plain radiographs`);
  }
  if (SIDE_VIEWS.includes(word(set, "x00185101"))) {
    throw new Refusal("dicom-view", "a lateral view came; accepted: frontal views, PA and AP");
  }
  const frames = writtenNumber(set, "x00280008", 1);
  if (frames !== 1) throw new Refusal("dicom-frames", `${frames} frames came; accepted: one`);
  if (set.elements.x04000500) throw new Refusal("dicom-pixels", "the file is encrypted");
}

/** @returns {DicomHead} */
function headOf(set, storage) {
  const kind = word(set, "x00280004");
  if (!KINDS.includes(kind) || (set.uint16("x00280002") ?? 1) !== 1) {
    throw new Refusal("dicom-pixels", `coloured or unnamed pixels came; accepted: ${KINDS.join(", ")}`);
  }
  const [height, width] = [set.uint16("x00280010") ?? 0, set.uint16("x00280011") ?? 0];
  checkSize(width, height);
  const allocated = set.uint16("x00280100") ?? 0;
  const bits = set.uint16("x00280101") ?? allocated;
  const high = set.uint16("x00280102") ?? bits - 1;
  const sound = [8, 16].includes(allocated) && bits >= 8 && bits <= allocated;
  if (!sound || high < bits - 1 || high >= allocated) {
    throw new Refusal("dicom-pixels", `${bits} bits in ${allocated} came, the highest at ${high}; accepted: 8 to 16`);
  }
  const inverted = kind === "MONOCHROME1" || word(set, "x20500020") === "INVERSE";
  const signed = set.uint16("x00280103") === 1;
  return { width, height, allocated, bits, shift: high + 1 - bits, signed, inverted, storage };
}
