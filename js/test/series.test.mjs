import assert from "node:assert/strict";
import { test } from "node:test";

import { RunSeries, circleLines, shares, stacked, thinned, trailing } from "../src/series.js";

const made = (days, extra = {}) => ({
  key: { start: "2013-01-01" },
  channels: ["walk-in", "parcel"],
  count: days,
  at: (day) => ({
    header: { day },
    arrays: {
      state: Uint8Array.of(0, 1, 4, day > 2 ? 4 : 0),
      channel_sales: day < 5 ? Float32Array.of(80) : Float32Array.of(60, 40),
      footfall: Float32Array.of(day, 2 * day),
      cash: Float32Array.of(100 - day),
      members: Float32Array.of(0.1),
    },
  }),
  ...extra,
});

test("frames are taken up once, and what came late was nothing before", () => {
  const frames = made(4);
  const run = new RunSeries({ frames });
  assert.equal(run.absorb(), true);
  assert.deepEqual(run.states.map((row) => row[3]), [1, 1, 0, 0, 2]);
  frames.count = 8;
  run.absorb();
  assert.equal(run.days, 8);
  assert.deepEqual(run.channels[1], [0, 0, 0, 0, 0, 40, 40, 40]);
  assert.equal(run.footfall[1][7], 14);
});

test("a budget leaves the rest for the next time, and a new run begins anew", () => {
  const source = { frames: made(50) };
  const run = new RunSeries(source);
  assert.equal(run.absorb(-1), false);
  assert.equal(run.days, 1);
  assert.equal(run.absorb(), true);
  source.frames = made(3);
  run.absorb();
  assert.equal(run.days, 3);
  assert.equal(run.cash[0].length, 3);
});

test("means of a week, shares and stacks", () => {
  assert.deepEqual(trailing([7, 7, 1], 2), [7, 7, 4]);
  assert.deepEqual(shares([[1, 0], [3, 0]]), [[0.25, 0], [0.75, 0]]);
  assert.deepEqual(stacked([[1, 2], [3, 4], [5, 6]]), [[1, 2], [4, 6], [9, 12]]);
});

test("long runs are thinned and end where they end", () => {
  const days = thinned(2500);
  assert.ok(days.length <= 1001);
  assert.equal(days[days.length - 1], 2499);
  assert.deepEqual(thinned(3), [0, 1, 2]);
  assert.deepEqual(thinned(0), []);
});

test("many circles: the six largest, the others together, streets last", () => {
  const circles = Array.from({ length: 12 }, (_, k) => ({ name: `c${k}`, units: k, street: k === 3 }));
  const lines = circleLines(circles);
  assert.deepEqual(lines.map((l) => l.label), ["c11", "c10", "c9", "c8", "c7", "c6", "5 other circles", "c3"]);
  assert.equal(lines[6].of.length, 5);
  assert.equal(circleLines(circles.slice(0, 4)).length, 4);
});
