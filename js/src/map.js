/**
 * The city from above, day by day: four canvases on top of each other (ground; people; ties and marks; stores and
 * names), each drawn again only when it changed, for the people move in every picture and the rest does not.
 */

import { freshId, h, say } from "./dom.js";
import { css, palette } from "./map_colours.js";
import { Circles } from "./map_circles.js";
import { Ground } from "./map_ground.js";
import { listen } from "./map_input.js";
import { LAYERS, makeLegend } from "./map_legend.js";
import { drawMarks, placeOf } from "./map_marks.js";
import { People } from "./map_people.js";
import { Places } from "./map_places.js";
import { PlatformStrip } from "./map_platforms.js";
import { Stores } from "./map_stores.js";
import { View } from "./map_view.js";
import { button, describe, Tip } from "./map_words.js";

const PANES = ["ground", "people", "marks", "stores"];
const HELP =
  "Arrow keys go from store to store, C to the next circle, Enter shows what is chosen, Escape lets go. Shift and arrow " +
  "keys move the map, plus and minus zoom, 0 shows the whole city.";
const MOST_PIXELS = 3_000_000;
const SLOW_MS = 8; // of the 33 a picture may take in all; what takes longer is drawn coarser or less often
const SIDE_PX = 136; // what the list of platforms takes beside the city, where there is room

export class CityMap {
  #theme;
  #frames = null;
  #day = 0;
  #phase = 0.5;
  #shown = "";
  #layers = Object.fromEntries(Object.keys(LAYERS).map((name) => [name, true]));
  #view = new View();
  #stale = new Set(PANES);
  #ticket = 0;
  #selected = null;
  #hovered = null;
  #legend = null;
  #peopleRatio = 1;
  #storesMs = 0;
  #storesAt = 0;
  #timer = 0;
  #kept = null;
  #slow = 0;

  /**
   * @param {HTMLElement} host is filled; its size is the map's
   * @param {{theme?: "light"|"dark", label?: string}} [options] without a theme that of the machine
   */
  constructor(host, { theme, label = "Map of the city" } = {}) {
    /** Called with {kind: "store"|"circle"|"platform"|"person", id} or null when somebody picks. */
    this.onpick = null;
    /** Called with {x, y, zoom} when somebody moved the map. */
    this.onview = null;
    /** Called with the layers when somebody switched one. */
    this.onlayers = null;
    /** Pictures drawn so far, and milliseconds the last ones took on average. */
    this.drawn = 0;
    this.cost = 0;
    this.key = null;
    this.canvases = Object.fromEntries(PANES.map((name) => [name, h("canvas", { "aria-hidden": "true" })]));
    const help = freshId("map-help");
    this.pane = h(
      "div",
      { class: "o2o-map-view", tabindex: 0, role: "application", "aria-label": label, "aria-describedby": help },
      Object.values(this.canvases),
    );
    this.strip = new PlatformStrip((id) => this.#choose({ kind: "platform", id }));
    this.scaleText = h("span");
    this.scaleBar = h("span");
    this.tip = new Tip();
    this.voice = h("div", { class: "o2o-map-said", "aria-live": "polite", role: "status" });
    this.root = h(
      "div",
      { class: "o2o-map" },
      this.pane,
      this.strip.element,
      h("div", { class: "o2o-map-scale", "aria-hidden": "true" }, this.scaleText, this.scaleBar),
      h("div", { class: "o2o-map-buttons" }, button("Zoom in", "M8 2v12M2 8h12", () => this.#zoom(1.5)),
        button("Zoom out", "M2 8h12", () => this.#zoom(1 / 1.5)),
        button("Show the whole city", "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4", () => this.#fit())),
      this.tip.element,
      this.voice,
      h("div", { class: "o2o-map-said", id: help }, HELP),
    );
    host.append(this.root);
    this.host = host;
    this.layers = this.#layers;
    this.#unlisten = listen(this.pane, this.#acts());
    this.#observer = new ResizeObserver(() => this.resize());
    this.#observer.observe(this.root);
    this.setTheme(theme);
    this.resize();
  }

  #unlisten;
  #observer;

  // -- what is shown -------------------------------------------------------------------------------------------
  /** Show another run; its view and selection begin anew if the city is another one. */
  setFrames(frames) {
    const before = this.key;
    this.#frames = frames ?? null;
    this.key = frames?.key?.header ?? null;
    this.#shown = "";
    this.#hovered = null;
    if (this.key) {
      this.places = new Places(this.key);
      this.ground = new Ground(frames.key);
      this.people = new People(frames.key, this.places);
      this.circles = new Circles(this.places);
      this.circles.begin(this.key.start);
      this.date = this.key.start;
      this.stores = new Stores(this.places);
      const same = before && JSON.stringify(before.grid) === JSON.stringify(this.key.grid);
      if (!same) this.#selected = null;
      this.#view.wide = this.places.wide;
      this.#view.high = this.places.high;
      if (!same) this.#view.setCity(this.places.wide, this.places.high);
    } else this.#selected = null;
    this.strip.setPlatforms(this.key?.platforms ?? []);
    this.#legend?.update();
    this.resize();
    if (this.#frames?.count) this.show(Math.min(this.#day, this.#frames.count - 1), this.#phase);
  }

  /**
   * Draw a day at a phase from 0 (morning, all at home) to 1 (night). Days that are not there are the newest one.
   * @param {number} day
   * @param {number} [phase]
   */
  show(day, phase = 0.5) {
    this.#phase = Math.min(Math.max(phase, 0), 1);
    if (!this.#frames?.count) return;
    this.#day = Math.min(Math.max(Math.floor(day), 0), this.#frames.count - 1);
    this.#take();
    this.#stale.add("people");
    if (this.#selected?.kind === "person") this.#stale.add("marks");
    this.#paint();
  }

  /** Take in the day shown, if it is another one. */
  #take() {
    const shown = `${this.#day} ${this.#frames.count > 6}`;
    if (this.#shown === shown) return;
    const another = this.#shown.split(" ")[0] !== String(this.#day);
    this.#shown = shown;
    const frame = this.#frames.at(this.#day);
    const heat = this.ground.sales;
    this.ground.heat(palette(this.#theme), this.#frames, this.#day);
    if (another) {
      this.date = frame.header.date;
      this.stores.show(this.#frames, this.#day);
      const open = String(this.circles.open);
      this.circles.show(this.stores.stores, this.stores.state, this.date);
      this.people.show(frame.arrays.people);
      this.strip.show(frame.arrays);
      this.#stale.add("marks");
      this.#storesDue();
      if (open !== String(this.circles.open) || this.key.metro?.some((m) => m.opens)) this.#stale.add("ground");
      if (this.#hovered) this.#tell();
    }
    if (heat !== this.ground.sales) this.#stale.add("ground");
  }

  /** Thousands of stores take a while: then they are not drawn again for every day of a fast run. */
  #storesDue() {
    const wait = this.#storesMs > SLOW_MS ? this.#storesAt + 6 * this.#storesMs - performance.now() : 0;
    if (wait <= 0) this.#stale.add("stores");
    else this.#timer ||= setTimeout(() => this.#later("stores"), wait);
  }

  /** Mark something as chosen, without telling anybody; null lets go. */
  select(sel, { reveal = true } = {}) {
    this.#selected = sel && Number.isInteger(sel.id) ? { kind: sel.kind, id: sel.id } : null;
    this.strip.select(this.#selected?.kind === "platform" ? this.#selected.id : -1);
    const place = this.#place(this.#selected);
    if (reveal && place && this.#view.reveal(...place)) this.#moved(true);
    this.#later("marks", "stores");
  }

  get selected() {
    return this.#selected;
  }

  /** Which layers are on; setting one (or all) draws anew. */
  get layers() {
    return this.#switches;
  }

  set layers(wanted) {
    Object.assign(this.#layers, wanted);
    this.#switches = Object.defineProperties({}, Object.fromEntries(Object.keys(LAYERS).map((name) => [name, {
      enumerable: true,
      get: () => this.#layers[name],
      set: (on) => {
        if (this.#layers[name] === Boolean(on)) return;
        this.#layers[name] = Boolean(on);
        this.#legend?.update();
        this.#later(...PANES);
        this.onlayers?.({ ...this.#layers });
      },
    }])));
    this.#legend?.update();
    this.#later(...PANES);
  }

  #switches;

  /** Where we look: {x, y} metres in the middle, `zoom` 1 shows the whole city. Setting it calls nobody. */
  get view() {
    return this.#view.get();
  }

  set view(wanted) {
    this.#view.set(wanted ?? {});
    this.#moved(false);
  }

  /** The legend with its switches: one element per map, made when first asked for. */
  legend() {
    this.#legend ??= makeLegend(this);
    return this.#legend.element;
  }

  get theme() {
    return this.#theme;
  }

  /** @param {"light"|"dark"} [theme] without: that of the machine */
  setTheme(theme) {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    this.#theme = theme === "dark" || theme === "light" ? theme : dark ? "dark" : "light";
    const colours = palette(this.#theme);
    for (const name of ["ink", "soft", "paper", "edge", "outside", "chosen", "focus"]) {
      this.root.style.setProperty(`--map-${name}`, colours[name]);
    }
    this.root.style.setProperty("--map-parcel", css(colours.deeds[2]));
    this.root.dataset.theme = this.#theme;
    if (this.ground) this.ground.heat(colours, this.#frames, this.#day);
    this.#legend?.update();
    this.#later(...PANES);
  }

  /** Pixels of the map at metres of the city. */
  toPixel(x, y) {
    return [this.#view.toX(x), this.#view.toY(y)];
  }

  /** Fit the canvases to the host; called by itself when the host changes. */
  resize() {
    const width = this.root.clientWidth;
    const height = this.root.clientHeight;
    if (!width || !height) return;
    const most = Math.sqrt(MOST_PIXELS / (width * height));
    this.ratio = Math.max(Math.min(window.devicePixelRatio || 1, 2, most), 0.5);
    for (const name of PANES) this.#size(name, this.ratio);
    this.#peopleRatio = this.ratio;
    this.#kept = null;
    this.#slow = 0;
    const wide = (width - (height * this.#view.wide) / this.#view.high) / 2 > SIDE_PX;
    this.root.classList.toggle("wide", wide);
    const top = wide || !this.key?.platforms.length ? 10 : 42;
    this.#view.setSize(width, height, top, wide ? 10 : 48);
    this.people?.setEdge(wide ? "west" : "north");
    this.#moved(false);
    this.#paint();
  }

  #size(name, ratio) {
    const canvas = this.canvases[name];
    const [w, t] = [Math.round(this.root.clientWidth * ratio), Math.round(this.root.clientHeight * ratio)];
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== t) canvas.height = t;
  }

  /** Where the machine cannot draw people finely in time, they are drawn coarser. */
  #relax(ms) {
    this.#slow += (ms - this.#slow) * 0.1;
    if (this.#slow < SLOW_MS || this.#peopleRatio <= 1) return;
    this.#peopleRatio = 1;
    this.#size("people", 1);
  }

  destroy() {
    cancelAnimationFrame(this.#ticket);
    clearTimeout(this.#timer);
    this.#unlisten();
    this.#observer.disconnect();
    this.root.remove();
    this.#frames = null;
  }

  // -- drawing -------------------------------------------------------------------------------------------------
  #later(...panes) {
    for (const pane of panes) this.#stale.add(pane);
    this.#ticket ||= requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    cancelAnimationFrame(this.#ticket);
    this.#ticket = 0;
    if (!this.ratio) return;
    const began = performance.now();
    const stale = [...this.#stale];
    this.#stale.clear();
    const colours = palette(this.#theme);
    for (const name of stale) {
      const context = this.canvases[name].getContext("2d");
      context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      if (name !== "people") context.clearRect(0, 0, this.#view.width, this.#view.height);
      if (this.key) this[`_${name}`](context, colours);
      else if (name === "people") context.clearRect(0, 0, this.#view.width, this.#view.height);
    }
    this.drawn += 1;
    this.cost += (performance.now() - began - this.cost) * (this.drawn < 5 ? 0.5 : 0.1);
  }

  _ground(context, colours) {
    this.ground.heat(colours, this.#frames, this.#day);
    this.ground.draw(context, this.#view, colours, this.#layers, this.date);
    if (this.#layers.circles) this.circles.drawDiscs(context, this.#view, colours);
  }

  _people(context, colours) {
    const began = performance.now();
    this.people.draw(context, this.#view, colours, this.#layers, this.#phase, this.#peopleRatio, this.#reach());
    this.#relax(performance.now() - began);
  }

  _marks(context, colours) {
    const marks = { selected: this.#selected, hovered: this.#hovered, reach: this.#reach() };
    drawMarks(context, this, this.#view, colours, marks);
  }

  _stores(context, colours) {
    const began = performance.now();
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#layers.stores) this.stores.draw(context, this.#view, colours, this.ratio);
    const first = this.#selected?.kind === "circle" ? this.#selected.id : -1;
    this.circles.labels = [];
    if (this.#layers.circles) this.circles.drawNames(context, this.#view, colours, this.#blocked(), first);
    this.#storesAt = performance.now();
    this.#storesMs += (this.#storesAt - began - this.#storesMs) * 0.3;
  }

  #place(sel) {
    return this.key && sel ? placeOf(this, sel) : null;
  }

  /** How far around the middle of a shop those in it stand, in pixels. */
  #reach() {
    return this.stores.base(this.#view) + 2;
  }

  /** Where names would lie under the buttons. */
  #blocked() {
    if (this.#kept) return this.#kept; // asking makes the browser lay out the page
    const box = this.root.getBoundingClientRect();
    this.#kept = [".o2o-map-buttons", ".o2o-map-scale", ".o2o-map-platforms"].map((name) => {
      const b = this.root.querySelector(name).getBoundingClientRect();
      return [b.left - box.left, b.top - box.top, b.right - box.left, b.bottom - box.top];
    });
    return this.#kept;
  }

  // -- what people do with it ------------------------------------------------------------------------------------
  #acts() {
    return {
      pan: (dx, dy) => (this.#view.pan(dx, dy), this.#moved(true)),
      zoom: (factor, x, y) => this.#zoom(factor, x, y),
      fit: () => this.#fit(),
      click: (x, y, finger) => this.#choose(this.pick(x, y, finger ? 16 : 9)),
      hover: (x, y) => this.#hover(x, y),
      leave: () => this.#point(null),
      go: (way) => this.#go(way),
      next: () => this.#next(),
      pick: () => this.#choose(this.#hovered ?? this.#selected),
      clear: () => (this.#point(null), this.#choose(null)),
    };
  }

  #zoom(factor, x, y) {
    this.#view.zoomAt(factor, x, y);
    this.#moved(true);
  }

  #fit() {
    this.#view.fit();
    this.#moved(true);
  }

  #moved(tell) {
    const bar = this.#view.bar(Math.min(110, this.#view.width * 0.3));
    say(this.scaleText, bar.text);
    this.scaleBar.style.width = `${bar.px}px`;
    // While the whole city is seen, a finger that goes up or down scrolls the page the map is on.
    this.pane.style.touchAction = this.#view.zoom > 1.02 ? "none" : "pan-y";
    this.#later(...PANES);
    if (tell) this.onview?.(this.view);
  }

  #choose(sel) {
    this.select(sel, { reveal: false });
    if (sel) say(this.voice, `${this.describe(sel).join(", ")}. Chosen.`);
    this.onpick?.(sel);
  }

  /**
   * What is at a pixel of the map: stores are meant before circles' names and people, and circles' discs last.
   * @returns {{kind: string, id: number}|null}
   */
  pick(x, y, slack = 9) {
    if (!this.key) return null;
    if (this.#layers.stores) {
      const store = this.stores.pick(this.#view, x, y, slack);
      if (store >= 0) return { kind: "store", id: store };
    }
    if (this.#layers.circles) {
      const circle = this.circles.pick(this.#view, x, y);
      if (circle >= 0) return { kind: "circle", id: circle };
    }
    if (!this.#layers.people) return null;
    const person = this.people.pick(this.#view, x, y, slack * 0.6, this.#reach());
    return person >= 0 ? { kind: "person", id: this.people.ids[person] } : null;
  }

  #hover(x, y) {
    this.#point(this.pick(x, y, 6), x, y);
  }

  /** Show what is pointed at, beside the pointer. */
  #point(sel, x, y) {
    const same = sel?.kind === this.#hovered?.kind && sel?.id === this.#hovered?.id;
    this.#hovered = sel;
    this.pane.classList.toggle("over", Boolean(sel));
    if (!same) this.#later("marks");
    if (!same && sel) this.#tell();
    this.tip.place(sel, x, y, this.#view);
  }

  #tell() {
    this.tip.say(this.describe(this.#hovered));
  }

  /** With the keyboard to the next store in a direction. */
  #go(way) {
    if (!this.key || !this.stores.count) return;
    const here = this.#hovered ?? this.#selected;
    const from = here?.kind === "store" ? here.id : -1;
    const [x, y] = this.#place(here) ?? [this.#view.x, this.#view.y];
    this.#visit("store", here ? this.stores.next(x, y, way, from) : this.stores.nearest(x, y));
  }

  /** With the keyboard to the next circle. */
  #next() {
    const real = (this.places?.circles ?? []).map((_, k) => k).filter((k) => !this.places.circles[k].street);
    if (!real.length) return;
    const here = this.#hovered ?? this.#selected;
    const at = here?.kind === "circle" ? real.indexOf(here.id) : -1;
    this.#visit("circle", real[(at + 1) % real.length]);
  }

  #visit(kind, id) {
    if (id < 0) return;
    const sel = { kind, id };
    const place = this.#place(sel);
    if (this.#view.reveal(...place)) this.#moved(true);
    this.#point(sel, this.#view.toX(place[0]), this.#view.toY(place[1]));
    say(this.voice, this.describe(sel).join(", "));
  }

  /**
   * Name and state of something, as a list of texts.
   * @param {{kind: string, id: number}} sel
   * @returns {string[]}
   */
  describe(sel) {
    return describe(this, this.#frames, sel);
  }
}
