// The text of a key in the language of the page; numbers, times and lists as they are written there.

import de from "../languages/de.js";
import en from "../languages/en.js";
import es from "../languages/es.js";
import fr from "../languages/fr.js";
import { keep, kept } from "./kept.js";

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español", fr: "Français" };
export const TEXTS = { en, de, es, fr };

let chosen = [kept("language"), ...navigator.languages.map((tag) => tag.slice(0, 2)), "en"].find(
  (tag) => tag in TEXTS,
);
document.documentElement.lang = chosen;

export const language = () => chosen;

/** The region of the user where it speaks the language of the page. */
export const locale = () => navigator.languages.find((tag) => tag.slice(0, 2) === chosen) ?? chosen;

/** Speak another language from now on, and at the next start. */
export function speak(tag) {
  chosen = tag in TEXTS ? tag : "en";
  keep("language", chosen);
  document.documentElement.lang = chosen;
}

export const knows = (key) => key in en;

/** The text of a key; `values.n` chooses between one and other. */
export function t(key, values = {}) {
  const text = TEXTS[chosen][key] ?? en[key] ?? key;
  const form =
    typeof text === "string" ? text : (text[new Intl.PluralRules(chosen).select(values.n)] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? number(values[name]) : (values[name] ?? ""),
  );
}

/** A text of the model's own: plain, or a record {en, de, ...} of which one is taken. */
export function own(text) {
  if (text === null || typeof text !== "object" || Array.isArray(text)) return text;
  return text[chosen] ?? text.en ?? Object.values(text)[0];
}

/** 1,234 or 12.3 or 0.0123: three digits where they matter. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const digits = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(locale(), digits).format(value);
}

/** Day and time of a moment, in the zone of the device. */
export const moment = (when) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(when));

/** The day alone; a text that is no date stays as it is. */
export function day(when) {
  const date = new Date(when);
  if (Number.isNaN(date.getTime())) return String(when ?? "–");
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(date);
}

/** Milliseconds as a person says them. */
export const span = (ms) =>
  ms < 1000
    ? t("detail.ms", { n: ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms) })
    : t("detail.seconds", { n: Number((ms / 1000).toFixed(1)) });

/** Bytes as kB or MB. */
export const size = (bytes) =>
  bytes < 1e6
    ? t("card.kb", { n: Math.ceil(bytes / 1000) })
    : t("card.mb", { n: Number((bytes / 1e6).toFixed(1)) });
