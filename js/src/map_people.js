/**
 * The people: a dot each, at home or on the way to a shop and back, and parcels on their way to the door. 10,000 of them
 * are put into the pixels of a picture directly; that is many times faster than drawing shapes.
 */

import { bits } from "./map_colours.js";
import { hash } from "./map_view.js";

const BOUGHT = 0;
const ORDERED = 2;
const STORE_BITS = 0x3fff;

/** Part of the day the way out, the time in the shop, and the way back take; each starts when it suits them. */
const OUT = 0.21;
const STAY = 0.12;
const SPREAD = 1 - 2 * OUT - STAY;
const PARCEL = 0.34;

export class People {
  /**
   * @param {{header: Object, arrays: Object}} key
   * @param {import("./map_places.js").Places} places
   */
  constructor(key, places) {
    this.places = places;
    this.ids = key.arrays.id;
    this.count = this.ids.length;
    const { nx, cell_m: cell } = key.header.grid;
    const home = key.arrays.home;
    const n = this.count;
    this.homeX = new Float32Array(n);
    this.homeY = new Float32Array(n);
    this.luck = Array.from({ length: 4 }, () => new Float32Array(n));
    for (let i = 0; i < n; i++) {
      const id = this.ids[i];
      this.homeX[i] = ((home[i] % nx) + hash(id, 1)) * cell;
      this.homeY[i] = (Math.floor(home[i] / nx) + hash(id, 2)) * cell;
      for (let k = 0; k < 4; k++) this.luck[k][i] = hash(id, 3 + k);
    }
    this.codes = new Uint16Array(n);
    this.out = [];
    this.parcels = [];
    this.phase = 0.5;
    this.base = null;
    this.edge = "north";
    this.rows = null;
  }

  /** From which edge of the city the parcels of platforms come: "north" or "west". */
  setEdge(edge) {
    this.edge = edge;
  }

  /** The row of a person by id, or -1. */
  index(id) {
    this.rows ??= new Map(Array.from(this.ids, (known, i) => [known, i]));
    return this.rows.get(id) ?? -1;
  }

  /** Take in where everybody went on a day. */
  show(codes) {
    this.codes = codes;
    this.out = [];
    this.parcels = [];
    for (let i = 0; i < codes.length; i++) {
      if (!codes[i]) continue;
      const deed = codes[i] >> 14;
      if (deed === ORDERED) this.parcels.push(i);
      else if (codes[i] & STORE_BITS) this.out.push(i);
    }
  }

  /** The store a person went to or ordered from, or -1. */
  store(i) {
    return (this.codes[i] & STORE_BITS) - 1;
  }

  /**
   * Draw everybody at a phase of the day.
   * @param {CanvasRenderingContext2D} context of a canvas of the host's size times `ratio`
   * @param {import("./map_view.js").View} view
   * @param {Object} palette
   * @param {{people: boolean, parcels: boolean}} layers
   * @param {number} phase 0..1
   * @param {number} ratio device pixels per pixel
   * @param {number} reach pixels around a shop within which people stand who are in it
   */
  draw(context, view, palette, layers, phase, ratio, reach) {
    const { width, height } = context.canvas;
    this.phase = phase;
    const name = [width, height, view.x, view.y, view.zoom, view.width, view.height, palette.name, layers.people, ratio]
      .join(" ");
    if (this.drawnFor !== name) {
      this.drawnFor = name;
      if (this.image?.width !== width || this.image?.height !== height) {
        this.image = context.createImageData(width, height);
        this.pixels = new Uint32Array(this.image.data.buffer);
        this.base = new Uint32Array(this.pixels.length);
      }
      this.base.fill(0);
      context.clearRect(0, 0, width, height);
      this.box = city(view, this.places, ratio, width, height);
      if (layers.people) this.#homes(view, palette, ratio, width, height);
    }
    // Only the part of the picture the city takes: less to copy, less for the browser to put together.
    const [x0, y0, x1, y1] = this.box;
    if (x1 <= x0 || y1 <= y0) return;
    this.pixels.set(this.base.subarray(y0 * width, y1 * width), y0 * width);
    if (layers.people) this.#walkers(view, palette, phase, ratio, reach, width, height);
    if (layers.parcels) this.#boxes(view, palette, phase, ratio, width, height);
    context.putImageData(this.image, 0, 0, x0, y0, x1 - x0, y1 - y0);
  }

  #homes(view, palette, ratio, width, height) {
    const dot = stamp(Math.max(1, Math.round(ratio * size(view, [1, 1.6, 2.4]))), width);
    const colour = bits(palette.home);
    for (let i = 0; i < this.count; i++) {
      put(this.base, dot, colour, view.toX(this.homeX[i]) * ratio, view.toY(this.homeY[i]) * ratio, width, height);
    }
  }

  #walkers(view, palette, phase, ratio, reach, width, height) {
    const dot = stamp(Math.max(2, Math.round(ratio * size(view, [2, 3, 4.2]))), width);
    const colours = palette.deeds.map(bits);
    const place = [0, 0];
    // The common kind first, so that the telling ones lie above it.
    for (const common of [true, false]) {
      for (const i of this.out) {
        const deed = this.codes[i] >> 14;
        if ((deed === BOUGHT) !== common) continue;
        if (!this.#walk(i, view, phase, reach, place)) continue;
        put(this.pixels, dot, colours[deed], place[0] * ratio, place[1] * ratio, width, height);
      }
    }
  }

  #boxes(view, palette, phase, ratio, width, height) {
    const side = Math.max(3, Math.round(ratio * size(view, [3, 4, 5])));
    const box = square(side, width);
    const colour = bits(palette.deeds[ORDERED]);
    const place = [0, 0];
    for (const i of this.parcels) {
      if (!this.#carry(i, view, phase, place)) continue;
      put(this.pixels, box, colour, place[0] * ratio, place[1] * ratio, width, height);
    }
  }

  /** Pixel of somebody who goes to a shop, into `place`; false while they are at home. */
  #walk(i, view, phase, reach, place) {
    const store = this.store(i);
    if (store < 0 || store >= this.places.x.length) return false;
    const begun = phase - SPREAD * this.luck[0][i];
    if (begun <= 0 || begun >= 2 * OUT + STAY) return false;
    const away = begun < OUT ? ease(begun / OUT) : begun < OUT + STAY ? 1 : ease((2 * OUT + STAY - begun) / OUT);
    const hx = view.toX(this.homeX[i]);
    const hy = view.toY(this.homeY[i]);
    // In the shop people stand around its sign, in a ring that leaves it free.
    const turn = 2 * Math.PI * this.luck[1][i];
    const r = reach * (1 + 0.9 * this.luck[2][i]);
    const tx = view.toX(this.places.x[store]) + r * Math.cos(turn);
    const ty = view.toY(this.places.y[store]) + r * Math.sin(turn);
    bend(place, hx, hy, tx, ty, away, 0.24 * (this.luck[3][i] - 0.5));
    return true;
  }

  /** Pixel of a parcel, into `place`; false before it leaves. What has come lies at the door till night. */
  #carry(i, view, phase, place) {
    const begun = phase - (1 - PARCEL - 0.12) * this.luck[0][i];
    if (begun <= 0) return false;
    const way = ease(Math.min(begun / PARCEL, 1));
    const store = this.store(i);
    const hx = view.toX(this.homeX[i]);
    const hy = view.toY(this.homeY[i]);
    let sx;
    let sy;
    if (store >= 0 && store < this.places.x.length) {
      sx = view.toX(this.places.x[store]);
      sy = view.toY(this.places.y[store]);
    } else {
      // Platforms are outside the city: their parcels come in over its edge.
      const part = 0.2 + 0.6 * this.luck[1][i];
      sx = view.toX(this.edge === "west" ? 0 : this.places.wide * part);
      sy = view.toY(this.edge === "west" ? this.places.high * part : this.places.high);
    }
    bend(place, sx, sy, hx, hy, way, 0.16 * (this.luck[3][i] - 0.5));
    return true;
  }

  /**
   * Where on the screen somebody is now.
   * @returns {number[]} pixels of the host
   */
  position(i, view, reach) {
    const place = [0, 0];
    if (this.codes[i] && this.codes[i] >> 14 !== ORDERED && this.#walk(i, view, this.phase, reach, place)) return place;
    return [view.toX(this.homeX[i]), view.toY(this.homeY[i])];
  }

  /** The person nearest to a pixel and within `slack` pixels, or -1; walkers are meant before those at home. */
  pick(view, px, py, slack, reach) {
    let best = -1;
    let least = slack;
    for (let i = 0; i < this.count; i++) {
      const [x, y] = this.position(i, view, reach);
      const away = Math.hypot(x - px, y - py) + (this.codes[i] ? 0 : 1.5);
      if (away <= least) [best, least] = [i, away];
    }
    return best;
  }

  /**
   * Thin lines from home to shop for those who chose a shop today.
   * @param {CanvasRenderingContext2D} context in pixels of the host
   * @param {function(number): boolean} wanted whether a store's customers are asked for
   */
  drawTies(context, view, palette, wanted, only = -1) {
    const most = 1500; // lines beyond that are a blot
    context.lineWidth = 1;
    context.globalAlpha = only >= 0 ? 0.9 : 0.32;
    context.strokeStyle = palette.chosen;
    context.beginPath();
    let drawn = 0;
    for (let i = 0; i < this.count && drawn < most; i++) {
      const store = this.store(i);
      if (store < 0 || store >= this.places.x.length || !(only >= 0 ? i === only : wanted(store))) continue;
      context.moveTo(view.toX(this.homeX[i]), view.toY(this.homeY[i]));
      context.lineTo(view.toX(this.places.x[store]), view.toY(this.places.y[store]));
      drawn += 1;
    }
    context.stroke();
    context.globalAlpha = 1;
  }
}

/** The rectangle of a picture that the city takes, with some room for those who walk along its edge. */
function city(view, places, ratio, width, height) {
  const room = 30;
  return [
    Math.max(Math.floor((view.toX(0) - room) * ratio), 0),
    Math.max(Math.floor((view.toY(places.high) - room) * ratio), 0),
    Math.min(Math.ceil((view.toX(places.wide) + room) * ratio), width),
    Math.min(Math.ceil((view.toY(0) + room) * ratio), height),
  ];
}

/** Slow at both ends. */
function ease(t) {
  return t * t * (3 - 2 * t);
}

/** A point of a slightly bent way: streets are not drawn with a ruler, and streams of people get some width. */
function bend(place, x0, y0, x1, y1, t, bow) {
  const side = 4 * t * (1 - t) * bow;
  place[0] = x0 + (x1 - x0) * t - (y1 - y0) * side;
  place[1] = y0 + (y1 - y0) * t + (x1 - x0) * side;
}

/** One of three sizes for a far, a middle and a near view, without jumps. */
function size(view, [far, middle, near]) {
  const k = Math.log2(Math.max(view.scale / 0.06, 1)); // 0: 60 pixels a km
  return k < 2 ? far + ((middle - far) * k) / 2 : middle + (near - middle) * Math.min((k - 2) / 2, 1);
}

/** A round dot of `side` pixels: offsets and coverages, for pictures `width` wide. */
function stamp(side, width) {
  return made(`dot ${side} ${width}`, () => {
    const r = side / 2;
    const parts = { offsets: [], covers: [], side };
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const away = Math.hypot(x + 0.5 - r, y + 0.5 - r);
        const cover = side < 3 ? 1 : Math.min(Math.max(r - away + 0.45, 0), 1);
        if (cover > 0.15) add(parts, y * width + x, cover);
      }
    }
    return parts;
  });
}

/** A square of `side` pixels. */
function square(side, width) {
  return made(`box ${side} ${width}`, () => {
    const parts = { offsets: [], covers: [], side };
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) add(parts, y * width + x, 1);
    return parts;
  });
}

function add(parts, offset, cover) {
  parts.offsets.push(offset);
  parts.covers.push(cover);
}

const stock = new Map();

function made(name, make) {
  if (!stock.has(name)) {
    if (stock.size > 200) stock.clear();
    stock.set(name, make());
  }
  return stock.get(name);
}

/** Put a stamp with its middle at a pixel; nothing at the very edge, where it would wrap around. */
function put(pixels, { offsets, covers, side }, colour, px, py, width, height) {
  const x = Math.round(px - side / 2);
  const y = Math.round(py - side / 2);
  if (x < 0 || y < 0 || x + side > width || y + side > height) return;
  const at = y * width + x;
  const alpha = colour >>> 24;
  const solid = colour & 0xffffff;
  for (let k = 0; k < offsets.length; k++) {
    const cover = covers[k];
    if (cover === 1) pixels[at + offsets[k]] = colour;
    else {
      const a = Math.round(alpha * cover);
      if (pixels[at + offsets[k]] >>> 24 < a) pixels[at + offsets[k]] = ((a << 24) | solid) >>> 0;
    }
  }
}
