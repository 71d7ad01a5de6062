/**
 * Cards made of nothing but the days themselves, up to the one that is shown, where no model is there to be asked (a
 * stored run, a lost connection). They have the form of all cards (see the Inspector).
 */

import { OUTCOMES, dateText, number, percent } from "./text.js";

const LEAST_DAYS = 7;

/** Is this date the last of its month? */
const endsMonth = (iso) => new Date(Date.parse(iso) + 86_400_000).getUTCDate() === 1;

/**
 * Monthly means of what `of(arrays, day)` tells of each day up to `until`, as {dates, values}. A month that is not over,
 * or of which there are too few days to be compared, is left out where there are others.
 */
function monthly(frames, until, of) {
  const sums = new Map();
  for (let day = 0; day <= until; day += 1) {
    const { header, arrays } = frames.at(day);
    const x = of(arrays, day);
    if (!Number.isFinite(x)) continue;
    const month = header.date.slice(0, 7);
    const sum = sums.get(month) ?? [0, 0];
    sum[0] += x;
    sum[1] += 1;
    sums.set(month, sum);
  }
  const last = frames.at(until)?.header.date ?? "";
  const isOver = last && endsMonth(last);
  const kept = [...sums].filter(([month, [, n]]) => n >= LEAST_DAYS && (isOver || month !== last.slice(0, 7)));
  const shown = kept.length ? kept : [...sums].slice(-1);
  return { dates: shown.map(([month]) => month), values: shown.map(([, [sum, n]]) => sum / n) };
}

function events(frames, until, name) {
  const mine = frames.newsUpTo(until).filter(({ who }) => who === name);
  return mine.map(({ date, decision, reason }) => ({ date, decision, reason }));
}

/** How it ended, if it did: whoever is open may have changed its prices last. */
function fateOf(state, seen) {
  const word = { 2: "showroom", 3: "move", 4: "close" }[state];
  const last = word && seen.findLast(({ decision }) => decision.split(" ")[0] === word);
  return last ? [OUTCOMES[state].label, last.reason].filter(Boolean).join(": ") : undefined;
}

function store(frames, id, day) {
  const { header } = frames.key;
  const shop = frames.stores[id];
  if (!shop) return null;
  const states = frames.statesAt(day) ?? [];
  const circle = header.circles[shop.circle];
  const seen = events(frames, day, shop.name);
  return {
    kind: "store",
    id,
    title: shop.name,
    subtitle: [shop.format, circle?.name].filter(Boolean).join(" · "),
    facts: [
      ["Category", shop.category],
      ["State", OUTCOMES[states[id]]?.label ?? ""],
      ["Floor", `${number(shop.area)} m²`],
      ["Opened", /^\d{4}-/.test(shop.opened ?? "") ? dateText(shop.opened) : ""],
    ].filter(([, said]) => said),
    series: [{ label: "People who came, a day", unit: "people", ...monthly(frames, day, (a) => (a.visits[id] ?? NaN) * header.people_each) }],
    events: seen,
    end: fateOf(states[id], seen),
  };
}

function circle(frames, id, day) {
  const { circles } = frames.key.header;
  const it = circles[id];
  if (!it) return null;
  const states = frames.statesAt(day) ?? [];
  const shops = frames.stores.slice(0, states.length).filter((shop) => shop.circle === id);
  return {
    kind: "circle",
    id,
    title: it.name,
    subtitle: it.street ? "shopping street" : "business circle",
    facts: [
      ["Units to let", number(it.units)],
      ["Shops so far", number(shops.length)],
      ...OUTCOMES.map(({ label }, state) => [label, number(shops.filter((shop) => states[shop.n] === state).length)]),
    ],
    series: [{ label: "People who came, a day", unit: "people", ...monthly(frames, day, (a) => a.footfall[id]) }],
    events: events(frames, day, it.name),
  };
}

function platform(frames, id, day) {
  const { platforms, currency } = frames.key.header;
  const it = platforms[id];
  if (!it) return null;
  const { arrays, header } = frames.at(day);
  return {
    kind: "platform",
    id,
    title: it.name,
    subtitle: it.kind,
    facts: [
      ["Members", percent(arrays.members[id])],
      [`Subsidy at the end of ${dateText(header.date)}`, `${number(arrays.subsidy[id])} ${currency} an order`],
    ],
    series: [
      { label: "Members", unit: "%", ...monthly(frames, day, (a) => 100 * a.members[id]) },
      { label: "Cash", unit: currency, ...monthly(frames, day, (a) => a.cash[id]) },
    ],
    events: events(frames, day, it.name),
  };
}

/**
 * What the days themselves tell of somebody.
 * @param {Frames} frames
 * @param {string} kind store, circle, platform or person
 * @param {number} id
 * @param {number} [day] the last day that it tells of
 * @returns {Object} a card
 */
export function basicCard(frames, kind, id, day = frames.count - 1) {
  const make = { store, circle, platform }[kind];
  const card = frames.count ? make?.(frames, Number(id), day) : null;
  if (card) return card;
  const facts = [];
  if (kind === "person") {
    const at = frames.key.arrays.id.indexOf(Number(id));
    const cohort = frames.key.header.cohorts[frames.key.arrays.cohort[at]];
    if (cohort) facts.push(["Group", cohort]);
  }
  return { kind, id, title: kind === "person" ? `Consumer ${id}` : `${kind} ${id}`, facts };
}

/**
 * A card of an earlier day, where only the one of the last day was stored: the figures of months that were over and the
 * decisions up to then are that card's, all else is what the days themselves tell.
 * @param {Object} stored the card of the last day
 * @param {Object} basic the basic card of the earlier day
 * @param {string} date of the earlier day
 */
export function cardUntil(stored, basic, date) {
  const over = (month) => (endsMonth(date) ? month <= date.slice(0, 7) : month < date.slice(0, 7));
  const series = (stored.series ?? []).flatMap((one) => {
    const n = one.dates.filter(over).length;
    return n ? [{ ...one, dates: one.dates.slice(0, n), values: one.values.slice(0, n) }] : [];
  });
  const told = (stored.events ?? []).filter((event) => event.date <= date);
  return { ...basic, subtitle: stored.subtitle ?? basic.subtitle, series: series.length ? series : basic.series, events: told };
}
