import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveSource } from "../src/sources.js";

const RUN = { scenario: "classroom", seed: 1, set: { "levers.rent_x": 2 }, moves: [[9, "levers.rent_x", 3]] };

class Socket {
  constructor() {
    Socket.last = this;
    this.readyState = 0;
    this.sent = [];
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  close(reason = "") {
    this.readyState = 3;
    this.onclose({ reason });
  }

  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  bytes(buffer) {
    this.onmessage({ data: buffer });
  }
}

/** A message as o2o_sim/record/frames.py writes it. */
function message(header, sections = []) {
  const bytes = [];
  const named = sections.map(([name, type, values]) => [name, type, values.length]);
  let head = JSON.stringify({ ...header, sections: named });
  head += " ".repeat((8 - (head.length % 8)) % 8);
  const text = new TextEncoder().encode(head);
  bytes.push(...new TextEncoder().encode("o2o1"), ...new Uint8Array(new Uint32Array([text.length]).buffer), ...text);
  const Kinds = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array, f32: Float32Array };
  for (const [, type, values] of sections) {
    const part = new Uint8Array(Kinds[type].from(values).buffer);
    bytes.push(...part, ...new Array((8 - (part.length % 8)) % 8).fill(0));
  }
  return new Uint8Array(bytes).buffer;
}

const key = (seed = 1, days = 20) =>
  message(
    {
      kind: "key", version: 1, name: "Town", question: "?", seed, start: "2013-01-01", days, currency: "yuan", population: 1,
      residents: 1, people_each: 1, people: 1, grid: { nx: 1, ny: 1, cell_m: 100 }, platforms: [], categories: [], cohorts: ["all"],
      circles: [{ name: "Street", cell: 0, units: 3, opens: null, street: true }],
    },
    [["home", "i32", [0]], ["id", "u32", [0]], ["cohort", "u8", [0]], ["residents", "u8", [1]]],
  );

const frame = (day) =>
  message(
    { kind: "frame", day, date: new Date(Date.UTC(2013, 0, day + 1)).toISOString().slice(0, 10), stores: [], news: [] },
    [["people", "u16", [0]], ["state", "u8", []], ["visits", "u16", []], ["channel_sales", "f32", []], ["footfall", "f32", [0]],
      ["cash", "f32", []], ["members", "f32", []], ["subsidy", "f32", []], ["totals", "f32", [0, 0, 0, 0, 0, 0]]],
  );

function opened() {
  const source = new LiveSource("ws://here", RUN, { Socket, picture: (fn) => fn() });
  const socket = Socket.last;
  socket.open();
  socket.say({ say: "opened", scenario: "classroom", days: 20, levers: [{ key: "levers.rent_x", value: 2 }] });
  socket.bytes(key());
  return { source, socket };
}

test("it opens its run and wants the first days at once", () => {
  const { source, socket } = opened();
  assert.deepEqual(socket.sent[0], { do: "open", ...RUN });
  assert.deepEqual(socket.sent[1], { do: "want", day: 6 });
  assert.equal(source.days, 20);
  assert.equal(source.frames.key.header.name, "Town");
});

test("frames arrive in order, and wants are said once and within the run", () => {
  const { source, socket } = opened();
  const counts = [];
  source.on("frame", (count) => counts.push(count));
  socket.bytes(frame(0));
  socket.bytes(frame(1));
  assert.deepEqual(counts, [1, 2]);
  const before = socket.sent.length;
  source.want(4);
  assert.equal(socket.sent.length, before, "these days are wanted already");
  source.want(1000);
  assert.deepEqual(socket.sent.at(-1), { do: "want", day: 19 });
});

test("where a restored run moves its levers is where they stand", () => {
  const { source } = opened();
  assert.equal(source.levers[0].value, 3);
});

test("moves are remembered; of one lever on one day the last", () => {
  const { source, socket } = opened();
  source.move("levers.rent_x", 4);
  assert.deepEqual(socket.sent.at(-1), { do: "move", key: "levers.rent_x", value: 4 });
  socket.say({ say: "moved", day: 12, key: "levers.rent_x", value: 4 });
  socket.say({ say: "moved", day: 12, key: "levers.rent_x", value: 5 });
  assert.deepEqual(source.run.moves, [[9, "levers.rent_x", 3], [12, "levers.rent_x", 5]]);
  assert.equal(source.levers[0].value, 5);
  assert.deepEqual(RUN.moves, [[9, "levers.rent_x", 3]], "what it was opened with stays");
});

test("answers find those who asked", async () => {
  const { source, socket } = opened();
  const one = source.inspect("store", 3);
  const two = source.inspect("circle", 0);
  const asked = socket.sent.slice(-2).map(({ ask }) => ask);
  socket.say({ say: "error", about: "inspect", ask: asked[1], message: "no such circle", fatal: false });
  socket.say({ say: "inspected", ask: asked[0], card: { title: "Shop" } });
  await assert.rejects(two, /no such circle/);
  assert.equal((await one).title, "Shop");
});

test("a lost connection is told, whoever waits is answered, and what is there stays", async () => {
  const { source, socket } = opened();
  socket.bytes(frame(0));
  const said = [];
  source.on("lost", (message) => said.push(message));
  const waiting = source.inspect("store", 0);
  socket.close();
  await assert.rejects(waiting, /lost/);
  assert.equal(said.length, 1);
  assert.equal(source.frames.count, 1);
  assert.equal((await source.inspect("circle", 0)).title, "Street", "a card of the days themselves");
});

test("a refusal is the reason why it never gets ready", async () => {
  const source = new LiveSource("ws://here", RUN, { Socket, picture: (fn) => fn() });
  Socket.last.open();
  Socket.last.say({ say: "error", about: "open", message: "All places are taken.", fatal: true });
  await assert.rejects(source.ready, /All places are taken/);
  const silent = new LiveSource("ws://here", RUN, { Socket, picture: (fn) => fn() });
  Socket.last.close("Too many are connected.");
  await assert.rejects(silent.ready, /Too many/);
});

test("another run on the same connection forgets what was under way", async () => {
  const { source, socket } = opened();
  socket.bytes(frame(0));
  source.reopen({ ...RUN, moves: [], seed: 7 }, 3);
  assert.equal(source.frames, null);
  socket.bytes(frame(1)); // of the old run
  socket.say({ say: "end", day: 19 });
  assert.equal(source.ended, false);
  socket.say({ say: "opened", scenario: "classroom", days: 20, levers: [] });
  socket.bytes(key(7));
  socket.bytes(frame(0));
  await source.ready;
  assert.equal(source.frames.key.header.seed, 7);
  assert.equal(source.frames.count, 1);
});

test("a run that others begin anew is told", () => {
  const { source, socket } = opened();
  let restarts = 0;
  source.on("restart", () => (restarts += 1));
  socket.bytes(frame(0));
  socket.say({ say: "opened", scenario: "town", days: 20, levers: [] });
  socket.bytes(key(2));
  assert.equal(restarts, 1);
  assert.equal(source.frames.count, 0);
  const shown = [];
  source.on("shown", (said) => shown.push(said.day));
  socket.say({ say: "shown", day: 4, playing: true });
  assert.deepEqual(shown, [4]);
});

/** A source whose pictures are drawn by hand, and a server that makes the days it is asked for. */
function drawn(days) {
  const due = [];
  const source = new LiveSource("ws://here", RUN, { Socket, picture: (fn) => due.push(fn) });
  const socket = Socket.last;
  const counts = [];
  let made = 0;
  source.on("frame", (count) => counts.push(count));
  socket.open();
  socket.say({ say: "opened", scenario: "classroom", days, levers: [] });
  socket.bytes(key(1, days));
  const wanted = () => Math.max(...socket.sent.filter(({ do: what }) => what === "want").map(({ day }) => day));
  return {
    source,
    socket,
    counts,
    wanted,
    work: () => { for (; made <= wanted(); made += 1) socket.bytes(frame(made)); },
    draw: () => { for (const fn of due.splice(0)) fn(); },
    get due() { return due.length; },
  };
}

for (const days of [20, 90, 1000]) {
  test(`of ${days} days that are wanted at once few are under way, and one picture tells of many`, () => {
    const page = drawn(days);
    page.source.want(days - 1);
    let pictures = 0;
    while (page.source.frames.count < days) {
      page.work();
      assert.ok(page.source.frames.count - (page.counts.at(-1) ?? 0) <= 60, "more than a chunk is under way");
      const behind = page.wanted();
      page.work();
      assert.equal(page.wanted(), behind, "nothing more is asked for before it was shown");
      assert.equal(page.due, 1, "one picture, however many days came");
      page.draw();
      pictures += 1;
    }
    assert.equal(page.counts.length, pictures);
    assert.equal(page.counts.at(-1), days);
    assert.ok(pictures <= Math.ceil(days / 30) + 1, `${pictures} pictures`);
  });
}

test("days of a run that was left are told of no more", () => {
  const page = drawn(100);
  page.work();
  page.source.reopen(RUN);
  page.draw();
  assert.deepEqual(page.counts, []);
  page.source.close();
  page.draw();
});

test("the end comes after the days", () => {
  const page = drawn(7);
  const said = [];
  page.source.on("frame", (count) => said.push(count));
  page.source.on("end", () => said.push("end"));
  page.work();
  page.socket.say({ say: "end", day: 6 });
  page.draw();
  assert.deepEqual(said, [7, "end"]);
});

test("how long a day takes is known and told", () => {
  const { source, socket } = opened();
  const told = [];
  source.on("pace", () => told.push(source.daySeconds));
  socket.say({ say: "pace", day_seconds: 0.25 });
  assert.deepEqual(told, [0.25]);
  source.reopen(RUN);
  assert.equal(source.daySeconds, 0);
});
