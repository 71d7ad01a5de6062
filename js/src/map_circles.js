/** Business circles: a disc as large as its shops need, its name, and how many of its units are let. */

import { CLOSED, ONLINE } from "./map_colours.js";
import { isOpen } from "./map_ground.js";

const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";
const LONGEST = 24;
const ROOM_PX2 = 24_000;

export class Circles {
  /** @param {import("./map_places.js").Places} places */
  constructor(places) {
    this.places = places;
    this.let = null; // tenants by circle; null until a day is known
    this.open = places.circles.map(() => true);
    this.labels = [];
    this.widths = new Map();
  }

  /** Before any day is known: what is open at first. */
  begin(date) {
    this.open = this.places.circles.map((c) => isOpen(c.opens, date));
  }

  /** Count the tenants of the day shown. */
  show(stores, state, date) {
    this.let = new Array(this.places.circles.length).fill(0);
    for (let n = 0; n < state.length; n++) {
      if (state[n] !== CLOSED && state[n] !== ONLINE) this.let[stores[n].circle] += 1;
    }
    this.open = this.places.circles.map((c) => isOpen(c.opens, date));
  }

  /** Discs, drawn below the people. */
  drawDiscs(context, view, palette) {
    this.places.circles.forEach((c, k) => {
      if (c.street) return;
      context.beginPath();
      context.arc(view.toX(c.x), view.toY(c.y), c.radius * view.scale, 0, 2 * Math.PI);
      context.fillStyle = palette.disc;
      if (this.open[k]) context.fill();
      context.setLineDash(this.open[k] ? [] : [4, 4]);
      context.lineWidth = 1.5;
      context.strokeStyle = palette.discEdge;
      context.stroke();
    });
    context.setLineDash([]);
  }

  /**
   * Names, drawn above all; the largest circles are named first, and a name that would cover another is left out until
   * there is room for it.
   * @param {CanvasRenderingContext2D} context
   * @param {import("./map_view.js").View} view
   * @param {Object} palette
   * @param {number[][]} blocked rectangles [x0, y0, x1, y1] to keep free
   * @param {number} first a circle to name in any case, or -1
   */
  drawNames(context, view, palette, blocked, first) {
    const small = view.width < 420;
    const [big, little] = small ? [12, 11] : [13, 11.5];
    context.textBaseline = "alphabetic";
    context.textAlign = "left";
    const order = this.places.circles.map((_, k) => k).filter((k) => !this.places.circles[k].street);
    order.sort((a, b) => (b === first) - (a === first) || this.#weight(b) - this.#weight(a) || a - b);
    const taken = [...blocked];
    const discs = order.map((k) => this.#square(k, view));
    this.labels = [];
    const most = Math.max((view.width * view.height) / ROOM_PX2, 3); // more would hide the city
    for (const k of order) {
      if (this.labels.length >= most) break;
      const c = this.places.circles[k];
      const x = view.toX(c.x);
      const y = view.toY(c.y);
      const r = c.radius * view.scale;
      if (x + r < 0 || y + r < 0 || x - r > view.width || y - r > view.height) continue;
      const lines = [
        [`600 ${big}px ${FONT}`, short(c.name)],
        [`400 ${little}px ${FONT}`, this.#said(k, c)],
      ];
      const w = Math.max(...lines.map(([font, text]) => this.#wide(context, font, text)));
      const h = big + little + 5;
      const spots = [
        [x - w / 2, y - r - h - 5], [x - w / 2, y + r + 5], [x + r + 7, y - h / 2], [x - r - w - 7, y - h / 2],
        [x + 0.7 * r + 3, y - 0.7 * r - h], [x - 0.7 * r - w - 3, y - 0.7 * r - h],
      ].map(([a, b]) => [a, b, a + w, b + h]);
      const free = spots.filter((s) => inside(s, view) && !taken.some((t) => meet(s, t)));
      const spot = free.find((s) => !discs.some((d) => d.k !== k && meet(s, d.box))) ?? free[0];
      if (!spot) continue;
      taken.push(spot);
      this.labels.push({ k, box: spot });
      context.fillStyle = palette.plate;
      context.beginPath();
      context.roundRect(spot[0] - 4, spot[1] - 2, w + 8, h + 4, 4);
      context.fill();
      let line = spot[1];
      lines.forEach(([font, text], i) => {
        line += i ? little + 3 : big;
        context.font = font;
        const at = spot[0] + (w - this.#wide(context, font, text)) / 2;
        context.fillStyle = i ? palette.soft : palette.ink;
        context.fillText(text, at, line);
      });
    }
  }

  #weight(k) {
    return this.places.circles[k].units + (this.open[k] ? 0.5 : 0);
  }

  #said(k, c) {
    if (!this.open[k]) return `opens ${month(c.opens)}`;
    return this.let ? `${this.let[k]} of ${c.units} let` : `${c.units} units`;
  }

  #square(k, view) {
    const c = this.places.circles[k];
    const r = c.radius * view.scale * 0.8;
    const [x, y] = [view.toX(c.x), view.toY(c.y)];
    return { k, box: [x - r, y - r, x + r, y + r] };
  }

  #wide(context, font, text) {
    const name = font + text;
    if (!this.widths.has(name)) {
      if (this.widths.size > 5000) this.widths.clear();
      context.font = font;
      this.widths.set(name, context.measureText(text).width);
    }
    return this.widths.get(name);
  }

  /** The circle whose name or disc is at a pixel, the smallest one if several are; or -1. */
  pick(view, px, py) {
    const label = this.labels.find(({ box }) => px >= box[0] && px <= box[2] && py >= box[1] && py <= box[3]);
    if (label) return label.k;
    let best = -1;
    this.places.circles.forEach((c, k) => {
      if (c.street) return;
      const away = Math.hypot(view.toX(c.x) - px, view.toY(c.y) - py);
      if (away > Math.max(c.radius * view.scale, 8)) return;
      if (best < 0 || c.radius < this.places.circles[best].radius) best = k;
    });
    return best;
  }
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function month(date) {
  const [year, m] = String(date).split("-");
  return `${MONTHS[m - 1] ?? ""} ${year}`.trim();
}

function short(name) {
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 1)}…`;
}

function inside([x0, y0, x1, y1], view) {
  return x0 >= 2 && y0 >= 2 && x1 <= view.width - 2 && y1 <= view.height - 2;
}

function meet(a, b) {
  return a[0] < b[2] + 9 && b[0] < a[2] + 9 && a[1] < b[3] + 5 && b[1] < a[3] + 5;
}
