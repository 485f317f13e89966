// Which part of the plane is seen: a centre and pixels per metre.

const CLOSEST = 4; // pixels per metre

/** A camera over points {x, y}; `size` is {width, height} in CSS pixels. */
export class Camera {
  constructor() {
    this.x = 0;
    this.y = 0;
    this.scale = 0;
    this.fitted = 0;
  }

  /** Show all points with a margin; a single point is shown with 500 m around it. */
  fit(points, size) {
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (const { x, y } of points) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
    if (left > right) return;
    const margin = Math.min(46, size.width / 8);
    const wide = Math.max(right - left, 500);
    const high = Math.max(bottom - top, 500);
    this.x = (left + right) / 2;
    this.y = (top + bottom) / 2;
    this.scale = this.fitted = Math.min((size.width - 2 * margin) / wide, (size.height - 2 * margin) / high);
  }

  toScreen(point, size) {
    return {
      x: (point.x - this.x) * this.scale + size.width / 2,
      y: (point.y - this.y) * this.scale + size.height / 2,
    };
  }

  toPlane(place, size) {
    return {
      x: (place.x - size.width / 2) / this.scale + this.x,
      y: (place.y - size.height / 2) / this.scale + this.y,
    };
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /** Come closer by `factor` with the point under `place` staying where it is. */
  zoom(factor, place, size) {
    const held = this.toPlane(place, size);
    this.scale = Math.max(this.fitted / 3, Math.min(Math.max(CLOSEST, this.fitted), this.scale * factor));
    this.x = held.x - (place.x - size.width / 2) / this.scale;
    this.y = held.y - (place.y - size.height / 2) / this.scale;
  }

  centre(point) {
    this.x = point.x;
    this.y = point.y;
  }
}
