// DICOM to an upright picture: the data set by dicom-parser, the pixels by us. Only pixels and technical tags are
// touched; names and dates are never looked at.
// Reference: DICOM PS3.3 C.7.6.3 (pixels), C.8.11 (DX), PS3.5 annex A (transfer syntaxes).

import dicomParser from "../runtime/dicom-parser.js";
import { storedValues } from "./dicom_pixels.js";
import { greyTable } from "./dicom_windows.js";
import { Refusal } from "./refusal.js";
import { checkSize } from "./sniff.js";

// Transfer syntaxes that are read, and how their pixels lie.
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
const SIDE_VIEWS = ["LL", "RL", "LATERAL"];
const KINDS = ["MONOCHROME1", "MONOCHROME2"];

/**
 * @param {Uint8Array} data
 * @returns {Promise<import("./gather.js").Picture>}
 * @throws {Refusal} broken, too-many-pixels, dicom-*
 */
export async function readDicom(data) {
  const layout = layoutOf(data);
  const set = parsed(data);
  checkKind(set);
  const head = headOf(set);
  const stored = await storedValues(set, head, layout);
  const { table, lowest } = greyTable(set, head, stored);
  const grey = new Float32Array(stored.length);
  for (let at = 0; at < grey.length; at++) grey[at] = table[stored[at] - lowest];
  const { width, height } = head;
  return { width, height, grey, colours: null, chroma: 0, format: "dicom", photograph: false };
}

/** How the pixels lie, from the file's first group alone: what follows may be packed as a whole. */
function layoutOf(data) {
  let syntax;
  try {
    syntax = dicomParser.readPart10Header(data).string("x00020010");
  } catch (thrown) {
    throw new Refusal("broken", `the DICOM header cannot be read: ${textOf(thrown)}`);
  }
  if (SYNTAXES[syntax]) return SYNTAXES[syntax];
  const said = NAMES[syntax] ? `${NAMES[syntax]} (${syntax})` : syntax;
  throw new Refusal("dicom-syntax", `${said} came; accepted: uncompressed, RLE and baseline JPEG`);
}

function parsed(data) {
  try {
    return dicomParser.parseDicom(data);
  } catch (thrown) {
    throw new Refusal("broken", `the DICOM file cannot be read: ${textOf(thrown)}`);
  }
}

const textOf = (thrown) => thrown?.exception ?? thrown?.message ?? String(thrown);

/** Plain radiographs from the front, one frame, neither encrypted nor coloured. */
function checkKind(set) {
  const modality = word(set, "x00080060");
  if (!MODALITIES.includes(modality)) {
    throw new Refusal("dicom-modality", `modality ${modality || "of no name"} came; accepted: CR and DX`);
  }
  const view = word(set, "x00185101");
  if (SIDE_VIEWS.includes(view)) throw new Refusal("dicom-view", `view ${view} came; accepted: PA and AP`);
  const frames = set.intString("x00280008") ?? 1;
  if (frames > 1) throw new Refusal("dicom-frames", `${frames} frames came; accepted: one`);
  if (set.elements.x04000500) throw new Refusal("dicom-pixels", "the file is encrypted");
  if (!set.elements.x7fe00010) throw new Refusal("dicom-pixels", "the file holds no pixels");
  const kind = word(set, "x00280004");
  if (!KINDS.includes(kind)) {
    throw new Refusal("dicom-pixels", `pixels of kind ${kind || "of no name"} came; accepted: ${KINDS.join(", ")}`);
  }
}

/**
 * How values are stored.
 * @typedef {object} DicomHead
 * @property {number} width
 * @property {number} height
 * @property {number} allocated bits a value takes
 * @property {number} bits of them stored
 * @property {number} shift bits below the stored ones
 * @property {boolean} signed
 * @property {boolean} inverted white is low
 */

/** @returns {DicomHead} */
function headOf(set) {
  const [height, width] = [set.uint16("x00280010") ?? 0, set.uint16("x00280011") ?? 0];
  if (!width || !height) throw new Refusal("dicom-pixels", "the file does not say how large the picture is");
  checkSize(width, height);
  const allocated = set.uint16("x00280100") ?? 0;
  const bits = set.uint16("x00280101") ?? allocated;
  const shift = (set.uint16("x00280102") ?? bits - 1) + 1 - bits;
  const samples = set.uint16("x00280002") ?? 1;
  const sound = [8, 16].includes(allocated) && bits >= 8 && bits <= allocated && shift >= 0;
  if (!sound || shift + bits > allocated || samples !== 1) {
    const said = `${samples} values of ${bits} in ${allocated} bits a pixel came`;
    throw new Refusal("dicom-pixels", `${said}; accepted: one of 8 to 16`);
  }
  const shape = word(set, "x20500020");
  const inverted = shape ? shape === "INVERSE" : word(set, "x00280004") === "MONOCHROME1";
  return { width, height, allocated, bits, shift, signed: set.uint16("x00280103") === 1, inverted };
}

/** First value of a tag of words, without blanks. */
function word(set, tag) {
  return (set.string(tag, 0) ?? "").trim().toUpperCase();
}
