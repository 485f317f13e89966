// The picture: ground, graticule, streets from quiet to loud so that red lies on top, names, scale.

import { tierOf, TIERS } from "../tiers.js";
import { graticule, ground, scaleBar } from "./ground.js";
import { writeNames } from "./names.js";
import { colours, sizes, sprites } from "./sprites.js";

export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.stamps = null;
    this.size = { width: 0, height: 0 };
  }

  /** Take the size of the element and the colours of the scheme anew. */
  measure() {
    this.size = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(this.size.width * this.ratio);
    this.canvas.height = Math.round(this.size.height * this.ratio);
    this.colour = colours();
    this.stamps = null;
    this.land = null;
  }

  /** Streets of {x, y, sensor}, in the order they will be drawn: the last on top. */
  give(places) {
    const rank = (place) => TIERS.indexOf(tierOf(place.sensor));
    this.places = [...places].sort(
      (a, b) => rank(b) - rank(a) || (a.sensor.p_red ?? 0) - (b.sensor.p_red ?? 0),
    );
    this.land = null;
  }

  /** Marks grow when the camera comes closer, and shrink where many streets share the screen. */
  base(camera) {
    const room = Math.sqrt((this.size.width * this.size.height) / Math.max(this.places.length, 1));
    const closer = Math.max(1, camera.scale / camera.fitted) ** 0.35;
    return Math.round(2 * Math.max(2.4, Math.min(8, 0.2 * room * closer))) / 2;
  }

  draw(camera, { hidden, matches, held }) {
    const { pen, size, ratio } = this;
    if (!size.width || !this.places?.length) return;
    const base = this.base(camera);
    if (this.stamps?.base !== base) this.stamps = { base, ...sprites(base, ratio, this.colour) };
    this.land ??= ground(this.places, this.colour);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, size.width, size.height);
    const corner = camera.toScreen(this.land, size);
    pen.drawImage(
      this.land.canvas,
      corner.x,
      corner.y,
      this.land.width * camera.scale,
      this.land.height * camera.scale,
    );
    graticule(pen, camera, size, this.colour);
    const names = this.stampAll(camera, hidden, matches);
    if (held) this.ring(camera.toScreen(held, size), sizes(base)[tierOf(held.sensor)]);
    writeNames(pen, names.reverse(), size, this.colour);
    scaleBar(pen, camera, size, this.colour);
  }

  /** Stamp what is on the screen; return where the red ones are. */
  stampAll(camera, hidden, matches) {
    const { pen, size } = this;
    const names = [];
    const half = sizes(this.stamps.base).red;
    for (const place of this.places) {
      const tier = tierOf(place.sensor);
      if (hidden.has(tier)) continue;
      const { x, y } = camera.toScreen(place, size);
      if (x < -20 || y < -20 || x > size.width + 20 || y > size.height + 20) continue;
      const fits = matches(place.sensor);
      const { canvas, side } = this.stamps[tier];
      pen.globalAlpha = fits ? 1 : 0.15;
      pen.drawImage(canvas, x - side / 2, y - side / 2, side, side);
      if (fits && tier === "red") names.push({ x, y, text: place.sensor.name, half });
    }
    pen.globalAlpha = 1;
    return names;
  }

  ring({ x, y }, half) {
    const { pen } = this;
    pen.beginPath();
    pen.arc(x, y, half + 5, 0, 2 * Math.PI);
    pen.lineWidth = 3;
    pen.strokeStyle = this.colour["--focus"];
    pen.stroke();
  }

  /** The street under a place on the screen: the topmost within reach of a finger or a pointer. */
  find(place, camera, { hidden, matches, reach }) {
    let [best, least] = [null, Infinity];
    const half = sizes(this.stamps?.base ?? 4);
    for (let i = this.places.length - 1; i >= 0; i -= 1) {
      const { sensor } = this.places[i];
      const tier = tierOf(sensor);
      if (hidden.has(tier) || !matches(sensor)) continue;
      const at = camera.toScreen(this.places[i], this.size);
      const away = Math.hypot(at.x - place.x, at.y - place.y) - half[tier];
      if (away < Math.min(least, reach)) [best, least] = [this.places[i], Math.max(away, 0)];
    }
    return best;
  }
}
