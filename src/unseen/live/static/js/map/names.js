// Names beside the red streets, as many as fit without covering one another.

const MOST = 24;
const LONGEST = 26;

const cut = (name) => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name);
const meet = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** Write `names` = [{x, y, text, half}], the most urgent first; each may stand right, left, above or below its mark. */
export function writeNames(pen, names, size, colour) {
  const taken = names.map(({ x, y, half }) => ({
    x: x - half,
    y: y - half,
    width: 2 * half,
    height: 2 * half,
  }));
  taken.push({ x: size.width - 60, y: 0, width: 60, height: 140 }); // the buttons
  pen.font = "600 12px system-ui, sans-serif";
  pen.lineWidth = 4;
  pen.lineJoin = "round";
  let written = 0;
  for (const { x, y, text, half } of names) {
    if (written === MOST) return;
    const shown = cut(text);
    const width = pen.measureText(shown).width;
    const places = [
      [x + half + 3, y - 8],
      [x - half - 3 - width, y - 8],
      [x - width / 2, y - half - 17],
      [x - width / 2, y + half + 2],
    ];
    const box = places
      .map(([left, top]) => ({ x: left, y: top, width, height: 16 }))
      .find((tried) => fits(tried, taken, size));
    if (!box) continue;
    taken.push(box);
    written += 1;
    pen.strokeStyle = colour["--card"];
    pen.strokeText(shown, box.x, box.y + 12);
    pen.fillStyle = colour["--ink"];
    pen.fillText(shown, box.x, box.y + 12);
  }
}

const fits = (box, taken, size) =>
  box.x > 2 &&
  box.y > 2 &&
  box.x + box.width < size.width - 2 &&
  box.y + box.height < size.height - 24 &&
  !taken.some((other) => meet(box, other));
