/**
 * Cards made of nothing but the days themselves, where no model is there to be asked (a stored run, a lost
 * connection). They have the form of all cards (see the Inspector).
 */

import { dateText, number, percent } from "./text.js";
import { OUTCOMES } from "./text.js";

const LEAST_DAYS = 7;

/**
 * Monthly means of what `of(arrays, day)` tells of each day, as {dates, values}. A month that is not over, or of which
 * there are too few days to be compared, is left out where there are others.
 */
function monthly(frames, of) {
  const sums = new Map();
  for (let day = 0; day < frames.count; day += 1) {
    const { header, arrays } = frames.at(day);
    const x = of(arrays, day);
    if (!Number.isFinite(x)) continue;
    const month = header.date.slice(0, 7);
    const sum = sums.get(month) ?? [0, 0];
    sum[0] += x;
    sum[1] += 1;
    sums.set(month, sum);
  }
  const last = frames.count ? frames.at(frames.count - 1).header.date : "";
  const isOver = last && new Date(Date.parse(last) + 86_400_000).getUTCDate() === 1;
  const kept = [...sums].filter(([month, [, n]]) => n >= LEAST_DAYS && (isOver || month !== last.slice(0, 7)));
  const shown = kept.length ? kept : [...sums].slice(-1);
  return { dates: shown.map(([month]) => month), values: shown.map(([, [sum, n]]) => sum / n) };
}

function events(frames, name) {
  const found = [];
  for (let day = 0; day < frames.count; day += 1) {
    const { date, news = [] } = frames.at(day).header;
    for (const { who, decision, reason } of news) if (who === name) found.push({ date, decision, reason });
  }
  return found;
}

/** How it ended, if it did: whoever is open may have changed its prices last. */
function fateOf(state, seen) {
  const word = { 2: "showroom", 3: "move", 4: "close" }[state];
  const last = word && seen.findLast(({ decision }) => decision.split(" ")[0] === word);
  return last ? [OUTCOMES[state].label, last.reason].filter(Boolean).join(": ") : undefined;
}

function store(frames, id) {
  const { header } = frames.key;
  const shop = frames.stores[id];
  if (!shop) return null;
  const states = frames.statesAt(frames.count - 1);
  const circle = header.circles[shop.circle];
  const seen = events(frames, shop.name);
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
    series: [{ label: "People who came, a day", unit: "people", ...monthly(frames, (a) => a.visits[id] * header.people_each) }],
    events: seen,
    end: fateOf(states[id], seen),
  };
}

function circle(frames, id) {
  const { circles } = frames.key.header;
  const it = circles[id];
  if (!it) return null;
  const shops = frames.stores.filter((shop) => shop.circle === id);
  const states = frames.statesAt(frames.count - 1);
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
    series: [{ label: "People who came, a day", unit: "people", ...monthly(frames, (a) => a.footfall[id]) }],
    events: events(frames, it.name),
  };
}

function platform(frames, id) {
  const { platforms, currency } = frames.key.header;
  const it = platforms[id];
  if (!it) return null;
  const { arrays, header } = frames.at(frames.count - 1);
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
      { label: "Members", unit: "%", ...monthly(frames, (a) => 100 * a.members[id]) },
      { label: "Cash", unit: currency, ...monthly(frames, (a) => a.cash[id]) },
    ],
    events: events(frames, it.name),
  };
}

/**
 * What the days themselves tell of somebody.
 * @param {Frames} frames
 * @param {string} kind store, circle, platform or person
 * @param {number} id
 * @returns {Object} a card
 */
export function basicCard(frames, kind, id) {
  const make = { store, circle, platform }[kind];
  const card = make?.(frames, Number(id));
  if (card) return card;
  const facts = [];
  if (kind === "person") {
    const at = frames.key.arrays.id.indexOf(Number(id));
    const cohort = frames.key.header.cohorts[frames.key.arrays.cohort[at]];
    if (cohort) facts.push(["Group", cohort]);
  }
  return { kind, id, title: kind === "person" ? `Consumer ${id}` : `${kind} ${id}`, facts };
}
