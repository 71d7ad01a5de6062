/** Files that a page makes for whoever looks at it: a table, a picture, a report. */

import { tally } from "./compare.js";
import { OUTCOMES, longDate, number } from "./text.js";

const KEPT_MS = 60_000; // a browser that asks where to put a file reads it later
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;
const HEAD_PX = 92;
const GAP_PX = 12;

/**
 * Rows as a file for spreadsheets. A text that a spreadsheet would take for a formula gets an apostrophe before it.
 * @param {Array<Array<string|number|undefined>>} rows
 */
export function csv(rows) {
  const cell = (value) => {
    const text = String(value ?? "");
    const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

/** A name that every system takes, from any text. */
export function fileName(text, ending) {
  const plain = String(text).normalize("NFKD").replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return `${plain || "run"}.${ending}`;
}

/** Let the browser save something. @param {string|Blob} content @param {string} name @param {string} [type] */
export function save(content, name, type = "text/plain") {
  const blob = content instanceof Blob ? content : new Blob([content], { type: `${type};charset=utf-8` });
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/**
 * The maps on the stage as one picture, with what they are of.
 * @param {Array<import("./runview.js").RunView>} views
 * @param {number} day
 * @returns {Promise<Blob>}
 */
export function picture(views, day) {
  const maps = views.map((view) => [...view.map.root.querySelectorAll("canvas")]);
  const [{ width, height }] = maps[0];
  const ratio = width / Math.max(1, maps[0][0].clientWidth);
  const px = (n) => Math.round(n * ratio);
  const style = getComputedStyle(views[0].map.root);
  const colour = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const canvas = document.createElement("canvas");
  canvas.width = views.length * width + (views.length + 1) * px(GAP_PX);
  canvas.height = height + px(HEAD_PX + GAP_PX);
  const pen = canvas.getContext("2d");
  pen.fillStyle = colour("--card", "#fff");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  views.forEach((view, k) => {
    const left = px(GAP_PX) + k * (width + px(GAP_PX));
    const { header } = view.source.frames.key;
    const date = view.source.frames.at(day).header.date;
    const letter = views.length > 1 ? `${view.name}: ` : "";
    const counts = tally(view.source.frames, day);
    const lines = [
      [`${letter}${header.name}, ${longDate(date)}`, 17, "--fg", "600"],
      [view.title.textContent, 12, "--muted", "400"],
      [OUTCOMES.map(({ label, mark }, state) => `${mark} ${number(counts[state])} ${label}`).join("   "), 13, "--fg", "400"],
    ];
    let top = 0;
    for (const [text, size, ink, weight] of lines.filter(([said]) => said)) {
      top += px(size + 10);
      pen.fillStyle = colour(ink, "#222");
      pen.font = `${weight} ${px(size)}px system-ui, sans-serif`;
      pen.fillText(text, left, top, width);
    }
    for (const layer of maps[k]) pen.drawImage(layer, left, px(HEAD_PX), width, height);
  });
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture could not be made"))), "image/png"),
  );
}
