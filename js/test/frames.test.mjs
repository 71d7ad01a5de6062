// What Python wrote is what JavaScript reads: the stored replay of the tiny city, and recordings that are none.
//   node --test js/test/

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";

import { Frames, decode, logValue, unpack } from "../src/frames.js";

const baselines = new URL("../../tests/baselines/", import.meta.url);
const file = await readFile(new URL("tiny.o2o", baselines));
const wanted = JSON.parse(await readFile(new URL("tiny_frames.json", baselines), "utf8"));
const SIZES = { u8: 1, u16: 2, u32: 4, i32: 4, f32: 4 };

const digest = (array) =>
  createHash("sha256").update(Buffer.from(array.buffer, array.byteOffset, array.byteLength)).digest("hex");

/** As the stored figures tell of it: long arrays by digest, short ones number by number. */
function plain(arrays) {
  const entries = Object.entries(arrays);
  return Object.fromEntries(entries.map(([name, a]) => [name, a.length > 300 ? digest(a) : Array.from(a)]));
}

/** A message; `sections` are [name, type, values]. `over` stands in for parts of the header. */
function message(header, sections = [], over = {}) {
  const named = sections.map(([name, type, values]) => [name, type, values.length]);
  return written(JSON.stringify({ ...header, sections: named, ...over }), sections);
}

function written(head, sections = []) {
  head += " ".repeat((8 - (Buffer.byteLength(head) % 8)) % 8);
  const parts = [Buffer.from("o2o1"), Buffer.alloc(4), Buffer.from(head)];
  parts[1].writeUInt32LE(Buffer.byteLength(head));
  for (const [, type, values] of sections) {
    const kinds = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f32: Float32Array };
    parts.push(Buffer.from(kinds[type].from(values).buffer));
    parts.push(Buffer.alloc((8 - ((values.length * SIZES[type]) % 8)) % 8));
  }
  return Buffer.concat(parts);
}

/** Every frame of the stored replay once more as a message of its own. */
async function messages() {
  const replay = await unpack(file);
  return Array.from({ length: replay.count }, (_, day) => {
    const { header, arrays } = replay.at(day);
    return message(header, header.sections.map(([name, type]) => [name, type, arrays[name]]));
  });
}

const keyMessage = () => inflateSync(decode(file).arrays.key);

function check(frames) {
  assert.equal(frames.count, wanted.sha256.frames.length);
  assert.deepEqual({ ...frames.key.header, ...plain(frames.key.arrays) }, wanted.key);
  assert.deepEqual(frames.stores, wanted.stores);
  assert.deepEqual(frames.channels, wanted.channels);
  for (const [day, figures] of Object.entries(wanted.days)) {
    const { header, arrays } = frames.at(Number(day));
    assert.deepEqual({ date: header.date, ...plain(arrays) }, figures);
  }
  for (const [name, sums] of Object.entries(wanted.sums)) {
    const found = sums.map((_, day) => frames.at(day).arrays[name].reduce((a, b) => a + b, 0));
    assert.deepEqual(found, sums);
  }
  const news = frames.newsUpTo(frames.count - 1).map(({ date, ...rest }) => rest);
  assert.deepEqual(news, wanted.news);
}

test("the stored replay is what Python says it is", async () => check(await unpack(file)));

test("a replay may lie anywhere in a buffer, and in a buffer of its own", async () => {
  const moved = new Uint8Array(file.length + 3).fill(7);
  moved.set(file, 3);
  check(await unpack(moved.subarray(3)));
  check(await unpack(new Uint8Array(file).buffer));
});

test("frames that come one by one are the same run", async () => {
  const all = await messages();
  const frames = new Frames(keyMessage());
  all.forEach((m) => frames.push(m));
  check(frames);
  const other = new Frames();
  other.push(keyMessage());
  all.forEach((m) => other.push(new Uint8Array(m).buffer));
  check(other);
});

test("asking for a day in any order, or twice, gives the same", async () => {
  const frames = await unpack(file);
  const once = Array.from(frames.at(40).arrays.people);
  for (let day = frames.count - 1; day >= 0; day -= 1) frames.at(day).arrays.totals;
  assert.deepEqual(Array.from(frames.at(40).arrays.people), once);
  assert.equal(frames.at(40), frames.at(40));
  for (const none of [-1, frames.count, 0.5, undefined]) assert.equal(frames.at(none), null);
  assert.equal(frames.statesAt(frames.count), null);
});

test("sales stay on the map until they are drawn again, and news until the end", async () => {
  const frames = await unpack(file);
  assert.deepEqual(wanted["heat drawn"].slice(0, 3), [0, 6, 13]);
  assert.deepEqual(frames.heatAt(5), frames.at(0).arrays.heat);
  assert.deepEqual(frames.heatAt(12), frames.at(6).arrays.heat);
  assert.equal(frames.heatAt(-1), null);
  const first = wanted.news[0].day;
  assert.deepEqual(frames.newsUpTo(first - 1), []);
  assert.equal(frames.newsUpTo(first)[0].decision, wanted.news[0].decision);
  assert.equal(frames.newsUpTo(10 ** 6).length, wanted.news.length);
});

test("log codes are eighths of doublings", () => {
  assert.deepEqual([0, 1, 9, 17, 249].map(logValue), [0, 1, 2, 4, 2 ** 31]);
});

test("any text can be a name", () => {
  for (const name of ["<script>alert(1)</script>", "🏪", "__proto__", "", "名".repeat(10 ** 5), "\ud800"]) {
    const store = { n: 0, name, circle: 0, cell: 0 };
    const frames = new Frames(message(...smallKey()));
    frames.push(message(...smallFrame({ stores: [store] })));
    assert.equal(frames.stores[0].name, name);
  }
});

// -- what is refused ---------------------------------------------------------------------------------------
function smallKey(over = {}, home = [0, 3]) {
  const header = {
    kind: "key", version: 1, people: 2, grid: { nx: 2, ny: 2, cell_m: 250 }, circles: [{ name: "a" }],
    platforms: [], categories: [], cohorts: [], ...over,
  };
  return [header, [["home", "i32", home], ["id", "u32", [0, 1]], ["cohort", "u8", [0, 0]], ["residents", "u8", [0, 0, 0, 0]]]];
}

function smallFrame(over = {}, sizes = {}) {
  const header = { kind: "frame", day: 0, date: "2013-01-01", stores: [{ n: 0, name: "x", circle: 0, cell: 3 }], news: [], ...over };
  const size = { people: 2, state: 1, visits: 1, footfall: 1, totals: 6, ...sizes };
  const types = { people: "u16", state: "u8", visits: "u16", heat: "u8", footfall: "f32", totals: "f32" };
  return [header, Object.entries(size).map(([name, n]) => [name, types[name], new Array(n).fill(0)])];
}

const refused = (found, what) => assert.throws(found, (fault) => fault instanceof Error && what.test(fault.message));

test("foreign and damaged messages are refused with a sentence", () => {
  refused(() => decode(Buffer.from("")), /is cut off/);
  refused(() => decode(Buffer.from("<!doctype html>")), /not one of o2o_sim/);
  for (const cut of [7, 20, file.length - 1]) refused(() => decode(file.subarray(0, cut)), /cut off|cannot be read/);
  refused(() => decode(Buffer.concat([file, Buffer.alloc(8)])), /goes on after its end/);
  const absurd = Buffer.from(file);
  absurd.writeUInt32LE(0xfffffff8, 4);
  refused(() => decode(absurd), /cut off/);
  for (const head of ["[1]", "null", "{", "3", ""]) refused(() => decode(written(head)), /header that cannot be read/);
  const sections = [[["a", "u8"]], [["a", "f64", 1]], [["a", "u8", -1]], [["a", "u8", 0.5]], [["a", "u8", true]], "x", null];
  sections.push([["a", "u8", 0], ["a", "u8", 0]], [["a", "toString", 1]], [[1, "u8", 0]]);
  for (const s of sections) refused(() => decode(message({}, [], { sections: s })), /section that cannot be read/);
  refused(() => decode(message({}, [], { sections: [["a", "f32", 2 ** 51]] })), /cut off/);
});

test("keys and frames that would lead a reader astray are refused", () => {
  const key = (...how) => new Frames(message(...smallKey(...how)));
  refused(() => key({ kind: "frame" }), /key/);
  refused(() => key({ version: 2 }), /another version/);
  refused(() => key({ grid: { nx: 3, ny: 2, cell_m: 250 } }), /map/);
  refused(() => key({ grid: { nx: 1e9, ny: 1e9, cell_m: 250 } }), /map/);
  refused(() => key({ people: 3 }), /key/);
  refused(() => key({ circles: {} }), /key/);
  refused(() => key({}, [0, 4]), /off its map/);
  const frame = (...how) => key().push(message(...smallFrame(...how)));
  frame();
  frame({}, { heat: 4 });
  refused(() => frame({ kind: "key" }), /day/);
  refused(() => frame({ day: "1" }), /day/);
  refused(() => frame({ news: 3 }), /header/);
  refused(() => frame({ stores: [{ n: 1, name: "x", circle: 0, cell: 0 }] }), /store/);
  refused(() => frame({ stores: [{ n: 0, name: "x", circle: 1, cell: 0 }] }), /store/);
  refused(() => frame({ stores: [{ n: 0, name: "x", circle: 0, cell: 4 }] }), /store/);
  refused(() => frame({ stores: [null] }), /store/);
  refused(() => frame({}, { people: 3 }), /people/);
  refused(() => frame({}, { state: 2 }), /state/);
  refused(() => frame({}, { heat: 5 }), /heat/);
  const two = key();
  two.push(message(...smallFrame()));
  refused(() => two.push(message(...smallFrame({ day: 2, stores: [] }))), /jumps to day 2/);
  assert.equal(two.count, 1);
});

test("replays that are damaged or claim too much are refused before they are unpacked", async () => {
  const { header, arrays } = decode(file);
  const repacked = (over = {}, other = {}) => {
    const named = header.sections.map(([name]) => [name, "u8", other[name] ?? arrays[name]]);
    return message({ ...header, ...over }, named);
  };
  const no = (bytes, what) => assert.rejects(unpack(bytes), (fault) => what.test(fault.message));
  check(await unpack(repacked()));
  const [[days, heads, columns]] = header.blocks;
  await no(repacked({ kind: "key" }), /no replay/);
  await no(repacked({ version: 9 }), /another version/);
  await no(repacked({ key: 2 ** 40 }), /more than a replay may/);
  await no(repacked({ key: header.key * 10 ** 4 }), /more than a replay may/);
  await no(repacked({ blocks: [[10 ** 6, heads, columns]] }), /more than a replay may/);
  await no(repacked({ blocks: [[days, heads, 2 ** 29]] }), /more than a replay may/);
  await no(repacked({ blocks: [[days, heads]] }), /cannot be read/);
  await no(repacked({ blocks: 3 }), /cannot be read/);
  await no(repacked({ key: -1 }), /cannot be read/);
  await no(repacked({ blocks: [] }), /other sections/);
  await no(repacked({ key: header.key - 1 }), /damaged/);
  await no(repacked({ key: header.key + 1 }), /damaged/);
  await no(repacked({ blocks: [[days - 1, heads, columns]] }), /goes on/);
  await no(repacked({ blocks: [[days + 1, heads, columns]] }), /cut off/);
  const bomb = deflateSync(Buffer.alloc(1 << 26));
  await no(repacked({ blocks: [[days, heads, 1000]] }, { "columns 0": bomb }), /damaged/);
  await no(repacked({ blocks: [[days, heads, columns]] }, { "columns 0": bomb }), /damaged/);
  const flipped = Buffer.from(file);
  flipped[flipped.length >> 1] ^= 255;
  await no(flipped, /damaged|columns/);
  const short = deflateSync(inflateSync(arrays["columns 0"]).subarray(8));
  await no(repacked({ blocks: [[days, heads, columns - 8]] }, { "columns 0": short }), /do not fit/);
});
