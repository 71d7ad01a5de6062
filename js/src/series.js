/**
 * What charts draw: figures of a run, one a day, gathered from its frames as they come.
 */

/** Days that the means of weekly rhythms go over. */
export const WEEK = 7;

/** The header of a run's key, whichever way the frames hold it. */
export const keyOf = (frames) => frames?.key?.header ?? frames?.key ?? null;

/** Figures of one run, one a day. */
export class RunSeries {
  /** @param {{frames: object}} source its frames grow while it is played */
  constructor(source) {
    this.source = source;
    this.reset();
  }

  /** Forget everything, for a run that begins anew. */
  reset() {
    this.frames = this.source.frames;
    this.days = 0;
    /** Shops in each of the five states. @type {number[][]} */
    this.states = [[], [], [], [], []];
    /** Sales by channel, yuan. @type {number[][]} */
    this.channels = [];
    this.footfall = [];
    this.cash = [];
    this.members = [];
  }

  /** The names of the channels, in the order of `channels`. */
  get channelNames() {
    return this.frames?.channels ?? [];
  }

  /** What was said of the run at its beginning: names, dates, units. */
  get key() {
    return keyOf(this.frames);
  }

  /**
   * Take up frames that have come since, for at most `budget` milliseconds.
   * @param {number} [budget]
   * @returns {boolean} whether all are taken up
   */
  absorb(budget = Infinity) {
    const { frames } = this.source;
    if (frames !== this.frames || (frames?.count ?? 0) < this.days) this.reset();
    if (!frames) return true;
    const began = performance.now();
    while (this.days < frames.count) {
      this._take(frames.at(this.days), this.days);
      this.days += 1;
      if (performance.now() - began > budget) return this.days >= frames.count;
    }
    return true;
  }

  _take({ arrays }, day) {
    const counts = [0, 0, 0, 0, 0];
    for (const state of arrays.state ?? []) if (state < 5) counts[state] += 1;
    counts.forEach((n, k) => this.states[k].push(n));
    const column = (list, values) => {
      values?.forEach((value, k) => {
        // What is new on day 300 was nothing on the 300 days before.
        list[k] ??= new Array(day).fill(0);
        list[k].push(value);
      });
    };
    column(this.channels, arrays.channel_sales);
    column(this.footfall, arrays.footfall);
    column(this.cash, arrays.cash);
    column(this.members, arrays.members);
  }
}

/**
 * Means over the last `k` days up to each day (fewer at the beginning).
 * @param {number[]} values
 * @param {number} [k]
 * @returns {number[]}
 */
export function trailing(values, k = WEEK) {
  const means = new Array(values.length);
  // Summed anew for each window: running sums of money drift, and seven numbers cost nothing.
  for (let day = 0; day < values.length; day += 1) {
    const from = Math.max(0, day - k + 1);
    let sum = 0;
    for (let j = from; j <= day; j += 1) sum += values[j];
    means[day] = sum / (day - from + 1);
  }
  return means;
}

/**
 * Shares of a whole, from amounts.
 * @param {number[][]} rows one per part, equally long
 * @returns {number[][]} the same rows, each day adding up to 1 (or 0 where there is nothing)
 */
export function shares(rows) {
  const days = rows[0]?.length ?? 0;
  const made = rows.map(() => new Array(days));
  for (let day = 0; day < days; day += 1) {
    const total = rows.reduce((sum, row) => sum + row[day], 0);
    rows.forEach((row, k) => {
      made[k][day] = total > 0 ? row[day] / total : 0;
    });
  }
  return made;
}

/**
 * At most about `most` of the days 0 to n - 1, evenly, always with the last.
 * @param {number} n
 * @param {number} [most]
 * @returns {number[]}
 */
export function thinned(n, most = 1000) {
  const step = Math.max(1, Math.ceil(n / most));
  const days = [];
  for (let day = 0; day < n; day += step) days.push(day);
  if (n > 0 && days[days.length - 1] !== n - 1) days.push(n - 1);
  return days;
}

/**
 * Heights of stacked areas: row k is the sum of the rows 0 to k.
 * @param {number[][]} rows
 * @returns {number[][]}
 */
export function stacked(rows) {
  const made = [];
  rows.forEach((row, k) => made.push(k ? row.map((x, day) => x + made[k - 1][day]) : row.slice()));
  return made;
}

/**
 * Which circles get a line of their own: all if they are few, else the largest, and one line for all others.
 * Streets are no circle and many times as busy as any; they come last.
 * @param {Array<{name: string, units: number, street: boolean}>} circles
 * @param {number} [most] lines for circles
 * @returns {Array<{label: string, of: number[], street: boolean}>} `of` are indices of circles
 */
export function circleLines(circles, most = 8) {
  const at = circles.map((circle, k) => ({ ...circle, k }));
  const proper = at.filter((c) => !c.street);
  let own = proper;
  let rest = [];
  if (proper.length > most) {
    const ranked = [...proper].sort((a, b) => b.units - a.units || a.k - b.k);
    own = ranked.slice(0, 6);
    rest = ranked.slice(6);
  }
  const lines = own.map((c) => ({ label: c.name, of: [c.k], street: false }));
  if (rest.length) lines.push({ label: `${rest.length} other circles`, of: rest.map((c) => c.k), street: false });
  for (const c of at.filter((one) => one.street)) lines.push({ label: c.name, of: [c.k], street: true });
  return lines;
}
