// Scales, round ticks and local hours for the chart.

import { wall } from "../format.js";

export const scale = (from, to, start, end) => (value) =>
  start + ((value - from) / (to - from || 1)) * (end - start);

/** About `most` round steps from 0 to at least `top`. */
export function ticks(top, most) {
  const rough = Math.max(top, 1e-9) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough) * power;
  const count = Math.ceil(top / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => +(i * step).toPrecision(12));
}

/** Times at whole local hours divisible by `every`, found by the wall clock so that days of 23 and 25 hours come right. */
export function hours(from, to, every) {
  const found = [];
  const quarter = 15 * 60000;
  for (let time = Math.ceil(from / quarter) * quarter; time <= to; time += quarter) {
    const { hour, minute } = wall(time);
    if (minute === 0 && hour % every === 0) found.push({ time, hour });
  }
  return found;
}
