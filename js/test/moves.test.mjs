import assert from "node:assert/strict";
import { test } from "node:test";

import { Moves, choices } from "../src/moves.js";

test("on the first day a run can be run again from the first day, not only from the second", () => {
  const days = (where) => choices(where).map(({ from, again }) => [from, again]);
  assert.deepEqual(days({ shown: 0, newest: 40, over: false }), [[0, true], [41, false]]);
  assert.deepEqual(days({ shown: 7, newest: 40, over: false }), [[8, true], [41, false]]);
  assert.deepEqual(days({ shown: 7, newest: 40, over: true }), [[8, true], [0, true]]);
  assert.deepEqual(days({ shown: 0, newest: 40, over: true }), [[0, true]]);
  assert.deepEqual(days({ shown: 40, newest: 40, over: true }), [[0, true]]);
});

test("what is chosen is what is opened", () => {
  const source = {
    lost: null, days: 365, levers: [{ key: "levers.rent_x", label: "Rents", unit: "x" }],
    frames: { count: 50, key: { header: { start: "2013-01-01" } } },
    run: { scenario: "town", seed: 1, set: {}, moves: [[20, "levers.rent_x", 3]] },
  };
  const begun = [];
  let asked;
  const app = {
    sources: [source], player: { day: 0, unasked: 5 }, panels: { resetLever() {} },
    notice: { show: (text, { actions }) => (asked = { text, actions }) },
    begin: (runs, { day }) => begun.push([runs[0].set, runs[0].moves, day]),
  };
  new Moves(app).move(0, "levers.rent_x", 2);
  assert.match(asked.text, /^Rents: × 2\. You look at 1 Jan 2013; the run is already at 19 Feb 2013/);
  assert.deepEqual(asked.actions.map(([label]) => label), ["Rerun from 1 Jan 2013", "Act from 20 Feb 2013"]);
  asked.actions[0][1]();
  assert.deepEqual(begun, [[{ "levers.rent_x": 2 }, [], 0]]);
});
