/** Small pictures of the page: drawn with the colour of the text around them. */

import { h } from "./dom.js";

const PATHS = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  back: "M17 5v14l-9-7zM6 5h2v14H6z",
  forward: "M7 5v14l9-7zM16 5h2v14h-2z",
  sun: "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM11 1.5h2v3.5h-2zM11 19h2v3.5h-2zM1.5 11H5v2H1.5zM19 11h3.5v2H19z",
  moon: "M20 14.6A8.6 8.6 0 0 1 9.4 4 8.6 8.6 0 1 0 20 14.6z",
  link:
    "M9.2 16.9l-1.4 1.4a2.6 2.6 0 0 1-3.7-3.7l3.7-3.7a2.6 2.6 0 0 1 3.7 0l1.4-1.4a4.6 4.6 0 0 0-6.5 0l-3.7 3.7a4.6 " +
    "4.6 0 0 0 6.5 6.5l2.1-2.1zM14.8 7.1l1.4-1.4a2.6 2.6 0 0 1 3.7 3.7l-3.7 3.7a2.6 2.6 0 0 1-3.7 0l-1.4 1.4a4.6 4.6 " +
    "0 0 0 6.5 0l3.7-3.7a4.6 4.6 0 0 0-6.5-6.5l-2.1 2.1z",
  split: "M3 4.5h8v15H3zm2 2v11h4v-11zM13 4.5h8v15h-8zm2 2v11h4v-11z",
  help:
    "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zm0 2a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15zM11 16h2v2h-2zm1-9.5a3.5 " +
    "3.5 0 0 0-3.5 3.5h2A1.5 1.5 0 1 1 13 11.2c-1.3.7-2 1.4-2 3.3h2c0-1 .4-1.3 1.2-1.8A3.5 3.5 0 0 0 12 6.5z",
  down: "M6 9l6 6 6-6z",
};

/**
 * @param {string} name one of the pictures above
 * @returns {Element} an svg that screen readers leave out
 */
export function icon(name) {
  return h(
    "svg:svg",
    { class: "o2o-icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    h("svg:path", { d: PATHS[name], fill: "currentColor", "fill-rule": "evenodd" }),
  );
}

// The marks of outcomes, one for each state of a frame, in a box from -8 to 8.
const MARKS = [
  "M0-5.6a5.6 5.6 0 1 0 0 11.2a5.6 5.6 0 1 0 0-11.2z",
  "M-5.2-5.2h10.4v10.4h-10.4z",
  "M0-6.4L6.4 5.4H-6.4z",
  "M0-7L7 0 0 7-7 0z",
  "M-6-3.4L-3.4-6 0-2.6 3.4-6 6-3.4 2.6 0 6 3.4 3.4 6 0 2.6-3.4 6-6 3.4-2.6 0z",
];

/**
 * The mark of a shop's state: colour and shape.
 * @param {number} state 0 open as before, 1 integrated, 2 showroom, 3 online only, 4 closed
 */
export function mark(state) {
  return h(
    "svg:svg",
    { class: ["o2o-mark", `o2o-state-${state}`], viewBox: "-8 -8 16 16", "aria-hidden": "true", focusable: "false" },
    h("svg:path", { d: MARKS[state] ?? MARKS[0] }),
  );
}
