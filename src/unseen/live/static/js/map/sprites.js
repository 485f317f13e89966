// Each tier drawn once at the size needed, then stamped: thousands of streets cost a few milliseconds.

import { SHAPES, TIERS } from "../tiers.js";

/** Colours of the style sheet by name, as they are now (light or dark). */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = [
    "--paper",
    "--card",
    "--ink",
    "--muted",
    "--land",
    "--grid",
    "--focus",
    "--red",
    "--on-red",
    "--yellow",
    "--yellow-edge",
    "--green",
    "--no-data",
  ];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name).trim()]));
}

/** Half widths in pixels for each tier: what matters is larger. */
export function sizes(base) {
  return {
    red: Math.max(7, base * 2),
    yellow: Math.max(5, base * 1.35),
    green: Math.max(3.4, base),
    no_data: Math.max(3.6, base),
    not_enough_history: Math.max(3.2, base),
  };
}

function sprite(tier, half, ratio, colour) {
  const { shape, sign, fill, signFill, stroke, dash } = SHAPES[tier];
  const side = Math.ceil((half * 1.25 + 2) * ratio) * 2;
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const pen = canvas.getContext("2d");
  pen.translate(side / 2, side / 2);
  pen.scale((half * ratio) / 10, (half * ratio) / 10);
  const path = new Path2D(shape);
  pen.lineJoin = "round";
  if (fill) {
    pen.strokeStyle = colour["--card"];
    pen.lineWidth = 2.6; // a rim in the colour of the ground keeps neighbours apart
    pen.stroke(path);
    pen.fillStyle = colour[fill];
    pen.fill(path);
  }
  if (stroke) {
    pen.strokeStyle = colour[stroke];
    pen.lineWidth = fill ? 1.6 : 3;
    pen.setLineDash(dash ?? []);
    pen.stroke(path);
  }
  if (sign) {
    pen.fillStyle = colour[signFill];
    pen.fill(new Path2D(sign));
  }
  return { canvas, side: side / ratio };
}

/** One stamp a tier. */
export function sprites(base, ratio, colour) {
  const half = sizes(base);
  return Object.fromEntries(TIERS.map((tier) => [tier, sprite(tier, half[tier], ratio, colour)]));
}
