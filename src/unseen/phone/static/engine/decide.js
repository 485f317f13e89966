// From the numbers of a model to what is said; the same rules as `unseen.screening.outcome` in Python.
// Reference: class-conditional split conformal prediction (Vovk 2012); probability by Platt scaling.

/**
 * What is known of one source of films; stands in app.json or in a file of the user.
 * @typedef {object} SourceRecord
 * @property {string} source
 * @property {string} site
 * @property {string} device
 * @property {string} date
 * @property {boolean} photo whether its pictures are photographs of films
 * @property {number[]} counts normal films, films with the finding
 * @property {number} a
 * @property {number} b
 * @property {number[][]} draws pairs a, b of bootstrap fits
 * @property {number[][]} scores sorted conformal scores of normal films, of films with the finding
 * @property {number[]} gate sorted gate scores
 * @property {number[]} auc value, low, high
 */

/** @typedef {"both" | "neither" | "amber" | "photograph" | "no-record"} Why */

/**
 * @typedef {object} Decision
 * @property {"refused" | "refer" | "signs" | "no-signs"} outcome
 * @property {Why | null} why of `refer`
 * @property {string | null} reason of `refused`
 * @property {number | null} probability of the finding; null where refused
 * @property {[number, number] | null} interval 5 % and 95 % of it over bootstrap fits; null without a record
 * @property {boolean} calibrated the probability rests on a record of the source
 * @property {number} gateP share of films of training expected to be as unlike
 * @property {boolean} amber
 * @property {[number, number] | null} pValues conformal p-values of both labels, normal and finding
 */

export const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/**
 * p = (1 + #{s in sorted : s >= score}) / (n + 1).
 * @param {number[]} sorted
 * @param {number} score
 * @returns {number}
 */
export function conformalP(sorted, score) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < score) low = middle + 1;
    else high = middle;
  }
  return (1 + sorted.length - low) / (sorted.length + 1);
}

/**
 * Quantile by linear interpolation between order statistics, as NumPy's default.
 * @param {number[]} values
 * @param {number} share
 */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/**
 * @param {import("./manifest.js").Manifest} manifest
 * @param {SourceRecord | null} chosen
 * @param {{logit: number, gate: number}} found
 * @param {boolean} photograph
 * @returns {Decision}
 */
export function decide(manifest, chosen, { logit, gate }, photograph) {
  const used = chosen ?? manifest.base;
  const gateP = conformalP(used.gate, gate);
  if (!(gateP > manifest.gate.refuse)) return refused("unlike", gateP);
  const amber = gateP <= manifest.gate.amber;
  const pValues = conformal(used, logit);
  const [normal, finding] = pValues.map((p) => p > manifest.alpha);
  const said = verdict(manifest, chosen, { normal, finding, amber, photograph });
  return { ...said, reason: null, ...chance(chosen, logit), gateP, amber, pValues };
}

/** @param {string} reason @param {number} gateP @returns {Decision} */
function refused(reason, gateP) {
  const none = { probability: null, interval: null, calibrated: false, pValues: null };
  return { outcome: "refused", why: null, reason, ...none, gateP, amber: false };
}

/** p-values of normal and finding: the score of a label is one less its probability. */
function conformal({ a, b, scores }, logit) {
  const p = sigmoid(a * logit + b);
  return [conformalP(scores[0], p), conformalP(scores[1], 1 - p)];
}

function chance(chosen, logit) {
  if (!chosen) return { probability: sigmoid(logit), interval: null, calibrated: false };
  const drawn = chosen.draws.map(([a, b]) => sigmoid(a * logit + b));
  const interval = drawn.length ? [quantile(drawn, 0.05), quantile(drawn, 0.95)] : null;
  return { probability: sigmoid(chosen.a * logit + chosen.b), interval, calibrated: true };
}

function verdict(manifest, chosen, { normal, finding, amber, photograph }) {
  const refer = (why) => ({ outcome: "refer", why });
  if (amber) return refer("amber");
  if (normal === finding) return refer(normal ? "both" : "neither");
  if (finding) return { outcome: "signs", why: null };
  if (chosen?.photo === photograph || manifest.demo) return { outcome: "no-signs", why: null };
  return refer(photograph ? "photograph" : "no-record");
}

/**
 * What a detector says: an alarm is `unusual`.
 * @param {{score: number, pValue: number, threshold: number, alarm: boolean}} found
 */
export function decideDetector({ score, pValue, threshold, alarm }) {
  const shown = Number.isFinite(threshold) ? threshold : null;
  return { outcome: alarm ? "unusual" : "usual", why: null, reason: null, score, pValue, threshold: shown };
}
