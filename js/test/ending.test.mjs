import assert from "node:assert/strict";
import { test } from "node:test";

import { csv, fileName } from "../src/downloads.js";
import { causes, changes, differences, fates, outcomeRows, span } from "../src/ending.js";

const item = (day, who, decision, reason = "") => ({ day, date: `2013-01-${String(day + 1).padStart(2, "0")}`, kind: "store", who, decision, reason });

/** A run of 56 days: footfall moves from the mall to the street, a third shop opens, one closes, one goes online too. */
function run({ mall = (day) => (day < 28 ? 100 : 50), news = [], states } = {}) {
  const names = ["Rose", "=Tulip", "Late"];
  const told = news.length ? news : [item(3, "Rose", "price", "busy"), item(10, "=Tulip", "adopt social"), item(20, "Rose", "close", "rent too high")];
  return {
    key: { header: { circles: [{ name: "Mall" }, { name: "Street" }], platforms: [{ name: "tuan" }], currency: "yuan", start: "2013-01-01" } },
    channels: ["walk-in", "", "without", "parcel"],
    stores: names.map((name, n) => ({ n, name, circle: n % 2, category: "food", format: "shop", opened: n < 2 ? "2013-01-01" : "2013-01-06" })),
    count: 56,
    statesAt: (day) => states ?? [day < 20 ? 0 : 4, day < 10 ? 0 : 1, ...(day < 5 ? [] : [0])],
    newsUpTo: (day) => told.filter((one) => one.day <= day),
    at: (day) => ({
      header: { date: "" },
      arrays: { totals: [1000, 0, 0, 0.1, 0, 0.2], footfall: [mall(day), 900], members: [0.1 + day / 1000], channel_sales: [80, 0, 0, 20] },
    }),
  };
}

test("what became of the shops and why is told as of the day shown", () => {
  const frames = run();
  const now = (day) => fates(frames, day).map((row) => row.now);
  assert.deepEqual(now(0), [2, 0, 0, 0, 0]);
  assert.deepEqual(now(15), [2, 1, 0, 0, 0]);
  assert.deepEqual(now(55), [1, 1, 0, 0, 1]);
  assert.deepEqual(causes(frames, 5), []);
  assert.deepEqual(causes(frames, 15), [{ state: 1, count: 1, reasons: [{ reason: "by social", count: 1 }] }]);
  assert.deepEqual(causes(frames, 55)[0], { state: 4, count: 1, reasons: [{ reason: "rent too high", count: 1 }] });
  assert.equal(causes(run({ states: [1, 0, 0], news: [item(3, "Late", "open")] }), 9)[0].reasons[0].reason, "from the beginning");
});

test("the largest changes come first, and of what is tiny none", () => {
  assert.deepEqual([span(0), span(9), span(55), span(999)], [1, 5, 28, 28]);
  const [first, second] = changes(run(), 55);
  assert.deepEqual([first.label, first.from, first.to, first.by], ["Visitors a day, Mall", "100", "50", "−50 %"]);
  assert.equal(second.label, "Members of tuan");
  assert.equal(changes(run({ mall: (day) => (day < 28 ? 0 : 70) }), 55)[0].by, "new");
  assert.equal(changes(run({ mall: (day) => (day < 28 ? 70 : 0) }), 55)[0].by, "gone");
  assert.ok(!changes(run({ mall: (day) => (day < 28 ? 1 : 4) }), 55).some(({ label }) => label.endsWith("Mall")));
  const [apart, ...others] = differences(run(), run({ mall: () => 100 }), 55);
  assert.deepEqual([apart.label, apart.from, apart.to, others], ["Visitors a day, Mall", "50", "100", []]);
});

test("tables for spreadsheets hold no formulas and the shops of the day only", () => {
  const rows = outcomeRows([{ name: "A", frames: run() }], 55);
  assert.deepEqual(rows[0], ["store", "name", "category", "format", "circle", "outcome", "reason", "opened", "changed"]);
  assert.deepEqual(rows[1].slice(5), ["closed", "rent too high", "2013-01-01", "2013-01-21"]);
  assert.deepEqual(rows[2].slice(5), ["integrated", "", "2013-01-01", "2013-01-11"]);
  assert.equal(outcomeRows([{ name: "A", frames: run() }], 4).length, 3);
  assert.equal(outcomeRows([{ name: "A", frames: run() }, { name: "B", frames: run() }], 55)[6][0], "B");
  assert.match(csv(rows), /\n1,'=Tulip,food/);
  for (const evil of ["=1+1", "+1+1", "-x", "@SUM(A1)", "\t=1", "\r=1"]) assert.match(csv([[evil]]), /^"?'/, JSON.stringify(evil));
  assert.equal(csv([[-1.5, 'a "b"', "x,y", "1\n2", undefined]]), '-1.5,"a ""b""","x,y","1\n2",\n');
});

test("names of files are plain, whatever runs are called", () => {
  assert.equal(fileName("../../Café <b> seed 1", "csv"), "Cafe-b-seed-1.csv");
  assert.equal(fileName("日本", "png"), "run.png");
  assert.ok(fileName("x".repeat(500), "html").length < 70);
});
