// A glass over the corner that is being moved: the finger hides what it points at.

import { h } from "./dom.js";

const SIDE = 240; // pixels of the glass
const SHOWN = 0.16; // of the picture's width

/** Draw the part around a place, with a cross and the sides that meet there. */
function draw(context, canvas, [x, y], places) {
  const span = SHOWN * canvas.width;
  const [left, top] = [x * canvas.width - span / 2, y * canvas.height - span / 2];
  const zoom = SIDE / span;
  context.fillStyle = "#05080b";
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(canvas, left, top, span, span, 0, 0, SIDE, SIDE);
  context.strokeStyle = "#ffc23d";
  context.lineWidth = 3;
  context.beginPath();
  places.forEach(([px, py], index) => {
    const at = [(px * canvas.width - left) * zoom, (py * canvas.height - top) * zoom];
    if (index) context.lineTo(...at);
    else context.moveTo(...at);
  });
  context.closePath();
  context.stroke();
}

/** A glass over a canvas: `look(place, places)` shows a place, `hide()` takes it away. */
export function loupe(canvas) {
  const glass = h("canvas", {
    class: "loupe",
    width: SIDE,
    height: SIDE,
    "aria-hidden": "true",
    hidden: true,
  });
  return {
    element: glass,
    look(place, places) {
      glass.hidden = false;
      // on the side where the finger is not
      glass.classList.toggle("right", place[0] < 0.5);
      glass.classList.toggle("low", place[1] < 0.5);
      draw(glass.getContext("2d"), canvas, place, places);
    },
    hide() {
      glass.hidden = true;
    },
  };
}
