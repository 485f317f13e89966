// The words that depend on what the model is: the name of its finding, texts of a screener or of a detector.

import { findingLabel, isDetector } from "./state.js";
import { knows, t } from "./words.js";

/** The finding in the language of the page; one that no language knows keeps its own name. */
export function finding() {
  const label = findingLabel();
  return knows(`finding.${label}`) ? t(`finding.${label}`) : label;
}

/** The text of a key with the finding filled in; a detector's own where there is one. */
export function say(key, values = {}) {
  const mine = isDetector() && knows(`${key}Detector`) ? `${key}Detector` : key;
  return t(mine, { finding: finding(), ...values });
}
