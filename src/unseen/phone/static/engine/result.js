// What is said of one picture: the record that the engine makes and the page shows.

/**
 * @typedef {object} HeatMap
 * @property {number} height
 * @property {number} width
 * @property {Float32Array} values evidence, above zero for the finding or the alarm; the same scale for all pictures
 * @property {number} most value shown as full colour
 */

/**
 * Milliseconds of each step.
 * @typedef {{read: number, check: number, frame: number, model: number, map: number, total: number}} Times
 */

/**
 * Numbers that do not apply are null; refused pictures have no probability.
 * @typedef {object} Result
 * @property {"refused" | "refer" | "signs" | "no-signs" | "unusual" | "usual"} outcome
 * @property {import("./decide.js").Why | null} why of `refer`
 * @property {string | null} reason of `refused`: one of REASONS
 * @property {string | null} detail of `refused`: one English sentence
 * @property {number | null} probability of the finding
 * @property {[number, number] | null} interval
 * @property {boolean} calibrated
 * @property {[number, number] | null} pValues conformal p-values of normal and finding
 * @property {number | null} gateP share of films of the source as strange as this one
 * @property {boolean} amber
 * @property {string[]} hints of `unlike`: "inverted", "rotated-90", "rotated-180", "rotated-270": that version, turned
 *   clockwise by so much, is a film
 * @property {number | null} score of a detector, nats
 * @property {number | null} pValue of a detector: share of normal pictures expected to be as strange
 * @property {number | null} threshold of a detector: score above which it raises an alarm; null where it never does
 * @property {string | null} className the likeliest class, where a classifier names one
 * @property {HeatMap | null} map
 * @property {import("./area.js").Region | null} frame the part of the upright picture the model saw
 * @property {{width: number, height: number, format: string, photograph: boolean} | null} picture
 * @property {import("./preview.js").Preview | null} preview
 * @property {Times} times
 * @property {string} version id of the model
 */

/** @type {Readonly<Times>} */
export const NO_TIMES = Object.freeze({ read: 0, check: 0, frame: 0, model: 0, map: 0, total: 0 });

/** @type {Readonly<Omit<Result, "version">>} */
export const BLANK = Object.freeze({
  outcome: "refused",
  why: null,
  reason: null,
  detail: null,
  probability: null,
  interval: null,
  calibrated: false,
  pValues: null,
  gateP: null,
  amber: false,
  hints: [],
  score: null,
  pValue: null,
  threshold: null,
  className: null,
  map: null,
  frame: null,
  picture: null,
  preview: null,
  times: NO_TIMES,
});

/**
 * @param {{reason: string, detail: string}} refusal
 * @param {string} version
 * @returns {Result}
 */
export const refusedResult = ({ reason, detail }, version) => ({ ...BLANK, reason, detail, version });
