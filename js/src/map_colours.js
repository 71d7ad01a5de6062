/**
 * Colours and shapes of the map. The states of stores look as in the pictures of a run (show/style.py): colours of Okabe
 * and Ito that colour-blind people tell apart, and a shape each, so that colour alone never says anything.
 */

/** States in the order of their codes in a frame; `name` is the word of the outcome tables. */
export const STATES = [
  { key: "open", name: "open", shape: "circle", colour: "#56B4E9" },
  { key: "integrated", name: "integrated with online", shape: "square", colour: "#0072B2" },
  { key: "showroom", name: "showroom", shape: "triangle", colour: "#F0E442" },
  { key: "online", name: "moved online only", shape: "diamond", colour: "#CC79A7" },
  { key: "closed", name: "closed", shape: "cross", colour: "#D55E00" },
];
export const CLOSED = 4;
export const ONLINE = 3;

/** What people did, in the order of the high two bits of their code. */
export const DEEDS = [
  { key: "bought", name: "bought in a shop" },
  { key: "looked", name: "looked, then ordered online" },
  { key: "ordered", name: "ordered to the door" },
  { key: "left", name: "turned away or bought nothing" },
];

// Ramps run from "little" to "much" in even steps of lightness: away from the paper, so darker on light, lighter on
// dark. The last number is the opacity. People are grey, money is green; both stay behind what stands on them.
const LIGHT = {
  name: "light",
  outside: "#eceff3",
  paper: "#ffffff",
  edge: "#b9c0ca",
  ink: "#17202b",
  soft: "#5a6472",
  halo: "#ffffff",
  plate: "rgba(255, 255, 255, 0.82)",
  outline: "#1c2733",
  water: "#bfdcee",
  metro: "#5b4a8a",
  disc: "rgba(255, 255, 255, 0.45)",
  discEdge: "#4f5a69",
  ring: "#111820",
  chosen: "#c2185b",
  focus: "#0b57d0",
  population: [[244, 245, 247], [216, 220, 226], [180, 187, 197], [146, 155, 168]],
  sales: [[232, 246, 238], [166, 219, 190], [92, 178, 140], [38, 128, 95]],
  home: [70, 82, 98, 130],
  deeds: [[23, 32, 43, 215], [214, 128, 0, 255], [176, 66, 130, 255], [213, 70, 0, 255]],
};

const DARK = {
  name: "dark",
  outside: "#0c1015",
  paper: "#151b22",
  edge: "#3d4855",
  ink: "#eef2f6",
  soft: "#a3aebb",
  halo: "#10151b",
  plate: "rgba(16, 21, 27, 0.78)",
  outline: "#f2f5f8",
  water: "#17384f",
  metro: "#b9a6f0",
  disc: "rgba(12, 16, 21, 0.4)",
  discEdge: "#a9b5c3",
  ring: "#ffffff",
  chosen: "#ff7fb3",
  focus: "#8ab4ff",
  population: [[24, 31, 39], [41, 50, 61], [64, 75, 89], [92, 104, 119]],
  sales: [[16, 42, 36], [22, 82, 64], [42, 134, 102], [120, 205, 165]],
  home: [160, 174, 190, 115],
  deeds: [[240, 244, 248, 205], [250, 176, 40, 255], [226, 140, 188, 255], [255, 112, 51, 255]],
};

/**
 * The colours of a theme.
 * @param {"light"|"dark"} name
 */
export function palette(name) {
  return name === "dark" ? DARK : LIGHT;
}

/**
 * A colour of a ramp.
 * @param {number[][]} ramp stops [r, g, b], evenly spaced
 * @param {number} t 0..1
 * @returns {number[]} [r, g, b]
 */
export function along(ramp, t) {
  const at = Math.min(Math.max(t, 0), 1) * (ramp.length - 1);
  const k = Math.min(Math.floor(at), ramp.length - 2);
  const part = at - k;
  return ramp[k].map((c, i) => Math.round(c + (ramp[k + 1][i] - c) * part));
}

/** [r, g, b] or [r, g, b, a of 255] as CSS. */
export function css(c) {
  return c.length > 3 ? `rgba(${c[0]}, ${c[1]}, ${c[2]}, ${c[3] / 255})` : `rgb(${c[0]}, ${c[1]}, ${c[2]})`;
}

/** A colour as the 32 bits an ImageData holds on the (little endian) machines browsers run on. */
export function bits([r, g, b, a = 255]) {
  return ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/**
 * Begin a path of a state's shape; areas are alike, so that no state looks bigger than another.
 * @param {CanvasRenderingContext2D|Path2D} path
 * @param {string} shape
 * @param {number} x
 * @param {number} y
 * @param {number} r radius of the circle of the same size
 */
export function trace(path, shape, x, y, r) {
  if (shape === "circle") {
    path.moveTo(x + r, y);
    path.arc(x, y, r, 0, 2 * Math.PI);
  } else if (shape === "square") {
    const a = r * 0.89;
    path.rect(x - a, y - a, 2 * a, 2 * a);
  } else if (shape === "triangle") {
    const a = r * 1.3;
    polygon(path, [[x, y - a], [x + a * 0.9, y + a * 0.62], [x - a * 0.9, y + a * 0.62]]);
  } else if (shape === "diamond") {
    const a = r * 1.25;
    polygon(path, [[x, y - a], [x + a, y], [x, y + a], [x - a, y]]);
  } else {
    const a = r * 1.12; // a saltire
    const d = r * 0.42;
    polygon(path, [
      [x - a, y - a + d], [x - a + d, y - a], [x, y - d], [x + a - d, y - a], [x + a, y - a + d], [x + d, y],
      [x + a, y + a - d], [x + a - d, y + a], [x, y + d], [x - a + d, y + a], [x - a, y + a - d], [x - d, y],
    ]);
  }
}

/** The same shape as the `d` of an SVG path, for the legend. */
export function outline(shape, x, y, r) {
  const parts = [];
  const pen = {
    moveTo: (a, b) => parts.push(`M${a} ${b}`),
    lineTo: (a, b) => parts.push(`L${a} ${b}`),
    closePath: () => parts.push("Z"),
    rect: (a, b, w, h) => parts.push(`M${a} ${b}h${w}v${h}h${-w}Z`),
    arc: (a, b, s) => parts.push(`M${a - s} ${b}a${s} ${s} 0 1 0 ${2 * s} 0a${s} ${s} 0 1 0 ${-2 * s} 0`),
  };
  trace(pen, shape, x, y, r);
  return parts.join("");
}

function polygon(path, points) {
  points.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
}
