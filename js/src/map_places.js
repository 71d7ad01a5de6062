/**
 * Where each store stands on the map. Stores of a circle stand round its middle like a sunflower's seeds, each in a
 * place of its own; a street shop stands somewhere in its cell, clear of circles and of other shops. A place depends
 * on the stores before it only, so nothing moves when shops open.
 */

import { hash } from "./map_view.js";

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
const TRIES = 300;
const ROOM = 1.35; // slots per unit: shops that closed keep their place beside those that came after them

export class Places {
  /**
   * @param {Object} key header of the key frame
   */
  constructor(key) {
    const { nx, ny, cell_m: cell } = key.grid;
    this.nx = nx;
    this.cell = cell;
    this.wide = nx * cell;
    this.high = ny * cell;
    this.x = [];
    this.y = [];
    const sharing = new Map();
    this.circles = key.circles.map((c) => {
      let [x, y] = this.middle(c.cell);
      const before = c.street ? 0 : (sharing.get(c.cell) ?? 0); // circles of one cell stand side by side in it
      if (!c.street) sharing.set(c.cell, before + 1);
      x += before && 0.35 * cell * Math.sqrt(before) * Math.cos(before * GOLDEN);
      y += before && 0.35 * cell * Math.sqrt(before) * Math.sin(before * GOLDEN);
      return { ...c, x, y, taken: 0, step: 0, radius: 0 };
    });
    this.real = this.circles.filter((c) => !c.street);
    this.#spaces();
    // Street shops keep this far from each other, in metres.
    const steps = this.real.map((c) => c.step).sort((a, b) => a - b);
    this.apart = 1.6 * (steps.length ? steps[steps.length >> 1] : 0.4 * cell);
    this.near = new Map();
  }

  /** Metres of the middle of a cell. */
  middle(cell) {
    return [((cell % this.nx) + 0.5) * this.cell, (Math.floor(cell / this.nx) + 0.5) * this.cell];
  }

  /** How far apart the shops of each circle stand, so that neighbouring circles do not run into each other. */
  #spaces() {
    const most = 0.0105 * Math.max(this.wide, this.high);
    const least = 0.0022 * Math.max(this.wide, this.high);
    const size = (c) => Math.sqrt(Math.max(c.units, 1) * ROOM) + 0.6;
    for (const c of this.real) {
      let step = most;
      for (const o of this.real) {
        const away = Math.hypot(c.x - o.x, c.y - o.y);
        if (o !== c && away > 0) step = Math.min(step, (0.94 * away) / (size(c) + size(o)));
      }
      c.step = Math.max(step, least);
      c.radius = c.step * size(c);
    }
  }

  /**
   * Give places to stores that came since the last call.
   * @param {Object[]} stores all stores by number
   */
  grow(stores) {
    for (let n = this.x.length; n < stores.length; n++) {
      const circle = this.circles[stores[n].circle];
      const [x, y] = circle && !circle.street ? this.#seed(circle) : this.#street(stores[n]);
      this.x.push(x);
      this.y.push(y);
    }
  }

  #seed(circle) {
    const rank = circle.taken++;
    const r = circle.step * Math.sqrt(rank + 0.35);
    circle.radius = Math.max(circle.radius, r + 0.6 * circle.step);
    const angle = rank * GOLDEN;
    return [circle.x + r * Math.cos(angle), circle.y + r * Math.sin(angle)];
  }

  #street(store) {
    const [mx, my] = this.middle(store.cell);
    const x0 = mx + (hash(store.n, 1) - 0.5) * 0.8 * this.cell;
    const y0 = my + (hash(store.n, 2) - 0.5) * 0.8 * this.cell;
    const turn = 2 * Math.PI * hash(store.n, 3);
    const reach = this.apart * (0.5 * Math.sqrt(TRIES) + 0.4);
    const close = this.real.filter((c) => Math.hypot(c.x - x0, c.y - y0) < c.radius + reach);
    let [x, y] = [x0, y0];
    for (let k = 1; k < TRIES && !this.#free(x, y, close); k++) {
      const r = this.apart * 0.5 * Math.sqrt(k);
      x = x0 + r * Math.cos(turn + k * GOLDEN);
      y = y0 + r * Math.sin(turn + k * GOLDEN);
    }
    const place = this.#bucket(x, y);
    if (!this.near.has(place)) this.near.set(place, []);
    this.near.get(place).push([x, y]);
    return [x, y];
  }

  #bucket(x, y) {
    return Math.floor(x / this.apart) * 65536 + Math.floor(y / this.apart);
  }

  #free(x, y, circles) {
    if (x < 0 || y < 0 || x > this.wide || y > this.high) return false;
    for (const c of circles) {
      if (Math.hypot(c.x - x, c.y - y) < c.radius + 0.4 * this.apart) return false;
    }
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        const there = this.near.get(this.#bucket(x + dx * this.apart, y + dy * this.apart)) ?? [];
        if (there.some(([a, b]) => Math.hypot(a - x, b - y) < this.apart)) return false;
      }
    }
    return true;
  }
}
