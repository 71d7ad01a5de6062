/** Levers that are moved on the page: from which day they act, what is asked before, and what is told after. */

import { dayText } from "./text.js";
import { leverWords } from "./titles.js";

/**
 * What a lever can do that is moved while an earlier day than the newest is shown.
 * @param {{shown: number, newest: number, over: boolean}} where `over`: all days are simulated
 * @returns {Array<{from: number, again: boolean}>} days from which it may act; `again`: the run has to be run again
 */
export function choices({ shown, newest, over }) {
  const first = { from: 0, again: true };
  const next = { from: shown + 1, again: true };
  if (over) return shown > 0 && shown < newest ? [next, first] : [first];
  return [shown > 0 ? next : first, { from: newest + 1, again: false }];
}

export class Moves {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
  }

  /** A lever of run `k` is moved on the page; which day is shown decides whether there is something to ask. */
  move(k, key, value) {
    const { app } = this;
    const source = app.sources[k];
    if (source.lost) return app.refused(source.lost);
    const shown = Math.max(0, app.player.day);
    const newest = source.frames.count - 1;
    const over = newest >= source.days - 1;
    if (!over && newest - shown <= app.player.unasked) return source.move(key, value);
    const day = (n) => dayText(source.frames.key.header.start, n);
    const actions = choices({ shown, newest, over }).map(({ from, again }) =>
      again
        ? [from === 0 && over ? "Rerun from the first day" : `Rerun from ${day(from)}`, () => this.#rerun(k, from, key, value)]
        : [`Act from ${day(from)}`, () => source.move(key, value)],
    );
    const said = over
      ? "All days of this run are simulated. With this lever it can be run again:"
      : `You look at ${day(shown)}; the run is already at ${day(newest)}. From when should the lever act?`;
    app.panels.resetLever(k, key);
    return app.notice.show(`${leverWords(source, key, value)}. ${said}`, { kind: "ask", actions });
  }

  #rerun(k, from, key, value) {
    const runs = this.app.sources.map((source) => source.run);
    const before = runs[k].moves.filter(([day, what]) => (from === 0 ? what !== key : day < from));
    runs[k] = from === 0
      ? { ...runs[k], set: { ...runs[k].set, [key]: value }, moves: before }
      : { ...runs[k], moves: [...before, [from, key, value]] };
    const keep = runs.map((_, n) => n).filter((n) => n !== k);
    return this.app.begin(runs, { day: from === 0 ? 0 : from - 1, keep });
  }

  /** The simulation says from which day a lever acts. */
  moved(source, { day, key, value }) {
    const { sources, notice, address } = this.app;
    const name = sources.length > 1 ? `${"AB"[sources.indexOf(source)]}: ` : "";
    notice.show(`${name}${leverWords(source, key, value)}, from ${dayText(source.frames.key.header.start, day)}`, { seconds: 5 });
    this.mark();
    address.remember();
  }

  /** Flags on the time bar where levers were moved. */
  mark() {
    const { sources, bar } = this.app;
    bar.marks = sources.flatMap((source, k) =>
      source.run.moves
        .filter(([day]) => day < source.days)
        .map(([day, key, value]) => ({
          day,
          b: k === 1,
          text: `${sources.length > 1 ? `${"AB"[k]}, ` : ""}${dayText(source.frames.key.header.start, day)}: ${leverWords(source, key, value)}`,
        })),
    );
  }
}
