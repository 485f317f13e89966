// A picture that gets no score: the same codes as `unseen.pictures.refusals` in Python.

/** Every code there is; the texts of the app are keyed by them. */
export const REASONS = Object.freeze([
  "empty-file",
  "not-a-picture",
  "broken",
  "too-many-pixels",
  "too-small",
  "aspect",
  "animated",
  "colour",
  "flat",
  "blurred",
  "glare",
  "values",
  "dicom-modality",
  "dicom-view",
  "dicom-frames",
  "dicom-syntax",
  "dicom-pixels",
  "unlike",
]);

/** Thrown wherever a picture is refused; `detail` is one English sentence for whoever looks closer. */
export class Refusal extends Error {
  /**
   * @param {string} reason one of REASONS
   * @param {string} detail
   */
  constructor(reason, detail) {
    super(detail);
    this.name = "Refusal";
    this.reason = reason;
  }
}

/**
 * What was thrown while a picture was read, as a refusal: memory that ran out is a picture too large for
 * this device, anything else a broken one. No fault of a file leaves the engine in another shape.
 * @param {unknown} thrown
 * @returns {Refusal}
 */
export function asRefusal(thrown) {
  if (thrown instanceof Refusal) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof RangeError && /alloc|memory|array length|buffer/i.test(text)) {
    return new Refusal("too-many-pixels", "this device has too little memory for a picture of this size");
  }
  return new Refusal("broken", `the picture cannot be read: ${text}`);
}
