import assert from "node:assert/strict";
import { test } from "node:test";

import { monthsOn } from "../src/keys.js";
import * as t from "../src/text.js";
import { dayWords } from "../src/timebar.js";

test("numbers are grouped and keep three figures", () => {
  assert.equal(t.number(12345), "12,345");
  assert.equal(t.number(1234567.8), "1,234,568");
  assert.equal(t.number(0.25), "0.25");
  assert.equal(t.number(12.34), "12.3");
  assert.equal(t.number(-1200), "−1,200");
  assert.equal(t.number(-0.001), "0");
  assert.equal(t.number(999.999), "1,000");
  assert.equal(t.number(2, 1), "2.0");
  assert.equal(t.number(100), "100");
  assert.equal(t.number(NaN), "–");
});

test("short numbers change their word at the round figure", () => {
  assert.equal(t.short(0), "0");
  assert.equal(t.short(1234), "1,234");
  assert.equal(t.short(9_999.4), "9,999");
  assert.equal(t.short(12_345), "12.3 k");
  assert.equal(t.short(999_700), "1 M");
  assert.equal(t.short(1_234_567), "1.2 M");
  assert.equal(t.short(-250_000_000), "−250 M");
  assert.equal(t.short(3_400_000_000), "3.4 bn");
});

test("money, percentages and factors", () => {
  assert.equal(t.money(1_200_000), "1.2 M yuan");
  assert.equal(t.money(50, "pounds"), "50 pounds");
  assert.equal(t.percent(0.123), "12 %");
  assert.equal(t.percent(0.0123), "1.2 %");
  assert.equal(t.percent(0), "0 %");
  assert.equal(t.percent(undefined), "–");
  assert.equal(t.quantity(1.5, "x"), "× 1.5");
  assert.equal(t.quantity(0.5, "share"), "50 %");
  assert.equal(t.count(1, "shop"), "1 shop");
  assert.equal(t.count(2000, "person", "people"), "2,000 people");
});

test("dates go both ways over leap days and refuse what is none", () => {
  assert.equal(t.isoDay("2012-02-28", 1), "2012-02-29");
  assert.equal(t.isoDay("2013-01-01", 364), "2013-12-31");
  assert.equal(t.dayOf("2013-01-01", "2014-01-01"), 365);
  assert.equal(t.dayText("2013-01-01", 94), "5 Apr 2013");
  assert.equal(t.dateText("2013-04"), "Apr 2013");
  assert.ok(Number.isNaN(t.dayOf("2013-01-01", "2013-02-30")));
  assert.equal(t.isoDay("soon", 3), "");
});

test("names are cut by signs, not by halves of signs", () => {
  assert.equal(t.clip("a shop with a rather long name", 10), "a shop wi…");
  assert.equal(t.clip("🏬🏬🏬", 3), "🏬🏬🏬");
  assert.equal(t.listed(["a", "b", "c"]), "a, b and c");
});

test("dates do not shift with the clock of the machine", () => {
  const before = process.env.TZ;
  try {
    for (const zone of ["America/Los_Angeles", "Asia/Shanghai", "Pacific/Kiritimati", "Europe/London"]) {
      process.env.TZ = zone;
      assert.equal(t.isoDay("2013-12-31", 1), "2014-01-01");
      assert.equal(t.isoDay("2013-03-09", 2), "2013-03-11"); // a day of 23 hours in between
      assert.equal(t.isoDay("2015-12-31", 366), "2016-12-31");
      assert.equal(t.dayOf("2012-02-28", "2013-02-28"), 366);
      assert.equal(t.dayText("2012-01-01", 59), "29 Feb 2012");
      assert.equal(dayWords("2013-01-01", 0), "Tue 1 Jan 2013");
      assert.equal(monthsOn("2012-01-31", 0, 1), 29); // 29 February
      assert.equal(monthsOn("2012-12-31", 0, 2), 59); // 28 February of the next year
      assert.equal(monthsOn("2013-01-15", 0, -1), -31);
    }
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});
