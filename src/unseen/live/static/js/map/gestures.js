// Hands on the map: drag, wheel, pinch, hover, tap, keys. They move the camera or tell what was meant.

const STILL = 5; // pixels a press may wander and still be a tap

const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const apart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

const KEYS = {
  ArrowLeft: (move) => move.pan(60, 0),
  ArrowRight: (move) => move.pan(-60, 0),
  ArrowUp: (move) => move.pan(0, 60),
  ArrowDown: (move) => move.pan(0, -60),
  "+": (move) => move.zoom(1.5),
  "=": (move) => move.zoom(1.5),
  "-": (move) => move.zoom(1 / 1.5),
  0: (move) => move.fit(),
  n: (move) => move.step(1),
  p: (move) => move.step(-1),
  Enter: (move) => move.open(),
  Escape: (move) => move.leave(),
};

/** Listen on `canvas`; `move` has pan, zoom(factor, place), fit, hover(place), tap(place, touched), step, open and leave. */
export function gestures(canvas, move) {
  const held = new Map();
  let wandered = 0;

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(event));
    wandered = held.size > 1 ? Infinity : 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = held.get(event.pointerId);
    if (!before) return move.hover(now);
    const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    held.set(event.pointerId, now);
    wandered += apart(before, now);
    if (other) {
      const [from, to] = [middle(before, other), middle(now, other)];
      move.pan(to.x - from.x, to.y - from.y);
      move.zoom(apart(now, other) / Math.max(apart(before, other), 1), to);
    } else if (wandered > STILL) {
      canvas.classList.add("held");
      move.pan(now.x - before.x, now.y - before.y);
    }
    return undefined;
  });
  const release = (event) => {
    if (!held.delete(event.pointerId)) return;
    if (event.type === "pointerup" && wandered <= STILL)
      move.tap(place(event), event.pointerType !== "mouse");
    if (!held.size) canvas.classList.remove("held");
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && move.leave());
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const step = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      move.zoom(Math.exp(-Math.max(-240, Math.min(240, step)) * 0.0022), place(event));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const meant = KEYS[event.key];
    if (!meant || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    meant(move);
  });
}
