/** Runs A and B against each other on the day shown: the figures, and every shop whose fate differs. */

import { fill, h, say } from "./dom.js";
import { mark } from "./icons.js";
import { OUTCOMES, count, number, percent, short } from "./text.js";

const MOST = 300;
const ABSENT = -1;

/**
 * Shops whose state differs between two runs on a day; shops are the same if their names are.
 * @param {Frames} a
 * @param {Frames} b
 * @param {number} day
 * @returns {Array<{name: string, circle: string, category: string, a: number, b: number}>} states, -1: is not
 *   there (not opened in this run); those that one run lost for good first, then by name
 */
export function differing(a, b, day) {
  const fates = new Map();
  for (const [side, frames] of [["a", a], ["b", b]]) {
    const states = frames.statesAt(day);
    const { circles } = frames.key.header;
    for (let n = 0; n < states.length; n += 1) {
      const shop = frames.stores[n];
      if (!shop) continue;
      if (!fates.has(shop.name)) {
        const { name, category } = shop;
        fates.set(name, { name, category, circle: circles[shop.circle]?.name ?? "", a: ABSENT, b: ABSENT });
      }
      fates.get(shop.name)[side] = states[n];
    }
  }
  const closed = OUTCOMES.length - 1;
  const weight = (fate) => (fate.a === closed || fate.b === closed ? 0 : fate.a === ABSENT || fate.b === ABSENT ? 2 : 1);
  const differ = [...fates.values()].filter((fate) => fate.a !== fate.b);
  return differ.sort((x, y) => weight(x) - weight(y) || (x.name < y.name ? -1 : 1));
}

/** How many shops are in each state on a day. */
export function tally(frames, day) {
  const counts = OUTCOMES.map(() => 0);
  for (const state of frames.statesAt(day)) counts[state] += 1;
  return counts;
}

/** Mean of one of the `totals` over the up to 28 days before and on `day`. */
function mean(frames, day, which) {
  let sum = 0;
  let n = 0;
  for (let d = Math.max(0, day - 27); d <= day; d += 1) {
    const x = frames.at(d).arrays.totals[which];
    if (!Number.isFinite(x)) continue;
    sum += x;
    n += 1;
  }
  return n ? sum / n : NaN;
}

export class Compare {
  #key = "";

  /**
   * @param {HTMLElement} host
   * @param {{onpick: function(string, string)}} options called with kind and name
   */
  constructor(host, { onpick }) {
    this.onpick = onpick;
    this.figures = h("table", { class: "o2o-table o2o-figures" });
    this.head = h("h3", null, "Shops whose fate differs");
    this.note = h("p", { class: "o2o-muted" });
    this.list = h("ul", { class: "o2o-differ" });
    fill(host, this.figures, this.head, this.note, this.list);
  }

  /** Show the difference on a day both runs have. */
  show(a, b, day) {
    const last = Math.min(day, a.count - 1, b.count - 1);
    if (last < 0) return;
    const currency = a.key.header.currency;
    const [left, right] = [tally(a, last), tally(b, last)];
    const rows = OUTCOMES.map(({ label }, state) => [
      h("span", { class: "o2o-with-mark" }, mark(state), label), number(left[state]), number(right[state]),
      signed(right[state] - left[state], number),
    ]);
    // Charts show means of one week, so the table has to say that its own are of four.
    const weeks = "mean of 4 weeks";
    for (const [label, which, words, apart] of [
      [`Sales a day, ${currency}, ${weeks}`, 0, (x) => short(x)],
      [`Sold online, ${weeks}`, 5, (x) => percent(x, 1), points],
      [`Empty units, ${weeks}`, 3, (x) => percent(x, 1), points],
    ]) {
      const [x, y] = [mean(a, last, which), mean(b, last, which)];
      rows.push([label, words(x), words(y), signed(y - x, apart ?? words)]);
    }
    fill(
      this.figures,
      h("thead", null, h("tr", null, h("th", null, ""), h("th", null, "A"), h("th", null, "B"), h("th", null, "B − A"))),
      h("tbody", null, rows.map(([label, ...cells]) => h("tr", null, h("th", { scope: "row" }, label), cells.map((said) => h("td", null, said))))),
    );
    const fates = differing(a, b, last);
    const key = JSON.stringify(fates.map(({ name, a: x, b: y }) => [name, x, y]));
    if (key === this.#key) return;
    this.#key = key;
    say(this.head, fates.length ? `${count(fates.length, "shop")} with another fate` : "Shops whose fate differs");
    say(this.note, fates.length ? "" : "Up to this day every shop fares the same in A and in B.");
    fill(this.list, fates.slice(0, MOST).map((fate) => this.#row(fate)));
  }

  #row(fate) {
    const said = (state) => (state === ABSENT ? "not there" : OUTCOMES[state].label);
    return h(
      "li",
      null,
      h(
        "button",
        { type: "button", class: "o2o-fate", onclick: () => this.onpick("store", fate.name) },
        h("span", { class: "o2o-fate-name" }, h("strong", null, fate.name), h("span", { class: "o2o-muted" }, fate.circle)),
        ["a", "b"].map((side) =>
          h(
            "span",
            { class: "o2o-with-mark" },
            h("span", { class: ["o2o-run", `o2o-run-${side}`] }, side.toUpperCase()),
            fate[side] !== ABSENT && mark(fate[side]),
            said(fate[side]),
          ),
        ),
      ),
    );
  }
}

/** A difference of two shares: 0.006 is 0.6 points, not per cent of anything. */
export function points(x) {
  return `${number(100 * x, 1)} points`;
}

export function signed(x, words) {
  if (!Number.isFinite(x)) return "–";
  const said = words(Math.abs(x));
  if (!/[1-9]/.test(said)) return "=";
  return x > 0 ? `+${said}` : `−${said}`;
}
