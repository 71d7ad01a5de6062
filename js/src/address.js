/** The address of the page: it says what is shown, so that a reload, a bookmark or a sent link brings it back. */

import { debounce, throttle } from "./dom.js";
import { readLink, writeLink } from "./link.js";
import { clip, count, dayText } from "./text.js";

const REST_MS = 400;
const PLAYING_MS = 2000; // browsers allow some hundred changes of the address in half a minute
const MOST_NAMED = 4;

/** A sentence about what of a link was left out, or makes no sense in the runs it opened; "" if nothing. */
export function leftOut({ dropped = [], day = 0 }, sources) {
  const said = [];
  if (dropped.length) {
    const named = dropped.slice(0, MOST_NAMED).map((part) => `“${clip(part, 40)}”`);
    if (dropped.length > MOST_NAMED) named.push(`${dropped.length - MOST_NAMED} more`);
    said.push(`Some of the link could not be read and was left out: ${named.join(", ")}.`);
  }
  const [{ days, frames }] = sources;
  const end = dayText(frames.key.header.start, days - 1);
  if (day >= days) said.push(`The link asks for a day after the last, ${end}: that one is shown.`);
  const late = sources.flatMap((source) => source.run.moves.filter(([at]) => at >= source.days)).length;
  if (late) said.push(`${count(late, "move of a lever lies", "moves of levers lie")} after the last day and never ${late === 1 ? "acts" : "act"}.`);
  return said.join(" ");
}

export class Address {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** Write it once nothing has changed for a moment. */
    this.remember = debounce(() => this.write(), REST_MS);
    /** Write it every few seconds, however often this is called: the day goes on while it plays. */
    this.keepUp = throttle(() => this.write(), PLAYING_MS);
  }

  /** What it says: see `readLink`. */
  read() {
    return readLink(location.hash);
  }

  write() {
    const { sources, player, fixed } = this.app;
    const [a, b] = sources;
    if (!a?.frames || fixed) return;
    const day = Math.max(0, player.target ?? player.day);
    this.hash = writeLink({ a: a.run, b: b?.run, day });
    history.replaceState(history.state, "", this.hash);
  }

  /** Somebody typed or chose another address: show what it says. */
  changed() {
    if (location.hash === this.hash || this.app.fixed) return;
    const view = this.read();
    const { a, b, day } = view;
    if (a) this.app.begin(b ? [a, b] : [a], { day, link: view });
  }
}
