/**
 * Four charts of a run, or of two runs above each other on the same scales: what became of the shops, who sells,
 * where people go, what platforms earn. They share the map's day, and a click on one goes to that day.
 */

import uPlot from "uplot";

import { CHARTS } from "./chart_specs.js";
import { fill, freshId, h, say, throttle } from "./dom.js";
import { RunSeries, stacked, thinned } from "./series.js";
import { clip, dateText, dayText, isoDay, listed, short } from "./text.js";

const FALLBACK = {
  "--blue": "#0072B2", "--sky": "#56B4E9", "--green": "#009E73", "--yellow": "#F0E442", "--orange": "#E69F00",
  "--vermilion": "#D55E00", "--purple": "#CC79A7", "--black": "#000000", "--brown": "#8C6D00", "--fg": "#222222", "--muted": "#666666",
  "--line": "#cccccc", "--card": "#ffffff",
}; // prettier-ignore
const REDRAW_MS = 200;
const ABSORB_MS = 12;
const FONT = "11px system-ui, sans-serif";

/** The charts of one or two runs. */
export class Charts {
  /**
   * @param {HTMLElement} host
   * @param {object[]} sources one, or two to compare (A, B); their frames grow
   * @param {{only?: string[]}} [options] `only`: ids of the charts to show, instead of all
   */
  constructor(host, sources, { only } = {}) {
    /** Called with the day that was clicked. @type {(day: number) => void} */
    this.onseek = () => {};
    this.host = host;
    this.runs = sources.map((source) => new RunSeries(source));
    this.day = 0;
    this.hovered = null;
    this.root = h("div", { class: ["o2o-charts", this.runs.length > 1 && "two"] });
    const wanted = (spec) => !only || only.some((id) => id === spec.id || id === spec.other?.id);
    const place = (spec) => Math.min(...[spec.id, spec.other?.id].map((id) => only?.indexOf(id) ?? -1).map((k) => (k < 0 ? Infinity : k)));
    const chosen = CHARTS.filter(wanted);
    if (only) chosen.sort((a, b) => place(a) - place(b));
    this.charts = chosen.map((spec) => new Chart(this, spec));
    for (const chart of this.charts) this.root.append(chart.root);
    host.append(this.root);
    this._draw = throttle(() => this._redraw(), REDRAW_MS);
    this._point = throttle(() => this._readings(), REDRAW_MS / 2);
    this._sizes = new ResizeObserver(() => this._draw());
    this._sizes.observe(this.root);
    this._scheme = matchMedia("(prefers-color-scheme: dark)");
    this._repaint = () => this.setTheme();
    this._scheme.addEventListener("change", this._repaint);
    // "Members" is the other side of "cash": it is turned to if it alone is asked for, or first.
    for (const chart of this.charts) {
      const other = only?.indexOf(chart.main.other?.id) ?? -1;
      const main = only?.indexOf(chart.main.id) ?? -1;
      if (other >= 0 && (main < 0 || other < main)) chart.turn(true);
    }
    this._draw();
  }

  /** New frames came, or the frames of a source were exchanged. Cheap; called as often as one likes. */
  update() {
    this._draw();
  }

  /** Show all charts up to a day: what comes after it is not known yet. Cheap; called as often as one likes. */
  cursor(day) {
    if (day !== this.day) {
      this.day = day;
      for (const chart of this.charts) chart.point();
      this._draw();
    }
    if (this.runs.some((run) => run.frames !== run.source.frames || run.days !== run.frames?.count)) this._draw();
  }

  /** Read the colours of the page again. */
  setTheme() {
    this._draw();
  }

  /**
   * Draw attention to some charts and bring the first into view.
   * @param {string[]} ids of "outcomes", "channels", "footfall", "cash", "members"; others are ignored
   */
  highlight(ids) {
    let first = null;
    for (const chart of this.charts) {
      const wanted = [chart.main.id, chart.main.other?.id].find((id) => id && ids.includes(id));
      chart.root.classList.toggle("watched", Boolean(wanted));
      if (wanted && chart.main.other) chart.turn(wanted === chart.main.other.id);
      if (wanted) first ??= chart.root;
    }
    first?.scrollIntoView?.({ block: "nearest" });
  }

  /** The figures of a chart at the shown day, in words, run by run. @param {string} id */
  reading(id) {
    const chart = this.charts.find((one) => one.spec.id === id);
    return chart ? chart.summary() : "";
  }

  /** Take all down. */
  destroy() {
    this._draw.drop();
    this._point.drop();
    this._sizes.disconnect();
    this._scheme.removeEventListener("change", this._repaint);
    for (const chart of this.charts) chart.drop();
    this.root.remove();
  }

  _redraw() {
    const all = this.runs.map((run) => run.absorb(ABSORB_MS)).every(Boolean);
    if (!all) this._draw();
    // Nobody looks: frames are taken up all the same, so that showing the charts later is quick.
    if (!this.root.clientWidth) return;
    const style = getComputedStyle(this.root);
    this.paint = (name) => style.getPropertyValue(name).trim() || FALLBACK[name] || FALLBACK["--fg"];
    for (const chart of this.charts) chart.draw();
    this._readings();
  }

  _readings() {
    if (!this.root.clientWidth) return;
    for (const chart of this.charts) chart.readings();
  }

  hover(day) {
    this.hovered = day;
    for (const chart of this.charts) chart.point();
    this._point();
  }
}

/** One figure: a plot for each run, and a legend with the values at the shown day. */
class Chart {
  constructor(all, spec) {
    this.all = all;
    this.main = spec;
    this.spec = spec;
    this.off = new Set();
    this.seen = new Set();
    this.panels = all.runs.map((run, k) => new Panel(this, run, k));
    const id = freshId("chart");
    this.title = h("h3", { id }, spec.title);
    this.unit = h("span", { class: "unit" });
    this.rows = h("ul", { class: "legend" });
    this.when = h("span", { class: "when" });
    const turn = spec.other
      && h("button", { type: "button", class: "turn", "aria-pressed": "false", onclick: () => this.turn(this.spec === spec) },
        spec.other.title);
    this.turner = turn;
    this.root = h("figure", { class: "o2o-chart", "aria-labelledby": id, dataset: { chart: spec.id } },
      h("header", null, this.title, this.unit, turn),
      h("div", { class: "panels" }, this.panels.map((panel) => panel.root)),
      h("figcaption", null, this.when, this.rows)); // prettier-ignore
  }

  /** Show the other thing this chart can show, or the first again. */
  turn(other) {
    const spec = other && this.main.other ? { kind: this.main.kind, ...this.main.other } : this.main;
    if (spec.id === this.spec.id) return;
    this.spec = spec;
    this.root.dataset.chart = spec.id;
    say(this.title, spec.title);
    say(this.turner, other ? this.main.title : this.main.other.title);
    this.turner.setAttribute("aria-pressed", String(other));
    this.key = null;
    this.all._draw();
  }

  draw() {
    const made = this.panels.map((panel) => ({ panel, parts: this.spec.parts(panel.run) }));
    const names = [...new Set(made.flatMap(({ parts }) => parts.map((part) => part.label)))];
    for (const part of made.flatMap(({ parts }) => parts)) {
      if (part.off && !this.seen.has(part.label)) this.off.add(part.label);
      this.seen.add(part.label);
    }
    const unit = typeof this.spec.unit === "function" ? this.spec.unit(this.panels[0].run) : this.spec.unit;
    say(this.unit, unit);
    let low = 0;
    let high = this.spec.top ?? 0;
    for (const { panel, parts } of made) {
      panel.take(parts, this.spec.kind === "areas");
      if (!this.spec.top) {
        const shown = panel.parts.filter((part) => !this.off.has(part.label));
        for (const part of shown) {
          for (const x of part.drawn) {
            if (x < low) low = x;
            if (x > high) high = x;
          }
        }
      }
    }
    const pad = this.spec.top ? 0 : (high - low) * 0.05;
    this.low = low < 0 ? low - pad : 0;
    this.high = high + pad || 1;
    const key = JSON.stringify([this.spec.id, names]);
    if (key !== this.key) {
      this.key = key;
      this._legend(made);
      for (const panel of this.panels) panel.clear();
    }
    for (const panel of this.panels) panel.draw();
    this.point();
  }

  _legend(made) {
    const parts = new Map(made.flatMap(({ parts: list }) => list.map((part) => [part.label, part])));
    // As they lie in the picture: what is on top comes first.
    const order = this.spec.kind === "areas" ? [...parts.values()].reverse() : [...parts.values()];
    this.cells = [];
    const items = order.map((part) => {
      const values = this.panels.map(() => h("span", { class: "value" }, "–"));
      this.cells.push({ label: part.label, values });
      const inside = [swatch(part, this.spec.kind), h("span", { class: "name", title: part.label }, clip(part.label, 26)), values];
      if (this.spec.kind === "areas") return h("li", null, inside);
      const button = h("button", {
        type: "button", class: "line", title: "Show or hide this line",
        "aria-pressed": String(!this.off.has(part.label)),
        onclick: () => {
          if (!this.off.delete(part.label)) this.off.add(part.label);
          button.setAttribute("aria-pressed", String(!this.off.has(part.label)));
          this.all._draw();
        },
      }, inside); // prettier-ignore
      return h("li", null, button);
    });
    const head = this.panels.length > 1
      && h("li", { class: "heads", "aria-hidden": "true" }, this.panels.map((_, k) => h("span", { class: "value" }, "AB"[k])));
    fill(this.rows, head, items);
  }

  /** Values at the hovered or shown day, beside their names. */
  readings() {
    if (!this.cells) return;
    const day = this.all.hovered ?? this.all.day;
    const key = this.panels[0].run.key;
    say(this.when, key ? dayText(key.start, day) : "");
    for (const { label, values } of this.cells) {
      this.panels.forEach((panel, k) => {
        const x = panel.value(label, day);
        say(values[k], x === undefined ? "–" : this.spec.write(x));
      });
    }
    this.panels.forEach((panel) => panel.describe());
  }

  summary() {
    return this.panels.map((panel) => panel.words()).join(" ");
  }

  point() {
    for (const panel of this.panels) panel.point();
  }

  drop() {
    for (const panel of this.panels) panel.clear();
  }
}

/** The plot of one run in a chart. */
class Panel {
  constructor(chart, run, k) {
    this.chart = chart;
    this.run = run;
    this.parts = [];
    this.letter = chart.all.runs.length > 1 ? "AB"[k] : "";
    this.box = h("div", { class: "plot", role: "img" });
    this.root = h("div", { class: "panel" }, this.letter && h("b", { class: "letter" }, this.letter), this.box);
  }

  /** The figures of this run up to the day shown; areas are stacked. */
  take(parts, areas) {
    const days = Math.min(this.run.days, this.chart.all.day + 1);
    this.days = thinned(days);
    const pick = (values) => this.days.map((day) => values[day] ?? null);
    const heights = areas ? stacked(parts.map((part) => part.values)) : null;
    this.parts = parts.map((part, k) => ({ ...part, values: part.values.slice(0, days), drawn: pick(areas ? heights[k] : part.values) }));
  }

  value(label, day) {
    const part = this.parts.find((one) => one.label === label);
    return part?.values[day];
  }

  draw() {
    const { chart } = this;
    const areas = chart.spec.kind === "areas";
    // The tallest heap is painted first, the others over it.
    this.order = areas ? [...this.parts].reverse() : this.parts;
    const data = [this.days, ...this.order.map((part) => part.drawn)];
    const width = Math.floor(this.box.clientWidth);
    if (!width) return;
    const height = chart.panels.length > 1 ? 112 : 148;
    if (!this.plot || this.width !== width || this.lines !== this.order.length) {
      this.clear();
      this.width = width;
      this.lines = this.order.length;
      this.plot = this._plot(width, height, data);
      return;
    }
    this.order.forEach((part, k) => {
      const show = !chart.off.has(part.label);
      if (this.plot.series[k + 1].show !== show) this.plot.setSeries(k + 1, { show });
    });
    this.plot.setData(data);
  }

  _plot(width, height, data) {
    const { chart } = this;
    const { all } = chart;
    const areas = chart.spec.kind === "areas";
    const last = Math.max(1, (this.run.key?.days ?? 2) - 1);
    const axis = { font: FONT, stroke: () => all.paint("--muted"), ticks: { show: false } };
    const grid = { stroke: () => all.paint("--line"), width: 1 };
    const series = this.order.map((part) => ({
      label: part.label,
      show: !chart.off.has(part.label),
      points: { show: false },
      stroke: () => all.paint(areas ? "--card" : part.colour),
      fill: areas ? () => all.paint(part.colour) : undefined,
      width: areas ? 1 : 2,
      dash: part.dash?.length ? part.dash : undefined,
    }));
    const plot = new uPlot(
      {
        width,
        height,
        padding: [6, 8, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: {
          x: { time: false, range: [0, last] },
          y: { range: () => [chart.low, chart.high] },
        },
        series: [{}, ...series],
        axes: [
          {
            ...axis, grid: { show: false }, size: 22, gap: 4,
            splits: () => monthStarts(this.run.key?.start, last, width),
            values: (_, days) => days.map((day) => monthLabel(this.run.key?.start, day, last)),
          },
          {
            ...axis, grid, size: 46, gap: 3, space: 28,
            values: (_, values) => values.map((x) => (chart.spec.axis ?? short)(x)),
          },
        ],
      },
      data,
      this.box,
    ); // prettier-ignore
    this.shown = h("div", { class: "day" });
    this.under = h("div", { class: "hover" });
    plot.over.append(this.shown, this.under);
    plot.root.setAttribute("aria-hidden", "true");
    const at = (event) => {
      const x = event.clientX - plot.over.getBoundingClientRect().left;
      return Math.max(0, Math.min(Math.max(0, this.run.days - 1), Math.round(plot.posToVal(x, "x"))));
    };
    plot.over.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") all.hover(at(event));
      if (event.buttons & 1) all.onseek(at(event));
    });
    plot.over.addEventListener("pointerleave", () => all.hover(null));
    plot.over.addEventListener("pointerdown", (event) => event.button === 0 && all.onseek(at(event)));
    return plot;
  }

  /** Move the lines of the shown and the hovered day. */
  point() {
    if (!this.plot) return;
    const put = (line, day) => {
      line.hidden = day === null;
      if (day !== null) line.style.transform = `translateX(${Math.round(this.plot.valToPos(day, "x"))}px)`;
    };
    put(this.shown, this.chart.all.day);
    put(this.under, this.chart.all.hovered);
  }

  /** What the picture shows, for those who do not see it. */
  words() {
    const { spec } = this.chart;
    const day = Math.min(this.chart.all.day, this.run.days - 1);
    const { key } = this.run;
    if (!key || day < 0) return "";
    const said = this.parts
      .filter((part) => part.values.length && !this.chart.off.has(part.label))
      .map((part) => `${part.label} ${spec.write(part.values[0])}, then ${spec.write(part.values[day])}`);
    const run = this.letter ? `Run ${this.letter}: ` : "";
    const span = `${dateText(isoDay(key.start, 0))} and ${dayText(key.start, day)}`;
    return `${run}${spec.title} (${this.chart.unit.textContent}), ${span}: ${listed(said)}.`;
  }

  describe() {
    const words = this.words();
    if (this.box.getAttribute("aria-label") !== words) this.box.setAttribute("aria-label", words);
  }

  clear() {
    this.plot?.destroy();
    this.plot = null;
    fill(this.box);
  }
}

/** Days on which months begin, as many as fit. */
function monthStarts(start, last, width) {
  if (!start) return [0];
  const all = [];
  for (let day = 0; day <= last; day += 1) if (isoDay(start, day).endsWith("-01")) all.push(day);
  if (all.length < 2) return [0, last];
  const every = [1, 2, 3, 4, 6, 12, 24, 60].find((k) => (all.length / k) * 46 <= width - 50) ?? 120;
  return all.filter((day) => (Number(isoDay(start, day).slice(5, 7)) - 1) % every === 0);
}

function monthLabel(start, day, last) {
  const iso = start ? isoDay(start, day) : "";
  if (last < 62) return dateText(iso).replace(/ \d{4}$/, "");
  return iso.slice(5, 7) === "01" ? iso.slice(0, 4) : dateText(iso.slice(0, 7)).slice(0, 3);
}

function swatch(part, kind) {
  const colour = `var(${part.colour})`;
  if (kind === "areas") {
    return h("span", { class: "swatch", style: { "--swatch": colour }, "aria-hidden": "true" }, part.mark ?? "");
  }
  const dash = (part.dash ?? []).join(" ");
  return h("svg:svg", { class: "swatch line", viewBox: "0 0 26 8", "aria-hidden": "true" },
    h("svg:line", { x1: 0, y1: 4, x2: 26, y2: 4, "stroke-width": 2.5, "stroke-dasharray": dash, style: { stroke: colour } })); // prettier-ignore
}
