/**
 * Where on the map we look: metres of the city to pixels of the host and back. North is up; the city's corner (0, 0) is
 * in the south-west.
 */

const MOST_ZOOM = 60;
const LEAST_ZOOM = 0.7;

export class View {
  /** `x`, `y`: metres in the middle of the picture; `zoom`: 1 shows the whole city. */
  constructor() {
    this.wide = 1;
    this.high = 1;
    this.width = 1;
    this.height = 1;
    this.top = 0;
    this.bottom = 0;
    this.x = 0.5;
    this.y = 0.5;
    this.zoom = 1;
    this.scale = 1; // pixels per metre
    this.middle = [0, 0]; // pixels of the middle of the picture
    this.#measure();
  }

  /** The city's size in metres. */
  setCity(wide, high) {
    this.wide = Math.max(wide, 1);
    this.high = Math.max(high, 1);
    this.fit();
  }

  /** The host's size in pixels, and what is kept free above and below when the city is fitted in. */
  setSize(width, height, top, bottom) {
    Object.assign(this, { width: Math.max(width, 1), height: Math.max(height, 1), top, bottom });
    this.clamp();
  }

  fit() {
    this.x = this.wide / 2;
    this.y = this.high / 2;
    this.zoom = 1;
    this.#measure();
  }

  /** What toX and toY need is kept: they are called tens of thousands of times for a picture. */
  #measure() {
    const margin = Math.min(10, this.width * 0.02);
    const w = Math.max(this.width - 2 * margin, 20);
    const h = Math.max(this.height - this.top - this.bottom, 20);
    this.scale = Math.min(w / this.wide, h / this.high) * this.zoom;
    this.middle = [this.width / 2, this.top + (this.height - this.top - this.bottom) / 2];
    this.left = this.middle[0] - this.x * this.scale;
    this.base = this.middle[1] + this.y * this.scale;
  }

  toX(x) {
    return x * this.scale + this.left;
  }

  toY(y) {
    return this.base - y * this.scale;
  }

  /** Metres at a pixel. */
  at(px, py) {
    const k = this.scale;
    return [this.x + (px - this.middle[0]) / k, this.y - (py - this.middle[1]) / k];
  }

  /** Zoom by a factor with the place at a pixel staying where it is. */
  zoomAt(factor, px = this.middle[0], py = this.middle[1]) {
    const [x, y] = this.at(px, py);
    this.zoom = Math.min(Math.max(this.zoom * factor, LEAST_ZOOM), MOST_ZOOM);
    this.#measure();
    const [x2, y2] = this.at(px, py);
    this.x += x - x2;
    this.y += y - y2;
    this.clamp();
  }

  /** Move the picture by pixels. */
  pan(dx, dy) {
    const k = this.scale;
    this.x -= dx / k;
    this.y += dy / k;
    this.clamp();
  }

  /** Never lose the city: its middle stays near while all of it is seen, else some of it stays in the picture. */
  clamp() {
    this.zoom = Math.min(Math.max(this.zoom, LEAST_ZOOM), MOST_ZOOM);
    this.x = Math.min(Math.max(this.x, 0), this.wide);
    this.y = Math.min(Math.max(this.y, 0), this.high);
    this.#measure();
  }

  /** Bring a place into the picture if it is not; true if the view moved. */
  reveal(x, y, margin = 40) {
    const px = this.toX(x);
    const py = this.toY(y);
    const inside =
      px >= margin && px <= this.width - margin && py >= this.top + margin && py <= this.height - margin;
    if (!inside) {
      this.x = x;
      this.y = y;
      this.clamp();
    }
    return !inside;
  }

  get() {
    return { x: this.x, y: this.y, zoom: this.zoom };
  }

  set({ x, y, zoom }) {
    if (Number.isFinite(x)) this.x = x;
    if (Number.isFinite(y)) this.y = y;
    if (Number.isFinite(zoom)) this.zoom = zoom;
    this.clamp();
  }

  /** A round length for the scale bar: {px, text}, at most `most` pixels long. */
  bar(most) {
    const metres = most / this.scale;
    const power = 10 ** Math.floor(Math.log10(metres));
    const round = [5, 2, 1].find((n) => n * power <= metres) * power;
    const text = round >= 1000 ? `${round / 1000} km` : round >= 100 ? `${round / 1000} km` : `${round} m`;
    return { px: round * this.scale, text };
  }
}

/** A number in 0..1 that belongs to a whole number and a purpose: the same on every machine, without any pattern. */
export function hash(n, purpose = 0) {
  let h = (Math.imul(n | 0, 0x9e3779b1) ^ Math.imul(purpose + 1, 0x85ebca6b)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}
