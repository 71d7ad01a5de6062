/** What the map says in words: about what is pointed at, and on its buttons. */

import { h, say } from "./dom.js";
import { DEEDS, STATES } from "./map_colours.js";
import { number } from "./text.js";

/**
 * Name and state of something on the map, as a list of texts.
 * @param {Object} map what is shown now: key, stores, circles, people, strip
 * @param {Object} frames
 * @param {{kind: string, id: number}} sel
 * @returns {string[]}
 */
export function describe(map, frames, { kind, id }) {
  if (kind === "store") return aboutStore(map, id);
  if (kind === "circle") return aboutCircle(map, id);
  if (kind === "person") return aboutPerson(map, frames, id);
  return map.strip.describe(id);
}

function aboutStore({ stores, key }, id) {
  const store = stores.stores[id];
  if (!store) return [`Store ${id}`];
  if (id >= stores.count) return [store.name, `opens ${store.opened}`];
  const state = STATES[stores.state[id]];
  const said = store.name.startsWith(store.format) ? [store.name] : [store.name, store.format];
  said.push(state.name);
  const people = Math.round((stores.visits[id] ?? 0) * key.people_each);
  if (state.key !== "closed") said.push(people === 1 ? "1 visitor today" : `${number(people)} visitors today`);
  if (stores.recent[id]) said.push("changed lately");
  return said;
}

function aboutCircle({ circles, key }, id) {
  const c = key.circles[id];
  if (!c) return [`Circle ${id}`];
  if (!circles.open[id]) return [c.name, `${c.units} units, opens ${c.opens}`];
  return [c.name, circles.let ? `${circles.let[id]} of ${c.units} units let` : `${c.units} units`];
}

function aboutPerson({ people, stores, key }, frames, id) {
  const i = people.index(id);
  if (i < 0) return [`Person ${id}`];
  const cohort = key.cohorts?.[frames.key.arrays.cohort?.[i]];
  const code = people.codes[i];
  const store = stores.stores[people.store(i)];
  const did = code ? DEEDS[code >> 14].name : "nothing bought today";
  return [`Person ${id}${cohort ? `, ${cohort}` : ""}`, did, ...(store ? [store.name] : [])];
}

/** The box beside the pointer. */
export class Tip {
  constructor() {
    this.title = h("strong");
    this.text = h("span");
    this.element = h("div", { class: "o2o-map-tip", hidden: true, "aria-hidden": "true" }, this.title, this.text);
  }

  /** @param {string[]} texts the first is the title */
  say([title, ...rest]) {
    say(this.title, title);
    say(this.text, rest.join(" · "));
  }

  /** Beside a pixel, within the map; hidden if there is nothing to say. */
  place(shown, x, y, { width, height }) {
    this.element.hidden = !shown;
    if (!shown) return;
    const w = this.element.offsetWidth;
    const t = this.element.offsetHeight;
    const left = x + 14 + w > width ? Math.max(x - w - 10, 2) : x + 14;
    const top = y + 14 + t > height ? Math.max(y - t - 8, 2) : y + 14;
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

/** A button with a picture drawn by the `d` of a path of 16 by 16. */
export function button(label, d, onclick) {
  const look = { fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round" };
  const icon = h("svg:svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, h("svg:path", { d, ...look }));
  return h("button", { type: "button", title: label, "aria-label": label, onclick }, icon);
}
