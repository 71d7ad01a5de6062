import assert from "node:assert/strict";
import { test } from "node:test";

import { basicCard, cardUntil } from "../src/cards.js";
import { differing, points, signed, tally } from "../src/compare.js";
import { monthsOn } from "../src/keys.js";
import { deed, grouped, latest, why } from "../src/news.js";
import { runTitles } from "../src/titles.js";

/** Days with nothing but what these panels read. */
function run(names, states, extra = {}) {
  const header = { circles: [{ name: "Street", units: 9 }], people_each: 10, start: "2013-01-01", name: "Town", cohorts: ["young"], platforms: [] };
  return {
    key: { header, arrays: { id: [4], cohort: [0] } },
    stores: names.map((name, n) => ({ n, name, circle: 0, category: "food", format: "shop", area: 10, opened: "2013-01-01" })),
    count: 2,
    statesAt: () => states,
    newsUpTo: (day) => (extra.news ?? []).filter((item) => item.day <= day),
    at: (day) => ({
      header: { date: `2013-01-0${day + 1}`, news: (extra.news ?? []).filter((item) => item.day === day) },
      arrays: { visits: [day + 1, 0, 0], footfall: [50] },
    }),
  };
}

test("shops are compared by name; what closed in one run comes first", () => {
  const a = run(["Rose", "Tulip", "Lily", "Only A"], [0, 1, 0, 0]);
  const b = run(["Tulip", "Rose", "Lily"], [1, 4, 2]);
  assert.deepEqual(differing(a, b, 1).map(({ name, a: x, b: y }) => [name, x, y]), [["Rose", 0, 4], ["Lily", 0, 2], ["Only A", 0, -1]]);
  assert.deepEqual(differing(a, a, 1), []);
  assert.deepEqual(tally(b, 1), [0, 1, 1, 0, 1]);
});

const item = (day, who, decision, reason = "", kind = "store") => ({ day, who, decision, reason, kind });

test("the newest news comes first, that of later days not at all", () => {
  const frames = run([], [], { news: [item(0, "a", "open"), item(0, "b", "open"), item(1, "c", "close")] });
  assert.deepEqual(latest(frames, 1).map(({ who }) => who), ["c", "a", "b"]);
  assert.deepEqual(latest(frames, 0).map(({ who }) => who), ["a", "b"]);
  assert.deepEqual(latest(frames, 9, 1).map(({ who }) => who), ["c"]);
});

test("equal decisions of many share a line, and everyday ones come last", () => {
  const prices = ["a", "b", "c"].map((who) => item(0, who, "price", "looks"));
  const groups = grouped([...prices, item(0, "d", "close"), item(0, "e", "adopt social"), item(0, "f", "adopt social")]);
  assert.deepEqual(groups.map((group) => group.map(({ who }) => who)), [["d"], ["e"], ["f"], ["a", "b", "c"]]);
});

test("decisions are said as sentences go on", () => {
  assert.equal(deed("adopt partnership"), "adopts partnership");
  assert.equal(deed("adopt partnership", true), "adopt partnership");
  assert.equal(deed("price"), "changes its prices");
  assert.equal(deed("something of a plugin"), "something of a plugin");
  assert.equal(deed("move online"), "moves online");
  assert.equal(deed("no round"), "gets no money from investors");
  assert.equal(deed("leave"), "leaves the market");
  assert.equal(deed("leave smart circle"), "leaves smart circle");
});

test("members who go when subsidies have ended are not told as won", () => {
  assert.equal(deed("drawn members", false, "subsidies"), "wins members");
  assert.equal(deed("drawn members", false, "they ended"), "loses members it had won");
});

test("shops that come back and leases that are renewed are told as sentences", () => {
  assert.equal(deed("come back"), "comes back");
  assert.equal(deed("come back", true), "come back");
  assert.equal(deed("renew lease"), "renews a lease");
});

test("a rule is told in words, reasons as they are", () => {
  assert.equal(why("MatchRival"), "its rule: match rival");
  assert.equal(why("gave up: sales too low for the place"), "gave up: sales too low for the place");
  assert.equal(why(undefined), "");
  assert.equal(why("vacancy", "rent"), "because of empty units");
  assert.equal(why("fully let", "rent 12.5"), "because all units are let");
  assert.equal(why("vacancy", "close"), "vacancy");
});

test("cards are made of the days where nobody can be asked", () => {
  const frames = run(["Rose"], [4], { news: [item(1, "Rose", "close", "rent too high")] });
  const card = basicCard(frames, "store", 0);
  assert.equal(card.title, "Rose");
  assert.deepEqual(card.series[0].dates, ["2013-01"]);
  assert.deepEqual(card.series[0].values, [15]);
  assert.equal(card.end, "closed: rent too high");
  const open = run(["Rose"], [0], { news: [item(1, "Rose", "price", "busy")] });
  assert.equal(basicCard(open, "store", 0).end, undefined); // a price is no end
  assert.equal(basicCard(frames, "circle", 0).title, "Street");
  assert.deepEqual(basicCard(frames, "person", 4).facts, [["Group", "young"]]);
  assert.equal(basicCard(frames, "store", 99).title, "store 99");
});

test("a card of an earlier day says nothing of later ones, of whatever kind and however it is stored", () => {
  const frames = run(["Rose", "Late"], [], { news: [item(0, "Rose", "price", "busy"), item(1, "Rose", "close", "rent too high")] });
  frames.statesAt = (day) => [[0], [4, 0]][day];
  const text = (card) => JSON.stringify(card);
  const then = basicCard(frames, "store", 0, 0);
  assert.equal(then.end, undefined);
  assert.doesNotMatch(text(then), /close|rent too high/);
  assert.match(text(basicCard(frames, "store", 0, 1)), /closed: rent too high/);
  assert.match(text(basicCard(frames, "circle", 0, 0)), /"Shops so far","1"/);
  assert.match(text(basicCard(frames, "circle", 0, 1)), /"Shops so far","2"/);
  const stored = {
    title: "Rose", subtitle: "a shop", end: "Closed on 2013-03-31.", facts: [["State", "closed"]], waterfall: { bars: [["sales", 1]] },
    table: { rows: [["weighed"]] },
    series: [{ label: "Sales", unit: "yuan", dates: ["2013-01", "2013-02", "2013-03"], values: [1, 2, 3] }],
    events: [{ date: "2013-01-31", decision: "price" }, { date: "2013-03-31", decision: "close" }],
  };
  for (const [date, months, told] of [["2013-02-27", 1, 1], ["2013-02-28", 2, 1], ["2013-03-31", 3, 2]]) {
    const card = cardUntil(stored, then, date);
    assert.deepEqual(card.series[0].values, [1, 2, 3].slice(0, months), date);
    assert.equal(card.events.length, told, date);
    assert.ok(!card.end && !card.waterfall && !card.table && card.facts === then.facts);
  }
});

test("a month that runs is not compared with whole ones", () => {
  const frames = (count) => ({
    ...run(["Rose"], [0]),
    count,
    at: (day) => ({
      header: { date: new Date(Date.UTC(2013, 0, 1 + day)).toISOString().slice(0, 10) },
      arrays: { visits: [day], footfall: [day] },
    }),
  });
  const months = (count) => basicCard(frames(count), "store", 0).series[0].dates;
  assert.deepEqual(months(1), ["2013-01"]); // nothing to compare it with
  assert.deepEqual(months(58), ["2013-01"]);
  assert.deepEqual(months(59), ["2013-01", "2013-02"]); // 28 February
  assert.deepEqual(months(60), ["2013-01", "2013-02"]);
});

test("a month on is the same day, or the last that month has", () => {
  assert.equal(monthsOn("2013-01-01", 0, 1), 31);
  assert.equal(monthsOn("2013-01-01", 30, 1), 58); // 31 January, 28 February
  assert.equal(monthsOn("2013-01-01", 31, -1), 0);
});

test("of two runs only what tells them apart is said", () => {
  const levers = [{ key: "r", label: "Rents", unit: "x" }];
  const source = (set, scenario = "a") => ({ levers, frames: run([], []), run: { scenario, set, moves: [[31, "r", 2]] } });
  const [a, b] = runTitles([source({}), source({ r: 3 })]);
  assert.equal(a.text, "without that");
  assert.equal(b.text, "Rents: × 3");
  assert.match(b.title, /Rents: × 2 from 1 Feb 2013/);
  assert.equal(runTitles([source({})])[0].text, "Rents: × 2 from 1 Feb 2013");
  assert.match(runTitles([source({}), source({}, "b")])[0].text, /^Town · Rents/);
});

test("shares differ by points, not by per cent", () => {
  assert.equal(signed(0.006, points), "+0.6 points");
  assert.equal(signed(-0.161, points), "−16.1 points");
  assert.equal(signed(0.0001, points), "=");
});
