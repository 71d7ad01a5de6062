// Where things stand on the map. Run: node --test js/test/
import assert from "node:assert/strict";
import { test } from "node:test";

import { along, bits, palette, STATES } from "../src/map_colours.js";
import { isOpen } from "../src/map_ground.js";
import { People } from "../src/map_people.js";
import { Places } from "../src/map_places.js";
import { Stores } from "../src/map_stores.js";
import { hash, View } from "../src/map_view.js";

function city(circles, n = 20) {
  return { grid: { nx: n, ny: n, cell_m: 500 }, circles };
}

const mall = (cell, units, more = {}) => ({ name: `mall ${cell}`, cell, units, opens: null, street: false, ...more });
const streets = { name: "streets", cell: -1, units: 50, opens: null, street: true };

function nearest(places) {
  let least = Infinity;
  for (let i = 0; i < places.x.length; i++) {
    for (let j = 0; j < i; j++) {
      least = Math.min(least, Math.hypot(places.x[i] - places.x[j], places.y[i] - places.y[j]));
    }
  }
  return least;
}

test("metres become pixels and back, north is up", () => {
  const view = new View();
  view.setSize(800, 600, 40, 40);
  view.setCity(8000, 8000);
  view.zoomAt(3, 200, 100);
  const [x, y] = view.at(123, 456);
  assert.ok(Math.abs(view.toX(x) - 123) < 1e-6 && Math.abs(view.toY(y) - 456) < 1e-6);
  assert.ok(view.toY(1000) > view.toY(2000));
});

test("zooming leaves the place under the pointer where it is", () => {
  const view = new View();
  view.setSize(800, 600, 0, 0);
  view.setCity(8000, 8000);
  const before = view.at(300, 200);
  view.zoomAt(4, 300, 200);
  const after = view.at(300, 200);
  assert.ok(Math.hypot(before[0] - after[0], before[1] - after[1]) < 1e-6);
});

test("the view stays with the city", () => {
  const view = new View();
  view.setSize(800, 600, 0, 0);
  view.setCity(8000, 8000);
  view.pan(1e9, -1e9);
  view.set({ zoom: 1e9 });
  assert.ok(view.x >= 0 && view.x <= 8000 && view.y >= 0 && view.y <= 8000 && view.zoom <= 60);
  view.set({ x: NaN, y: undefined, zoom: Infinity });
  assert.ok(Number.isFinite(view.x) && Number.isFinite(view.zoom));
});

test("the scale bar is a round length that fits", () => {
  const view = new View();
  view.setSize(800, 600, 0, 0);
  view.setCity(8000, 8000);
  const { px, text } = view.bar(110);
  assert.equal(text, "1 km");
  assert.ok(px <= 110 && Math.abs(px - 1000 * view.scale) < 1e-6);
  view.set({ zoom: 40 });
  assert.equal(view.bar(110).text, "20 m");
});

test("stores of a circle each have a place of their own", () => {
  const places = new Places(city([mall(210, 40)]));
  places.grow(Array.from({ length: 60 }, (_, n) => ({ n, circle: 0, cell: 210 })));
  assert.ok(nearest(places) > places.circles[0].step);
});

test("street shops stand clear of each other and of circles", () => {
  const places = new Places(city([mall(210, 40), streets]));
  places.grow(Array.from({ length: 80 }, (_, n) => ({ n, circle: 1, cell: n % 2 ? 210 : 150 })));
  assert.ok(nearest(places) >= places.apart * 0.999);
  const { x, y, radius } = places.circles[0];
  for (let n = 0; n < 80; n++) assert.ok(Math.hypot(places.x[n] - x, places.y[n] - y) > radius);
});

test("what opens later moves nothing", () => {
  const stores = Array.from({ length: 50 }, (_, n) => ({ n, circle: n % 2, cell: 210 + n }));
  const [slow, fast] = [new Places(city([mall(210, 40), streets])), new Places(city([mall(210, 40), streets]))];
  for (let n = 1; n <= stores.length; n++) slow.grow(stores.slice(0, n));
  fast.grow(stores);
  assert.deepEqual([slow.x, slow.y], [fast.x, fast.y]);
});

test("circles do not run into each other, also two of one cell", () => {
  const places = new Places(city([mall(210, 60), mall(211, 30), mall(210, 5), streets]));
  const [a, b, c] = places.real;
  assert.ok(Math.hypot(a.x - b.x, a.y - b.y) >= a.radius + b.radius);
  assert.ok(Math.hypot(a.x - c.x, a.y - c.y) > 0);
});

test("no circles, one cell, no stores", () => {
  for (const key of [city([], 1), city([streets], 1), city([mall(0, 1)], 1)]) {
    const places = new Places(key);
    places.grow([]);
    const stores = new Stores(places);
    const view = new View();
    view.setCity(places.wide, places.high);
    assert.equal(stores.pick(view, 0, 0, 9), -1);
    assert.equal(stores.nearest(0, 0), -1);
    assert.ok(stores.base(view) > 0);
  }
});

test("a click on a store means that store, and arrows lead to its neighbours", () => {
  const places = new Places(city([mall(210, 20)]));
  const stores = new Stores(places);
  const list = Array.from({ length: 20 }, (_, n) => ({ n, circle: 0, cell: 210 }));
  const arrays = { state: new Uint8Array(20), visits: new Uint16Array(20).fill(3) };
  stores.show({ stores: list, at: () => ({ arrays }), statesAt: () => arrays.state }, 0);
  const view = new View();
  view.setSize(600, 600, 0, 0);
  view.setCity(places.wide, places.high);
  for (let n = 0; n < 20; n++) assert.equal(stores.pick(view, view.toX(places.x[n]), view.toY(places.y[n]), 9), n);
  assert.equal(stores.pick(view, 1, 1, 9), -1);
  const east = stores.next(places.x[0], places.y[0], [1, 0], 0);
  assert.ok(places.x[east] > places.x[0]);
  assert.equal(stores.nearest(places.x[5], places.y[5]), 5);
});

test("what changed lately is known by how long ago", () => {
  const places = new Places(city([mall(210, 4)]));
  const stores = new Stores(places);
  const list = Array.from({ length: 3 }, (_, n) => ({ n, circle: 0, cell: 210 }));
  // Store 0 stays, store 1 closes on day 22, store 2 opens on day 28.
  const statesAt = (day) => Uint8Array.from([0, day >= 22 ? 4 : 0, ...(day >= 28 ? [0] : [])]);
  const frames = { stores: list, at: (day) => ({ arrays: { state: statesAt(day), visits: [1, 1, 1] } }), statesAt };
  stores.show(frames, 30);
  assert.deepEqual([...stores.recent], [0, 2, 1]);
  stores.show(frames, 50);
  assert.deepEqual([...stores.recent], [0, 0, 0]);
});

test("homes are spread within their cell, the same every time", () => {
  const id = Uint32Array.from({ length: 1000 }, (_, i) => i);
  const key = { header: city([mall(210, 4)]), arrays: { id, home: new Int32Array(1000).fill(21) } };
  const people = new People(key, new Places(key.header));
  const again = new People(key, new Places(key.header));
  assert.deepEqual(people.homeX, again.homeX);
  assert.ok(people.homeX.every((x) => x >= 500 && x < 1000) && people.homeY.every((y) => y >= 500 && y < 1000));
  assert.ok(new Set(people.homeX).size > 900);
  const quarter = people.homeX.filter((x) => x < 625).length;
  assert.ok(quarter > 200 && quarter < 300);
});

test("people are at home in the morning and at night, and near the shop in between", () => {
  const key = {
    header: city([mall(210, 4)]),
    arrays: { id: Uint32Array.of(7), home: Int32Array.of(0) },
  };
  const places = new Places(key.header);
  places.grow([{ n: 0, circle: 0, cell: 210 }]);
  const people = new People(key, places);
  people.show(Uint16Array.of(1));
  const view = new View();
  view.setSize(600, 600, 0, 0);
  view.setCity(places.wide, places.high);
  const home = [view.toX(people.homeX[0]), view.toY(people.homeY[0])];
  const shop = [view.toX(places.x[0]), view.toY(places.y[0])];
  let least = Infinity;
  for (let k = 0; k <= 100; k++) {
    people.phase = k / 100;
    const [x, y] = people.position(0, view, 6);
    if (k === 0 || k === 100) assert.ok(Math.hypot(x - home[0], y - home[1]) < 1);
    least = Math.min(least, Math.hypot(x - shop[0], y - shop[1]));
  }
  assert.ok(least < 13);
});

test("something opens on its date", () => {
  assert.ok(isOpen(null, "2013-01-01") && isOpen("2013-01-01", "2013-01-01"));
  assert.ok(!isOpen("2013-07-01", "2013-06-30"));
});

test("every state has a colour and a shape of its own", () => {
  assert.equal(new Set(STATES.map((s) => s.colour)).size, 5);
  assert.equal(new Set(STATES.map((s) => s.shape)).size, 5);
});

test("ramps go one way in lightness, away from the paper", () => {
  const light = ([r, g, b]) => 0.2126 * r ** 2.2 + 0.7152 * g ** 2.2 + 0.0722 * b ** 2.2;
  for (const [name, sign] of [["light", -1], ["dark", 1]]) {
    for (const ramp of [palette(name).population, palette(name).sales]) {
      for (let k = 1; k <= 20; k++) {
        assert.ok(sign * (light(along(ramp, k / 20)) - light(along(ramp, (k - 1) / 20))) > 0);
      }
    }
  }
});

test("colours are packed as the pixels of a picture are", () => {
  const pixels = new Uint32Array([bits([1, 2, 3, 4])]);
  assert.deepEqual([...new Uint8Array(pixels.buffer)], [1, 2, 3, 4]);
  assert.ok(hash(1, 2) >= 0 && hash(1, 2) < 1 && hash(1, 2) !== hash(1, 3));
});
