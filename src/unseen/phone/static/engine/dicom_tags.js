// Values of technical tags; `set` is a data set of dicom-parser.

import { Refusal } from "./refusal.js";

/**
 * First value of a tag of words, in capitals, without blanks.
 * @returns {string}
 */
export function word(set, tag) {
  return (set.string(tag, 0) ?? "").trim().toUpperCase();
}

/**
 * First value of a tag of numbers in text.
 * @returns {number} `otherwise` where the tag is absent or empty
 * @throws {Refusal} broken: it is no finite number
 */
export function writtenNumber(set, tag, otherwise) {
  const text = word(set, tag);
  if (text === "") return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Refusal("broken", "a number of the DICOM file is none");
  return value;
}
