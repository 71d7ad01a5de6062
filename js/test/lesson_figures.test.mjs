import assert from "node:assert/strict";
import { test } from "node:test";

import { amount, figureOf } from "../src/lesson_figures.js";

const run = (cash) => ({
  frames: {
    key: { header: { start: "2013-01-01", currency: "yuan", platforms: [{ name: "bazaar" }, { name: "tuan" }], circles: [{ name: "High Street" }] } },
    stores: [{ name: "tuan shop 1" }],
    at: (day) => ({ arrays: { cash: [0, cash(day)] } }),
  },
  inspect: async (kind, id) => ({
    series: kind === "store"
      ? [{ label: "Sales", dates: ["2013-05"], values: [9e6] }, { label: "Profit", dates: ["2013-04", "2013-05"], values: [null, 564_812] }]
      : [{ label: "Rent level before the lever", dates: ["2013-05"], values: [105.4] }],
    kind, id,
  }), // prettier-ignore
});

test("figures of a lesson are those of the run that is open, of A or of B", async () => {
  const runs = [run((day) => 1000 - day * 150_000), run((day) => 1000 + day)];
  const figure = (what, who, when, letter = "A") => figureOf(runs, { what, who, when, run: letter });
  assert.equal(await figure("cash", "tuan", "2013-10-01"), "−41.0 million yuan");
  assert.equal(await figure("cash", "tuan", "2013-10-01", "B"), "273 yuan");
  assert.equal(await figure("profit", "tuan shop 1", "2013-05"), "565,000 yuan");
  assert.equal(await figure("rent", "High Street", "2013-05"), "105 yuan");
  await assert.rejects(figure("profit", "tuan shop 1", "2013-04"));
  await assert.rejects(figure("profit", "tuan shop 1", "2013-06"));
  await assert.rejects(figureOf([runs[0]], { what: "cash", who: "tuan", when: "2013-01-02", run: "B" }));
});

test("amounts are said as a sentence says them", () => {
  const said = [0, 7, -84.24, 1234, 999_499, 999_600, -1_043_000, 41_234_567].map((x) => amount(x, "yuan"));
  assert.deepEqual(said, [
    "0 yuan", "7 yuan", "−84 yuan", "1,230 yuan", "999,000 yuan", "1.00 million yuan", "−1.04 million yuan", "41.2 million yuan",
  ]); // prettier-ignore
});
