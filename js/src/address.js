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
    this.another = false;
  }

  /** Other runs are opened: what was shown until now stays behind, for the browser's Back. */
  step() {
    this.remember.drop();
    this.keepUp.drop();
    this.write();
    this.another = Boolean(this.hash);
  }

  /** What it says: see `readLink`. */
  read() {
    return readLink(location.hash);
  }

  write() {
    const { sources, player, fixed } = this.app;
    const [a, b] = sources;
    if (!a?.frames || fixed || history.state?.window) return; // a window's entry is left again
    const day = Math.max(0, player.target ?? player.day);
    const hash = writeLink({ a: a.run, b: b?.run, day });
    if (this.another && hash !== this.hash) history.pushState(null, "", hash);
    else history.replaceState(history.state, "", hash);
    this.another = false;
    this.hash = hash;
  }

  /**
   * Let the browser's Back close a window above the page, as Escape does.
   * @param {HTMLDialogElement} node about to be shown
   */
  behind(node) {
    history.pushState({ window: true }, "");
    const back = () => node.open && node.close();
    addEventListener("popstate", back);
    node.addEventListener("close", () => {
      removeEventListener("popstate", back);
      if (history.state?.window) history.back();
      this.remember();
    });
  }

  /** Somebody typed or chose another address, or went back: show what it says. */
  changed() {
    const { app } = this;
    if (location.hash === this.hash || app.fixed) return;
    const view = this.read();
    const { a, b, day } = view;
    if (!a) return;
    this.hash = location.hash;
    this.another = false;
    const runs = b ? [a, b] : [a];
    const same = (run, k) => writeLink({ a: run }) === (app.sources[k] && writeLink({ a: app.sources[k].run }));
    const keep = runs.map((_, k) => k).filter((k) => same(runs[k], k));
    if (keep.length === runs.length && runs.length === app.sources.length) app.seek(day);
    else app.begin(runs, { day, keep, link: view });
  }
}
