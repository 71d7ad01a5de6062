/** Texts of lessons whose figures are read off the run that is open (o2o_sim/show/lesson_figures.py says how they are written). */

import { h, say } from "./dom.js";
import { dayOf, number } from "./text.js";

const FIGURE = /\{(cash|profit|rent) of ([^{}]+?) (?:on|in) (\d{4}-\d\d(?:-\d\d)?)(?: in ([AB]))?\}/g;
const SERIES = { profit: "Profit", rent: "Rent level" };
const NONE = "(shown when the run is played)";

/**
 * A text whose paragraphs are apart by an empty line, as elements.
 * @param {string} text
 * @param {function({what, who, when, run}): Promise<string>} [figure] the words of a figure; without, there are none yet
 */
export function paragraphs(text, figure = null) {
  return text.split(/\n\s*\n/).map((part) => h("p", null, pieces(part.replace(/\s+/g, " ").trim(), figure)));
}

function pieces(text, figure) {
  const found = [];
  let from = 0;
  for (const match of text.matchAll(FIGURE)) {
    const [all, what, who, when, run = "A"] = match;
    const place = h("b", { class: "figure" }, NONE);
    figure?.({ what, who, when, run }).then((words) => say(place, words), () => say(place, NONE));
    found.push(text.slice(from, match.index), place);
    from = match.index + all.length;
  }
  return [...found, text.slice(from)];
}

/** An amount as a sentence says it: 415,000 yuan, −41.2 million yuan. */
export function amount(x, currency) {
  const size = Math.abs(x);
  if (size >= 999_500) return `${number(x / 1e6, size < 9.995e6 ? 2 : 1)} million ${currency}`;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(size || 1)) - 2); // three figures
  return `${number(Math.round(x / step) * step)} ${currency}`;
}

/**
 * The words of a figure.
 * @param {Array<Object>} sources run A, and B if there is one
 * @param {{what: string, who: string, when: string, run: string}} figure
 * @returns {Promise<string>} rejected if the run has not got that far, or there is no such figure
 */
export async function figureOf(sources, { what, who, when, run }) {
  const source = sources[run === "B" ? 1 : 0];
  const { frames } = source;
  const { start, platforms, circles, currency } = frames.key.header;
  if (what === "cash") {
    const k = platforms.findIndex(({ name }) => name === who);
    const cash = (day) => frames.at(day).arrays.cash[k];
    return amount(cash(dayOf(start, when)) - cash(0), currency);
  }
  const list = what === "profit" ? frames.stores : circles;
  const id = list.findIndex(({ name }) => name === who);
  const card = await source.inspect(what === "profit" ? "store" : "circle", id);
  const series = card.series.find(({ label }) => label.startsWith(SERIES[what]));
  const x = series.values[series.dates.indexOf(when)];
  if (!Number.isFinite(x)) throw new Error("there is no such month yet");
  return amount(x, currency);
}
