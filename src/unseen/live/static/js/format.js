// Numbers, chances, ages and local times, in the language of the page and the zone of the sensors.

import { locale, t } from "./words.js";

let zone = "UTC";

/** Times are shown in this IANA zone; one that the browser does not know leaves UTC. */
export function useZone(name) {
  if (!name) return;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    zone = name;
  } catch {
    zone = "UTC";
  }
}

export const zoneName = () => zone;
export const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** 1,234 or 12.3 or 0.0123: three digits where they matter; an absent number is a dash. */
export function number(value) {
  if (!isNumber(value)) return "–";
  const size = Math.abs(value);
  return new Intl.NumberFormat(
    locale(),
    size >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  ).format(value);
}

/** A probability in whole per cent; never 0 % or 100 % for what is possible. */
export function chance(p) {
  if (!isNumber(p)) return "–";
  if (p > 0 && p < 0.01) return t("less");
  if (p < 1 && p > 0.99) return t("almost");
  return `${Math.round(100 * p)} %`;
}

/** A share with one digit behind the point. */
export const portion = (share) =>
  isNumber(share) ? `${(100 * share).toLocaleString(locale(), { maximumFractionDigits: 1 })} %` : "–";

/** Seconds as a person says them: 38 s, 12 min, 3 h, 2 days. */
export function age(seconds) {
  const size = Math.abs(seconds);
  if (size < 10 && size % 1) return t("seconds", { n: +size.toFixed(1) });
  if (size < 90) return t("seconds", { n: Math.round(size) });
  if (size < 90 * 60) return t("minutes", { n: Math.round(size / 60) });
  if (size < 36 * 3600) return t("hours", { n: +(size / 3600).toFixed(1) });
  return t("days", { n: Math.round(size / 86400) });
}

const formats = new Map();

function format(options) {
  const key = locale() + zone + JSON.stringify(options);
  if (!formats.has(key))
    formats.set(key, new Intl.DateTimeFormat(locale(), { timeZone: zone, hourCycle: "h23", ...options }));
  return formats.get(key);
}

const CLOCK = { hour: "2-digit", minute: "2-digit" };
const DAY = { day: "numeric", month: "short" };

/** Milliseconds of an ISO time; NaN where there is none. */
export const at = (iso) => (iso ? Date.parse(iso) : NaN);

export const clock = (ms) => (Number.isFinite(ms) ? format(CLOCK).format(ms) : "–");
export const day = (ms) => format(DAY).format(ms);

/** 17:40 on the day of `now`, otherwise 27 Nov 17:40. */
export function when(ms, now) {
  if (!Number.isFinite(ms)) return "–";
  return day(ms) === day(now) ? clock(ms) : `${day(ms)} ${clock(ms)}`;
}

/** Hour and minute on the local clock, as numbers. */
export function wall(ms) {
  const parts = Object.fromEntries(
    format(CLOCK)
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  return { hour: Number(parts.hour), minute: Number(parts.minute) };
}
