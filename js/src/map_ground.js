/** What lies under all else: land, where people live, where money is spent, water and metro lines. */

import { along } from "./map_colours.js";

const WEEK = 7;
const STEPS = 8; // of the log code per doubling
const ONE_OF_SEVEN = STEPS * Math.log2(WEEK); // the first day's heat is of that day alone

export class Ground {
  /** @param {{header: Object, arrays: Object}} key */
  constructor(key) {
    const { nx, ny, cell_m: cell } = key.header.grid;
    Object.assign(this, { nx, ny, wide: nx * cell, high: ny * cell });
    this.residents = key.arrays.residents;
    this.rivers = key.header.rivers ?? [];
    this.metro = key.header.metro ?? [];
    this.bridges = key.header.bridges ?? [];
    // A few very dense cells must not leave the rest of the city pale.
    this.mostPeople = high(this.residents, 0.99);
    this.images = {};
  }

  /**
   * Make the two heat pictures, if theme or figures changed.
   * @param {Object} palette
   * @param {Object} frames
   * @param {number} day the day shown
   */
  heat(palette, frames, day) {
    const stale = this.theme !== palette.name;
    if (stale) {
      this.theme = palette.name;
      this.images.population = this.#picture(this.residents, palette.population, this.mostPeople, 0.5, 0.95);
    }
    if (!frames.count) return;
    const week = day >= WEEK - 1;
    const heat = frames.heatAt(day);
    const full = frames.count >= WEEK; // the first week sets the scale, so that a brighter week is a better week
    if (!stale && this.sales === heat && this.full === full) return;
    Object.assign(this, { sales: heat, full });
    const most = full ? high(frames.heatAt(WEEK - 1), 1) : high(frames.heatAt(0), 1) + ONE_OF_SEVEN;
    this.images.sales = heat && this.#picture(heat, palette.sales, week ? most : most - ONE_OF_SEVEN, 0.36, 0.85);
  }

  /**
   * A canvas of a pixel per cell: colours along the ramp, ever less see-through.
   * @param {ArrayLike<number>} codes log codes: 0, or 1 + eight times the binary logarithm
   * @param {number} most the code that gets the last colour
   * @param {number} power how the value (as a share of that of `most`) becomes a place on the ramp
   */
  #picture(codes, ramp, most, power, opacity) {
    const canvas = document.createElement("canvas");
    canvas.width = this.nx;
    canvas.height = this.ny;
    const context = canvas.getContext("2d");
    const image = context.createImageData(this.nx, this.ny);
    for (let cell = 0; cell < codes.length; cell++) {
      if (!codes[cell]) continue;
      const t = Math.min(2 ** ((codes[cell] - most) / STEPS), 1) ** power;
      const y = this.ny - 1 - Math.floor(cell / this.nx); // north is up
      const colour = [...along(ramp, t), 255 * opacity * Math.min(1, 1.7 * t)];
      image.data.set(colour, 4 * (y * this.nx + (cell % this.nx)));
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  /**
   * @param {CanvasRenderingContext2D} context in pixels of the host
   * @param {import("./map_view.js").View} view
   * @param {Object} palette
   * @param {Object} layers which of them are on
   * @param {string} date the day shown, YYYY-MM-DD
   */
  draw(context, view, palette, layers, date) {
    const x = view.toX(0);
    const y = view.toY(this.high);
    const w = this.wide * view.scale;
    const h = this.high * view.scale;
    context.clearRect(0, 0, view.width, view.height);
    context.fillStyle = palette.outside;
    context.fillRect(0, 0, view.width, view.height);
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.fillStyle = palette.paper;
    context.fillRect(x, y, w, h);
    context.imageSmoothingEnabled = this.nx > 3 && this.ny > 3;
    context.imageSmoothingQuality = "high";
    if (layers.population && this.images.population) context.drawImage(this.images.population, x, y, w, h);
    this.#water(context, view, palette);
    if (layers.sales && this.images.sales) context.drawImage(this.images.sales, x, y, w, h);
    this.#lines(context, view, palette, date);
    context.restore();
    context.strokeStyle = palette.edge;
    context.lineWidth = 1;
    context.strokeRect(Math.round(x) - 0.5, Math.round(y) - 0.5, Math.round(w) + 1, Math.round(h) + 1);
  }

  #water(context, view, palette) {
    context.lineJoin = context.lineCap = "round";
    context.strokeStyle = palette.water;
    for (const river of this.rivers) {
      context.lineWidth = Math.max((river.width_m ?? 300) * view.scale, 3);
      path(context, view, river.points);
      context.stroke();
    }
    context.fillStyle = palette.paper;
    context.strokeStyle = palette.soft;
    context.lineWidth = 1;
    for (const [x, y] of this.rivers.flatMap((r) => r.bridges ?? []).concat(this.bridges)) {
      context.beginPath();
      context.rect(view.toX(x) - 3.5, view.toY(y) - 3.5, 7, 7);
      context.fill();
      context.stroke();
    }
  }

  #lines(context, view, palette, date) {
    for (const line of this.metro) {
      const running = isOpen(line.opens, date);
      context.lineJoin = context.lineCap = running ? "round" : "butt";
      for (const [width, colour] of [[6, palette.halo], [3, palette.metro]]) {
        context.lineWidth = width;
        context.strokeStyle = colour;
        context.setLineDash(running || width > 3 ? [] : [5, 5]);
        path(context, view, line.points);
        context.stroke();
      }
      context.setLineDash([]);
      context.fillStyle = palette.halo;
      context.strokeStyle = palette.metro;
      context.lineWidth = 2;
      for (const [x, y] of line.points) {
        context.beginPath();
        context.arc(view.toX(x), view.toY(y), running ? 4 : 3, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
      }
    }
  }
}

/** Is something that opens on `opens` (a date, or null: from the start) open on `date`? */
export function isOpen(opens, date) {
  return opens == null || opens <= date;
}

function path(context, view, points) {
  context.beginPath();
  points.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](view.toX(x), view.toY(y)));
}

/** The code below which a share of the codes other than 0 lie. */
function high(codes, share) {
  const sorted = Array.from(codes ?? []).filter(Boolean).sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] || 1;
}
