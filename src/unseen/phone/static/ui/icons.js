// Line icons of 24 x 24, drawn by paths; each is decoration beside words, so hidden from screen readers.

import { s } from "./dom.js";

const PATHS = {
  screen:
    "M4 8V5.5A1.5 1.5 0 0 1 5.5 4H8M16 4h2.500A1.5 1.5 0 0 1 20 5.5V8M20 16v2.500a1.5 1.5 0 0 1-1.5 1.500H16M8 20H5.500A1.5 1.5 0 0 1 4 18.500V16M8 12h8",
  history: "M4 12a8 8 0 1 0 2.6-5.900M4 4v4h4M12 8v4.500l3 1.8",
  card: "M6 3h8l4 4v13a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM14 3v4h4M8.5 12h7M8.5 16h5",
  about: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.500M12 7.600v.1",
  film: "M6 3h12a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM12 6v11M12 8.500c-3 0-4.5 2.5-4.5 7.500M12 8.500c3 0 4.5 2.5 4.5 7.500M9.3 12.500h5.4",
  picture:
    "M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM4 17l5-5 4 4 3-3 4 4M15.5 9.5a1.2 1.2 0 1 0 0-2.4 1.2 1.2 0 0 0 0 2.4z",
  camera:
    "M4 8h3.500L9 5.500h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM12 16.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  device:
    "M8 2.500h8A1.5 1.5 0 0 1 17.5 4v16a1.5 1.5 0 0 1-1.5 1.500H8A1.5 1.5 0 0 1 6.5 20V4A1.5 1.5 0 0 1 8 2.500zM11 18.500h2",
  lock: "M6 11h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM8 11V7.500a4 4 0 0 1 8 0V11",
  offline:
    "M3 3l18 18M8.8 8.900A12 12 0 0 0 4 11.500M12 8c3 0 5.8 1.2 8 3.500M7 15a7 7 0 0 1 6-1.900M12 19h.1",
  ready: "M4 12.500l5 5L20 6.5",
  down: "M6 9l6 6 6-6",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  turn: "M20 12a8 8 0 1 1-2.6-5.900M20 4v4h-4",
  invert: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 3v18M12 7h4.500M12 11h6.500M12 15h6M12 19h3",
  print: "M7 8V3h10v5M7 17H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-3M7 14h10v7H7z",
  save: "M12 3v11M7.5 10l4.5 4.500L16.5 10M4 17v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  bin: "M4 6.500h16M9 6V4h6v2M6 6.500l1 14h10l1-14M10 10.500v6M14 10.500v6",
  warn: "M12 3.5 21.5 20h-19zM12 10v4.500M12 17.300v.1",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.500c.6-4 3.5-6 7.5-6s6.9 2 7.5 6",
  child:
    "M12 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM6 12l4-1h4l4 1M10 11v4.500L8.5 21M14 11v4.500l1.5 5.500M10 15.500h4",
  house: "M4 21V8l8-5 8 5v13zM12 9v6M9 12h6M10 21v-3h4v3",
  lens: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 21 21",
  globe:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 2.6 3.8 5.5 3.8 9S15 18.4 12 21c-3-2.6-3.8-5.5-3.8-9S9 5.6 12 3z",
  book: "M5 4h6a2 2 0 0 1 1 .5A2 2 0 0 1 13 4h6v15h-6a2 2 0 0 0-1 .5 2 2 0 0 0-1-.5H5zM12 4.500v15",
  install: "M12 4v9M8 9.500l4 4 4-4M5 20h14",
  note: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
};

/** An icon by name. */
export const icon = (name) =>
  s(
    "svg",
    {
      viewBox: "0 0 24 24",
      class: "icon",
      "aria-hidden": "true",
      focusable: "false",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.8",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    },
    s("path", { d: PATHS[name] }),
  );

// Shapes of their own tell the outcomes apart without colours: octagon, triangle, diamond, circle, square.
const MARKS = {
  refused: ["M8.5 2.500h7l6 6v7l-6 6h-7l-6-6v-7z", "M8 8l8 8M16 8l-8 8"],
  refer: ["M12 2.5 23 21.500H1z", "M12 9.500v5.500M12 18.200v.1"],
  signs: ["M12 1 23 12 12 23 1 12z", "M12 6.500v7M12 17.200v.1"],
  "no-signs": ["M12 1.500a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21z", "M7 12.500l3.5 3.500L17 9"],
  unusual: ["M12 1 23 12 12 23 1 12z", "M12 6.500v7M12 17.200v.1"],
  usual: ["M12 1.500a10.5 10.5 0 1 0 0 21 10.5 10.5 0 0 0 0-21z", "M7 12.500l3.5 3.500L17 9"],
};

/** The mark of an outcome: a filled shape with a sign in it, coloured by the class around it. */
export const mark = (outcome) =>
  s(
    "svg",
    { viewBox: "0 0 24 24", class: `mark ${outcome}`, "aria-hidden": "true", focusable: "false" },
    s("path", { class: "shape", d: MARKS[outcome][0] }),
    s("path", { class: "sign", d: MARKS[outcome][1] }),
  );

const DOTS = "M15 15h.1M31 15h.1M47 15h.1M15 31h.1M15 47h.1";

/** The sign of the app: many alike, and a lens on the one that is not. */
export const brand = () =>
  s(
    "svg",
    { viewBox: "0 0 64 64", "aria-hidden": "true", focusable: "false" },
    s("rect", { width: 64, height: 64, rx: 15, fill: "#0b2a3f" }),
    s("path", { d: DOTS, stroke: "#8fd0f7", "stroke-width": 8, "stroke-linecap": "round" }),
    s("path", { d: "M43 43h.1", stroke: "#ffc23d", "stroke-width": 9, "stroke-linecap": "round" }),
    s("path", {
      d: "M43 31a12 12 0 1 0 0 24 12 12 0 0 0 0-24zM52 52l6.5 6.5",
      fill: "none",
      stroke: "#ffc23d",
      "stroke-width": 4.5,
      "stroke-linecap": "round",
    }),
  );
