/**
 * The stores: coloured and shaped by state, as large as they are visited today. Shapes are drawn once and then stamped,
 * so that 5,000 stores cost a few milliseconds.
 */

import { CLOSED, STATES, trace } from "./map_colours.js";

const RECENT_DAYS = [4, 9, 14];
const LARGEST = 11;
const LEAST_SHAPE = 3.5; // smaller, a cross is a blot

export class Stores {
  /** @param {import("./map_places.js").Places} places */
  constructor(places) {
    this.places = places;
    this.stamps = new Map();
    this.stores = [];
    this.state = [];
    this.visits = [];
    this.recent = [];
    this.usual = 0;
    this.crowding = 1;
  }

  /**
   * Take in what a day brought.
   * @param {Object} frames
   * @param {number} day
   */
  show(frames, day) {
    const frame = frames.at(day);
    const state = frame.arrays.state;
    this.stores = frames.stores;
    this.places.grow(this.stores);
    this.state = state;
    this.visits = frame.arrays.visits;
    // The first days set the scale of visits, so that a larger shape always means more people.
    if (!this.usual) this.usual = quantile(this.visits, 0.95);
    this.recent = new Uint8Array(state.length);
    RECENT_DAYS.forEach((days, age) => {
      if (day < days) return;
      const before = frames.statesAt(day - days);
      for (let n = 0; n < state.length; n++) {
        if (!this.recent[n] && state[n] !== (n < before.length ? before[n] : -1)) this.recent[n] = age + 1;
      }
    });
    // Young runs: what is no longer as on the first day has changed in these days.
    if (day > 0 && day < RECENT_DAYS.at(-1)) {
      const before = frames.statesAt(0);
      for (let n = 0; n < state.length; n++) if (state[n] !== (before[n] ?? -1)) this.recent[n] ||= 2;
    }
  }

  /** Number of stores there are on the day shown; those that open later are not drawn. */
  get count() {
    return this.state.length;
  }

  /** Radius in pixels of a store nobody visits, at a view. */
  base(view) {
    const steps = this.places.real.map((c) => c.step).concat(this.places.apart * 0.6);
    const step = steps.sort((a, b) => a - b)[steps.length >> 1] * view.scale;
    return Math.min(Math.max(step * 0.62, 1.8), 7.5);
  }

  /** Radius in pixels of store `n`. */
  radius(n, base) {
    if (this.state[n] === CLOSED) return Math.max(base * 0.85, LEAST_SHAPE);
    const share = Math.sqrt(Math.min((this.visits[n] ?? 0) / (this.usual || 1), 2.5));
    const r = Math.min(base * (0.7 + 0.5 * share), LARGEST);
    return this.state[n] ? Math.max(r, LEAST_SHAPE) : r;
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./map_view.js").View} view
   * @param {Object} palette
   * @param {number} ratio device pixels per pixel
   */
  draw(context, view, palette, ratio) {
    const base = this.base(view);
    const { x, y } = this.places;
    // What closed lies below what still trades; what just changed above all.
    const layers = [[], [], []];
    for (let n = 0; n < this.count; n++) {
      const px = view.toX(x[n]);
      const py = view.toY(y[n]);
      if (px < -20 || py < -20 || px > view.width + 20 || py > view.height + 20) continue;
      layers[this.recent[n] ? 2 : this.state[n] === CLOSED ? 0 : 1].push([n, px, py]);
    }
    for (const [k, layer] of layers.entries()) {
      for (const [n, px, py] of layer) {
        const r = this.radius(n, base);
        if (k === 2) this.#ring(context, px, py, r, this.recent[n], palette);
        const stamp = this.#stamp(this.state[n], r, palette, ratio);
        const side = stamp.width / ratio;
        context.drawImage(stamp, px - side / 2, py - side / 2, side, side);
      }
    }
  }

  #ring(context, px, py, r, age, palette) {
    context.globalAlpha = [1, 1, 0.65, 0.35][age];
    for (const [width, colour] of [[4, palette.halo], [1.8, palette.ring]]) {
      context.beginPath();
      context.arc(px, py, r + 4.5, 0, 2 * Math.PI);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #stamp(state, radius, palette, ratio) {
    const size = Math.max(1, Math.round(radius * 2)); // half pixels
    const name = `${palette.name} ${ratio} ${state} ${size}`;
    let canvas = this.stamps.get(name);
    if (!canvas) {
      const r = size / 2;
      const half = Math.ceil(r * 1.3 + 2);
      canvas = document.createElement("canvas");
      canvas.width = canvas.height = Math.round(2 * half * ratio);
      const context = canvas.getContext("2d");
      context.scale(canvas.width / (2 * half), canvas.width / (2 * half));
      context.beginPath();
      trace(context, STATES[state].shape, half, half, r);
      context.lineJoin = "round";
      context.lineWidth = r < 3 ? 1 : r < 5 ? 1.6 : 2.2;
      context.strokeStyle = palette.outline;
      context.stroke();
      context.fillStyle = STATES[state].colour;
      context.fill();
      this.stamps.set(name, canvas);
    }
    return canvas;
  }

  /** The store nearest to a pixel and near enough to be meant, or -1. */
  pick(view, px, py, slack) {
    const base = this.base(view);
    let best = -1;
    let least = Infinity;
    for (let n = 0; n < this.count; n++) {
      const away = Math.hypot(view.toX(this.places.x[n]) - px, view.toY(this.places.y[n]) - py);
      const reach = Math.max(this.radius(n, base) + 2, slack);
      // Between two that are near, one that still trades is meant.
      const cost = away + (this.state[n] === CLOSED ? 2 : 0);
      if (away <= reach && cost < least) [best, least] = [n, cost];
    }
    return best;
  }

  /**
   * The next store in a direction of the keyboard, or -1.
   * @param {number} x metres where we are
   * @param {number} y
   * @param {number[]} way [east, north], one of them 0
   * @param {number} from the store we are at, or -1
   */
  next(x, y, [east, north], from) {
    let best = -1;
    let least = Infinity;
    for (let n = 0; n < this.count; n++) {
      if (n === from) continue;
      const dx = this.places.x[n] - x;
      const dy = this.places.y[n] - y;
      const ahead = dx * east + dy * north;
      const aside = Math.abs(dx * north) + Math.abs(dy * east);
      if (ahead <= 0 || aside > 2 * ahead) continue;
      const cost = ahead + 2 * aside;
      if (cost < least) [best, least] = [n, cost];
    }
    return best;
  }

  /** The store nearest to a place, or -1. */
  nearest(x, y) {
    let best = -1;
    let least = Infinity;
    for (let n = 0; n < this.count; n++) {
      const away = Math.hypot(this.places.x[n] - x, this.places.y[n] - y);
      if (away < least) [best, least] = [n, away];
    }
    return best;
  }
}

function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] || 0;
}
