import assert from "node:assert/strict";
import { test } from "node:test";

import { leftOut } from "../src/address.js";
import { readLink, writeLink } from "../src/link.js";

const A = { scenario: "classroom", seed: 1, set: { "levers.rent_x": 1.5 }, moves: [[120, "levers.subsidy_x", 2]] };

test("a link says scenario, seed, levers and day", () => {
  const link = writeLink({ a: A, day: 200 });
  assert.equal(link, "#scenario=classroom&seed=1&set=levers.rent_x:1.5&moves=120:levers.subsidy_x:2&day=200");
  assert.deepEqual(readLink(link), { a: A, b: null, day: 200, lesson: null });
});

test("run B says only what is its own, and is there even if it has nothing of its own", () => {
  const same = writeLink({ a: A, b: { ...A, set: {}, moves: [] } });
  assert.match(same, /&b\.set=$/);
  assert.deepEqual(readLink(same).b, { scenario: "classroom", seed: 1, set: {}, moves: [] });
  const b = { scenario: "town", seed: 4, set: { "levers.rent_x": 0 }, moves: [[0, "levers.logistics_x", 0.1]] };
  assert.deepEqual(readLink(writeLink({ a: A, b })).b, b);
  assert.deepEqual(readLink(writeLink({ a: A, b: A })).b, A);
});

test("names may contain every sign a link gives a meaning", () => {
  const odd = "circles.A&B, \"High: Street\" #1=2%.rent_yuan_m2_month";
  const a = { scenario: "a b/c", seed: null, set: { [odd]: -0.5 }, moves: [[3, odd, 1e-7]] };
  assert.deepEqual(readLink(writeLink({ a })).a, a);
});

test("a program that encodes the separators does no harm", () => {
  const link = "#scenario=classroom&set=levers.rent_x%3A2%2Clevers.subsidy_x%3A3&moves=5%3Alevers.rent_x%3A1";
  assert.deepEqual(readLink(link).a.set, { "levers.rent_x": 2, "levers.subsidy_x": 3 });
  assert.deepEqual(readLink(link).a.moves, [[5, "levers.rent_x", 1]]);
});

test("what makes no sense is left out", () => {
  const said = readLink(
    "#scenario=classroom&seed=-1&set=a,b:,c:x,:3,d:1:2,e:Infinity,__proto__:1,f:2&moves=x:a:1,-1:a:1,2:a,3:g:4,1:g:5&day=1e9",
  );
  assert.deepEqual(said.a, { scenario: "classroom", seed: null, set: { f: 2 }, moves: [[1, "g", 5], [3, "g", 4]] });
  assert.equal(said.day, 0);
  assert.deepEqual(readLink(""), {});
  assert.deepEqual(readLink("#day=3"), {});
  assert.deepEqual(readLink("#scenario=%"), {});
  assert.deepEqual(readLink("#lesson=rents"), { lesson: "rents" });
});

test("the largest seed a scenario may have comes back, a larger one is none", () => {
  const a = { scenario: "classroom", seed: 4_294_967_295, set: {}, moves: [] };
  assert.deepEqual(readLink(writeLink({ a, b: { ...a, seed: 4_000_000_000 } })).a, a);
  assert.equal(readLink(writeLink({ a, b: { ...a, seed: 4_000_000_000 } })).b.seed, 4_000_000_000);
  assert.equal(readLink("#scenario=classroom&seed=4294967296").a.seed, null);
});

test("a thousand moves come back, and more are for the server to refuse rather than cut silently", () => {
  const moves = Array.from({ length: 1000 }, (_, day) => [day, "levers.rent_x", 1 + (day % 3)]);
  const a = { scenario: "classroom", seed: 1, set: {}, moves };
  assert.equal(readLink(writeLink({ a })).a.moves.length, 1000);
  const many = Array.from({ length: 10_000 }, (_, day) => `${day}:levers.rent_x:2`).join(",");
  assert.ok(readLink(`#scenario=classroom&moves=${many}`).a.moves.length > 1000);
});

test("what was left out of a link is told", () => {
  const link = "#scenario=classroom&seed=x&set=levers.rent_x:NaN,levers.subsidy_x:2&moves=abc:levers.rent_x:2&day=soon&b.set=levers.rent_x:";
  const { dropped, a } = readLink(link);
  assert.deepEqual(a.set, { "levers.subsidy_x": 2 });
  assert.deepEqual(dropped, ["seed=x", "set=levers.rent_x:NaN", "moves=abc:levers.rent_x:2", "day=soon", "b.set=levers.rent_x:"]);
  const frames = { key: { header: { start: "2013-01-01" } } };
  const source = (moves) => ({ days: 365, frames, run: { moves } });
  const said = leftOut({ dropped, day: 400 }, [source([]), source([[364, "levers.rent_x", 2], [365, "levers.rent_x", 2]])]);
  assert.match(said, /left out: “seed=x”, “set=levers.rent_x:NaN”, .*, 1 more\./);
  assert.match(said, /a day after the last, 31 Dec 2013/);
  assert.match(said, /1 move of a lever lies after the last day and never acts/);
  assert.equal(leftOut({ day: 364 }, [source([])]), "");
});
