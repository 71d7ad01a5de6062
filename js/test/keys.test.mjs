import assert from "node:assert/strict";
import { test } from "node:test";

import { means } from "../src/keys.js";
import { roomBeside } from "../src/runview.js";

const at = (...fits) => ({ closest: (selector) => (fits.includes(selector) ? {} : null) });
const press = (key, target, shiftKey = false) => means({ key, shiftKey, target });

test("a click on the time bar does not take the space bar and the months away", () => {
  const bar = at("input[type=range]", ".o2o-slider");
  assert.equal(press(" ", bar), true);
  assert.equal(press("ArrowLeft", bar, true), true);
  assert.equal(press("ArrowLeft", bar), false); // the slider itself goes a day
  assert.equal(press("End", bar), false);
  const lever = at("input[type=range]");
  assert.equal(press(" ", lever), true);
  assert.equal(press("ArrowLeft", lever, true), false);
  assert.equal(press(" ", at()), false); // a text field
});

test("a city wider than high leaves less room beside it", () => {
  assert.ok(roomBeside(870, 540, 40, 40) > 300);
  assert.ok(roomBeside(870, 540, 57, 45) < 300);
});
