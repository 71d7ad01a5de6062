/** What a run has come to on a day: what became of its shops and why, and what has changed most since the first day. */

import { tally } from "./compare.js";
import { OUTCOMES, number, percent, short } from "./text.js";

/** Days that means go over: four whole weeks. */
export const MONTH = 28;
const LEAST_SHARE = 0.01; // of a whole; of less one visitor more is a large change
const ENDED = { 2: "showroom", 3: "move", 4: "close" };
const NAMES = ["survived", "integrated", "showroom", "moved online", "closed"]; // as in outcomes.csv

/** Mean of what `of(arrays)` tells of the days `from` to `to`. */
function mean(frames, from, to, of) {
  let sum = 0;
  let n = 0;
  for (let day = from; day <= to; day += 1) {
    const x = of(frames.at(day).arrays);
    if (!Number.isFinite(x)) continue;
    sum += x;
    n += 1;
  }
  return n ? sum / n : NaN;
}

/** Figures of a city that can change: {label, of(arrays), write, whole?}; `whole` is what it is a part of. */
function figures(frames) {
  const { circles, platforms, currency } = frames.key.header;
  const all = (values) => (values ?? []).reduce((sum, x) => sum + x, 0);
  const share = (x) => percent(x, 1);
  const found = [
    { label: `Sales a day, ${currency}`, of: (a) => a.totals[0], write: short },
    { label: "Sold online", of: (a) => a.totals[5], write: share, whole: () => 1 },
    { label: "Empty units", of: (a) => a.totals[3], write: share, whole: () => 1 },
  ];
  circles.forEach(({ name }, k) =>
    found.push({ label: `Visitors a day, ${name}`, of: (a) => a.footfall[k], write: short, whole: (a) => all(a.footfall) }));
  platforms.forEach(({ name }, k) =>
    found.push({ label: `Members of ${name}`, of: (a) => a.members?.[k] ?? NaN, write: share, whole: () => 1 }));
  frames.channels.forEach((name, k) => {
    const part = (a) => (a.channel_sales?.[k] ?? 0) / (all(a.channel_sales) || 1);
    if (name && name !== "without") {
      found.push({ label: name === "walk-in" ? "Sold in the shop" : `Sold by ${name}`, of: part, write: share, whole: () => 1 });
    }
  });
  return found;
}

/** From two values of each figure, those that differ most: by how large a part of the larger one. */
function largest(list, most) {
  const weight = ({ x, y }) => Math.abs(y - x) / Math.max(Math.abs(x), Math.abs(y));
  return list
    .filter(({ x, y, size }) => Number.isFinite(x) && Number.isFinite(y) && x !== y && !(Math.max(Math.abs(x), Math.abs(y)) < size))
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, most)
    .map(({ label, write, x, y }) => ({ label, from: write(x), to: write(y), by: changed(x, y) }));
}

/** A change in words: "+25 %", or that it is new or gone. */
function changed(x, y) {
  if (!x) return "new";
  if (!y) return "gone";
  const part = (y - x) / Math.abs(x);
  return part > 4 ? `× ${number(y / x, 1)}` : `${part > 0 ? "+" : "−"}${percent(Math.abs(part), Math.abs(part) < 0.0995 ? 1 : 0)}`;
}

/** Days at the beginning and at the end that are compared, up to a day: no day counts for both. */
export const span = (day) => Math.max(1, Math.min(MONTH, Math.floor((day + 1) / 2)));

/** The up to `most` largest changes from the first weeks to the last up to a day. */
export function changes(frames, day, most = 3) {
  const n = span(day);
  const values = figures(frames).map(({ label, of, write, whole }) => ({
    label, write, x: mean(frames, 0, n - 1, of), y: mean(frames, day - n + 1, day, of),
    size: whole ? LEAST_SHARE * mean(frames, day - n + 1, day, whole) : 0,
  })); // prettier-ignore
  return largest(values, most);
}

/** The up to `most` largest differences of run B from run A in the last four weeks up to a day. */
export function differences(a, b, day, most = 3) {
  const from = Math.max(0, day - MONTH + 1);
  const others = new Map(figures(b).map((one) => [one.label, one]));
  const values = figures(a).map(({ label, of, write, whole }) => ({
    label, write, x: mean(a, from, day, of), y: others.has(label) ? mean(b, from, day, others.get(label).of) : NaN,
    size: whole ? LEAST_SHARE * mean(a, from, day, whole) : 0,
  })); // prettier-ignore
  return largest(values, most);
}

/** The decision that made each shop what it is on a day, by name: {date, decision, reason}. */
function decisions(frames, day) {
  const found = new Map();
  for (const item of frames.newsUpTo(day)) {
    if (item.kind !== "store" && item.kind !== "entry") continue;
    const word = item.decision.split(" ")[0];
    if (word === "adopt" || word === "open" || Object.values(ENDED).includes(word)) found.set(item.who, item);
  }
  return found;
}

/**
 * Why shops are no longer as before, by state: [{state, count, reasons: [{reason, count}]}], the commonest reason first.
 * @param {Frames} frames
 * @param {number} day
 */
export function causes(frames, day) {
  const told = decisions(frames, day);
  const states = frames.statesAt(day);
  return [4, 3, 2, 1].flatMap((state) => {
    const reasons = new Map();
    let count = 0;
    states.forEach((now, n) => {
      if (now !== state) return;
      count += 1;
      const last = told.get(frames.stores[n].name);
      const fits = last?.decision.split(" ")[0] === (ENDED[state] ?? "adopt");
      const reason = !fits ? "from the beginning" : ENDED[state] ? last.reason : `by ${last.decision.split(" ").slice(1).join(" ")}`;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    });
    const list = [...reasons].map(([reason, k]) => ({ reason, count: k })).sort((a, b) => b.count - a.count);
    return count ? [{ state, count, reasons: list }] : [];
  });
}

/** Shops by state on the first day and on another: [{state, label, first, now}]. */
export function fates(frames, day) {
  const [first, now] = [tally(frames, 0), tally(frames, day)];
  return OUTCOMES.map(({ label }, state) => ({ state, label, first: first[state], now: now[state] }));
}

/**
 * What became of every shop of one or two runs, as rows for a table.
 * @param {Array<{name: string, frames: Frames}>} runs
 * @param {number} day
 */
export function outcomeRows(runs, day) {
  const two = runs.length > 1;
  const head = [...(two ? ["run"] : []), "store", "name", "category", "format", "circle", "outcome", "reason", "opened", "changed"];
  const rows = runs.flatMap(({ name, frames }) => {
    const told = decisions(frames, day);
    const { circles } = frames.key.header;
    return [...frames.statesAt(day)].map((state, n) => {
      const shop = frames.stores[n];
      const last = told.get(shop.name);
      const reason = ENDED[state] ? last?.reason : "";
      return [...(two ? [name] : []), n, shop.name, shop.category, shop.format, circles[shop.circle]?.name, NAMES[state], reason,
        shop.opened, last?.date ?? shop.opened]; // prettier-ignore
    });
  });
  return [head, ...rows];
}
