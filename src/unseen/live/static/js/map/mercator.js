// Longitude and latitude to the plane and back; distances on the ground.

const RADIUS = 6378137;
const TOP = 85.05;

/** Spherical Mercator in metres at the equator; y grows to the south, as on a screen. */
export function project(lon, lat) {
  const bounded = Math.max(-TOP, Math.min(TOP, lat));
  return {
    x: (RADIUS * lon * Math.PI) / 180,
    y: -RADIUS * Math.log(Math.tan(Math.PI / 4 + (bounded * Math.PI) / 360)),
  };
}

export const longitude = (x) => ((x / RADIUS) * 180) / Math.PI;
export const latitude = (y) => ((2 * Math.atan(Math.exp(-y / RADIUS)) - Math.PI / 2) * 180) / Math.PI;

/** Metres on the ground for one metre of the plane at this height. */
export const shrink = (y) => Math.cos((latitude(y) * Math.PI) / 180);

/** 1, 2 or 5 times a power of ten, at most `most`. */
export function round125(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].find((step) => step * power <= most * 1.0000001) * power;
}
