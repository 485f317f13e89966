// What lies under the streets without any tiles: the ground they cover, a graticule, a scale bar.

import { latitude, longitude, round125, shrink } from "./mercator.js";

const GRAIN = 720; // pixels of the longer side of the stored picture

/** Typical distance between neighbours in metres: the median over a sample. */
function spacing(points) {
  const step = Math.max(1, Math.floor(points.length / 120));
  const found = [];
  for (let i = 0; i < points.length; i += step) {
    let least = Infinity;
    for (let j = 0; j < points.length; j += 1) {
      const d = (points[i].x - points[j].x) ** 2 + (points[i].y - points[j].y) ** 2;
      if (d > 1 && d < least) least = d;
    }
    if (least < Infinity) found.push(Math.sqrt(least));
  }
  found.sort((a, b) => a - b);
  return found.length ? found[Math.floor(found.length / 2)] : 200;
}

/** A picture of the ground within reach of any street, drawn once; {canvas, x, y, width, height} in metres. */
export function ground(points, colour) {
  const reach = Math.max(60, Math.min(3 * spacing(points), 450));
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x - reach);
    right = Math.max(right, x + reach);
    top = Math.min(top, y - reach);
    bottom = Math.max(bottom, y + reach);
  }
  const [width, height] = [right - left, bottom - top];
  const grain = GRAIN / Math.max(width, height);
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.ceil(width * grain),
    height: Math.ceil(height * grain),
  });
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour["--land"];
  pen.beginPath();
  for (const { x, y } of points) {
    const [px, py, r] = [(x - left) * grain, (y - top) * grain, reach * grain];
    pen.moveTo(px + r, py);
    pen.arc(px, py, r, 0, 2 * Math.PI);
  }
  pen.fill();
  return { canvas, x: left, y: top, width, height };
}

function degrees(value, positive, negative, step) {
  const places = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  return `${Math.abs(value).toFixed(places)}° ${value >= 0 ? positive : negative}`;
}

/** Lines of equal longitude and latitude, named at the edges. */
export function graticule(pen, camera, size, colour) {
  const [a, b] = [
    camera.toPlane({ x: 0, y: 0 }, size),
    camera.toPlane({ x: size.width, y: size.height }, size),
  ];
  const [west, east, north, south] = [longitude(a.x), longitude(b.x), latitude(a.y), latitude(b.y)];
  const step = round125((east - west) / Math.max(2, size.width / 210));
  pen.strokeStyle = colour["--grid"];
  pen.fillStyle = colour["--muted"];
  pen.lineWidth = 1;
  pen.font = "11px system-ui, sans-serif";
  pen.beginPath();
  for (let lon = Math.ceil(west / step) * step; lon < east; lon += step) {
    const x = Math.round(((lon - west) / (east - west)) * size.width) + 0.5;
    pen.moveTo(x, 0);
    pen.lineTo(x, size.height);
    if (x > 130 && x < size.width - 60) pen.fillText(degrees(lon, "E", "W", step), x + 4, size.height - 6);
  }
  for (let lat = Math.ceil(south / step) * step; lat < north; lat += step) {
    const y = Math.round(camera.toScreen({ x: 0, y: projectY(lat) }, size).y) + 0.5;
    pen.moveTo(0, y);
    pen.lineTo(size.width, y);
    if (y > 30 && y < size.height - 40) pen.fillText(degrees(lat, "N", "S", step), 6, y - 4);
  }
  pen.stroke();
}

const projectY = (lat) => -6378137 * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));

/** A round distance on the ground at the centre of the view. */
export function scaleBar(pen, camera, size, colour) {
  const metres = shrink(camera.y) / camera.scale;
  const round = round125(110 * metres);
  const width = round / metres;
  const [x, y] = [14, size.height - 14];
  pen.strokeStyle = pen.fillStyle = colour["--ink"];
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(x, y - 6);
  pen.lineTo(x, y);
  pen.lineTo(x + width, y);
  pen.lineTo(x + width, y - 6);
  pen.stroke();
  pen.font = "12px system-ui, sans-serif";
  pen.fillText(round >= 1000 ? `${round / 1000} km` : `${round} m`, x + 5, y - 5);
}
