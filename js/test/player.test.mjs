import assert from "node:assert/strict";
import { test } from "node:test";

import { Player, SPEEDS } from "../src/player.js";
import { Emitter } from "../src/sources.js";
import { monthTicks } from "../src/timebar.js";

/** A run that makes the days it is asked for when `work` is called. */
class Made extends Emitter {
  constructor(days = 100) {
    super();
    this.days = days;
    this.wanted = -1;
    this.lost = null;
    this.frames = { count: 0, key: { header: { start: "2013-01-01" } } };
  }

  want(day) {
    this.wanted = Math.max(this.wanted, Math.min(day, this.days - 1));
  }

  work(most = Infinity) {
    for (let n = 0; this.frames.count <= this.wanted && n < most; n += 1) {
      this.frames.count += 1;
      this.emit("frame", this.frames.count);
    }
  }
}

/** A clock that is wound by hand. */
function handClock() {
  let due = null;
  const clock = {
    t: 0,
    now: () => clock.t,
    next: (fn) => {
      due = fn;
      return 1;
    },
    cancel: () => (due = null),
    tick(ms) {
      clock.t += ms;
      const fn = due;
      due = null;
      fn?.();
    },
    run(seconds, between = () => {}) {
      for (let k = 0; k < Math.round(seconds * 50) && due; k += 1) {
        clock.tick(20);
        between();
      }
    },
  };
  return clock;
}

function playing(days = 100, ...others) {
  const clock = handClock();
  const source = new Made(days);
  const player = new Player([source, ...others], { clock });
  const shown = [];
  player.onshow = (day, phase) => shown.push([day, phase]);
  source.work();
  for (const other of others) other.work();
  return { clock, source, player, shown };
}

test("the first day is shown when it comes, and few are made ahead", () => {
  const { player, source, shown } = playing();
  assert.deepEqual(shown, [[0, 0.5]]);
  assert.equal(player.day, 0);
  assert.ok(source.wanted >= 4 && source.wanted <= 6, `${source.wanted}`);
});

test("it plays days at its speed, walks through each, and asks for more in time", () => {
  const { clock, source, player, shown } = playing();
  player.speed = 2;
  player.play();
  clock.run(5, () => source.work());
  assert.ok(player.day >= 9 && player.day <= 11, `${player.day}`);
  assert.ok(shown.some(([, phase]) => phase > 0.05 && phase < 0.4));
  assert.ok(source.wanted <= player.day + 6, "no more than a few days ahead, or levers act late");
});

test("fast play does not walk, and wants more ahead", () => {
  const { clock, source, player, shown } = playing(365);
  player.speed = 60;
  player.play();
  shown.length = 0;
  clock.run(2, () => source.work());
  assert.ok(player.day > 100);
  assert.ok(shown.every(([, phase]) => phase === 0.5));
  assert.ok(source.wanted - player.day >= 50 && source.wanted - player.day <= 60);
});

test("a screen that draws as often as days are due shows one more day in each picture", () => {
  const { clock, source, player, shown } = playing(365);
  player.speed = 60;
  player.play();
  clock.run(1); // it waits for days ...
  source.work();
  clock.tick(5);
  source.work();
  shown.length = 0;
  let before = player.day;
  const steps = [];
  for (let k = 0; k < 120; k += 1) {
    // ... and then the clocks tremble: 60 a second in all
    clock.tick(k % 2 ? 1000 / 60 + 7 : 1000 / 60 - 7);
    steps.push(player.day - before);
    before = player.day;
    source.work();
  }
  assert.deepEqual(steps.filter((n) => n !== 1), []);
  assert.equal(shown.length, 120);
});

test("fast play keeps its speed on any screen", () => {
  for (const hertz of [20, 50, 75, 144]) {
    const { clock, source, player } = playing(2000);
    player.speed = 60;
    player.play();
    for (let k = 0; k < 10 * hertz; k += 1) {
      clock.tick(1000 / hertz);
      source.work();
    }
    assert.ok(Math.abs(player.day - 600) < 8, `${hertz} pictures a second: day ${player.day}`);
  }
});

test("it waits for days that are slow to come, and goes on when they are there", () => {
  const { clock, source, player } = playing();
  player.speed = 30;
  player.play();
  clock.run(3); // nothing is made
  assert.equal(player.day, player.newest);
  assert.ok(player.waiting);
  source.work(3);
  clock.run(1);
  assert.equal(player.day, player.newest);
  assert.ok(player.playing);
});

test("it stops on the last day, and plays once more from the first", () => {
  const { clock, source, player } = playing(10);
  player.speed = 10;
  player.play();
  clock.run(3, () => source.work());
  assert.equal(player.day, 9);
  assert.equal(player.playing, false);
  player.play();
  assert.equal(player.day, 0);
});

test("a day that is not made yet is made, and shown when it is there", () => {
  const { source, player, shown } = playing();
  player.seek(50);
  assert.equal(player.target, 50);
  assert.ok(source.wanted >= 50);
  assert.ok(player.waiting);
  source.work(20);
  assert.ok(player.day < 50);
  source.work();
  assert.equal(player.day, 50);
  assert.equal(player.target, null);
  assert.deepEqual(shown.at(-1), [50, 0.5]);
  assert.ok(!player.waiting);
  player.seek(3);
  assert.equal(player.day, 3);
  assert.equal(player.target, null);
});

test("seeking stays within the run", () => {
  const { source, player } = playing(20);
  player.seek(1000);
  source.work();
  assert.equal(player.day, 19);
  player.seek(-5);
  assert.equal(player.day, 0);
  player.step(2);
  assert.equal(player.day, 2);
});

test("playing to a day pauses there", () => {
  const { clock, source, player } = playing();
  player.speed = 10;
  player.playTo(12);
  clock.run(5, () => source.work());
  assert.equal(player.day, 12);
  assert.equal(player.playing, false);
  player.playTo(4);
  assert.equal(player.day, 4);
});

test("of two runs the slower counts, and both are asked", () => {
  const slow = new Made(30);
  const { source, player } = playing(40, slow);
  assert.equal(player.last, 29);
  player.seek(20);
  source.work();
  assert.ok(player.day < 20);
  assert.ok(slow.wanted >= 20);
  slow.work();
  assert.equal(player.day, 20);
});

test("other sources keep the day, made anew if need be", () => {
  const { source, player } = playing();
  player.seek(30);
  source.work();
  const again = new Made();
  player.setSources([again]);
  again.work(1);
  assert.equal(player.target, 30);
  again.work();
  assert.equal(player.day, 30);
});

test("a pause forgets where it was going", () => {
  const { source, player } = playing();
  player.seek(50);
  player.pause();
  source.work();
  assert.equal(player.target, null);
  assert.ok(player.day < 50);
});

test("months are marked, and named as far as there is room", () => {
  const year = monthTicks("2013-01-01", 365);
  assert.equal(year.length, 12);
  assert.deepEqual(year[0], { day: 0, label: "Jan 2013" });
  assert.deepEqual(year[1], { day: 31, label: "Feb" });
  const three = monthTicks("2013-01-01", 1096);
  assert.deepEqual(three.filter(({ label }) => label).map(({ label }) => label)[0], "Jan 2013");
  assert.ok(three.filter(({ label }) => label).length <= 13);
  assert.deepEqual(monthTicks("2013-12-15", 40), [{ day: 17, label: "Jan 2014" }]);
  assert.deepEqual(monthTicks("2013-01-02", 10), []);
});

test("a lever moved while paused far behind the newest day asks, at whatever speed", () => {
  const player = new Player([new Made()], { clock: handClock() });
  player.speed = 60;
  assert.ok(player.unasked < 30);
  player.play();
  assert.ok(player.unasked >= 60);
  player.pause();
  player.speed = 2;
  assert.ok(player.unasked >= player.ahead);
});

test("another city on its first day is not simulated up to the day the old one was at", () => {
  const old = new Made(400);
  const player = new Player([old], { clock: handClock() });
  player.seek(300);
  old.work();
  player.setSources([]);
  const next = new Made(400);
  next.frames.count = 1;
  player.setSources([next], 0);
  player.seek(0);
  assert.ok(next.wanted <= player.ahead, `wanted ${next.wanted}`);
});

for (const [daySeconds, offered, of] of [
  [0, SPEEDS, "an unknown city"],
  [0.001, SPEEDS, "a small town"],
  [1 / 58, SPEEDS, "one that all but keeps 60 a second"],
  [0.05, [0.5, 1, 2, 5, 10], "a city"],
  [0.3, [0.5, 1, 2], "a large city"],
  [5, [0.5], "one that keeps no speed"],
]) {
  test(`${of} is offered the speeds it keeps`, () => {
    const { source, player, clock } = playing(1000);
    player.speed = 60;
    source.daySeconds = daySeconds;
    source.emit("pace");
    assert.deepEqual(player.offered, offered);
    assert.equal(player.speed, offered.at(-1));
    player.play();
    clock.run(2, () => source.work());
    assert.ok(player.day <= 2 * offered.at(-1) + 2, `day ${player.day}`);
    assert.ok(player.ahead <= Math.max(5, offered.at(-1)));
    source.ended = true;
    assert.equal(player.speed, 60, "all days are there");
  });
}

test("of two maps the slower one says which speeds are offered", () => {
  const slow = new Made();
  const { player } = playing(100, slow);
  slow.daySeconds = 0.15;
  assert.deepEqual(player.offered, [0.5, 1, 2, 5]);
  slow.lost = "gone";
  assert.deepEqual(player.offered, SPEEDS, "no more days of it will come");
});

test("two maps in fast forward are drawn once for the days that both have", () => {
  const other = new Made();
  const { source, player, shown } = playing(100, other);
  player.seek(80);
  shown.length = 0;
  for (const one of [source, other]) one.frames.count = 40; // both have taken up days since the last picture
  for (const one of [source, other]) one.emit("frame", 40);
  assert.deepEqual(shown, [[39, 0.5]]);
});
