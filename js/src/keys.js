/** The keys of the live page. */

import { isoDay, dayOf } from "./text.js";

const TYPING = "input, select, textarea, [contenteditable]";
const SLIDER = "input[type=range]";


/** The day of the run that is `months` months from `day`. */
export function monthsOn(start, day, months) {
  const [year, month, on] = isoDay(start, day).split("-").map(Number);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const longest = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(on, longest));
  return dayOf(start, first.toISOString().slice(0, 10));
}

/**
 * Listen to the keyboard for an app.
 * @param {import("./app.js").App} app
 */
export function onKey(app) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("dialog")) return;
    if (event.target.closest?.(TYPING) && !means(event)) return;
    if (act(app, event)) event.preventDefault();
  });
}

/** A slider does nothing with the space bar, and the time bar steps by months as the page does. */
export function means({ key, shiftKey, target }) {
  if (!target.closest(SLIDER)) return false;
  return key === " " || key === "?" || (shiftKey && /^Arrow(Left|Right)$/.test(key) && target.closest(".o2o-slider") !== null);
}

function act(app, event) {
  const { player, viewer } = app;
  const side = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (side && player.newest >= 0) {
    const from = Math.max(0, player.target ?? player.day);
    app.seek(event.shiftKey ? monthsOn(player.start, from, side) : from + side);
    return true;
  }
  switch (event.key) {
    case " ":
      if (viewer || event.target.closest?.("button, a, summary, [role=tab]")) return false;
      player.toggle();
      return true;
    case "Home":
      app.seek(0);
      return true;
    case "End":
      app.seek(player.newest);
      return true;
    case "+":
    case "=":
      return zoom(app, "+");
    case "-":
      return zoom(app, "-");
    case "?":
      app.help();
      return true;
    default:
      return false;
  }
}

/** The map knows these keys itself when it has the focus. */
function zoom(app, key) {
  app.views[0]?.map.pane.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
  return true;
}
