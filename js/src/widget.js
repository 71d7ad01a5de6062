/** The city in a cell of a notebook. The notebook's own connection to its kernel carries the messages (widget.py). */

import { Charts } from "./charts.js";
import { fill, h } from "./dom.js";
import { Inspector } from "./inspect.js";
import { Curtain, Notice, Tabs } from "./layout.js";
import { Levers } from "./levers.js";
import { News } from "./news.js";
import { Player } from "./player.js";
import { RunView } from "./runview.js";
import { Summary } from "./summary.js";
import { LiveSource } from "./sources.js";
import { dayText, quantity } from "./text.js";
import { timeBar } from "./timebar.js";

const TYPING = "input, select, textarea, button, a, summary, [role=tab]";
const NARROW_PX = 760;

/**
 * What LiveSource takes for a websocket: the messages of an anywidget model. Frames come several at a time, and long
 * wishes are fulfilled in slices between which the kernel does what else it has to do.
 */
class Pipe {
  constructor(model) {
    this.model = model;
    this.readyState = 0;
    this.onopen = this.onmessage = this.onclose = null;
    this.hear = (content, buffers) => this.#take(content, buffers ?? []);
    model.on("msg:custom", this.hear);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(text) {
    this.model.send(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
    this.model.off("msg:custom", this.hear);
  }

  #take(content, buffers) {
    if (content?.say === "more") this.model.send({ do: "want", day: content.day });
    else if (content?.say === "bytes") {
      for (const data of buffers) this.onmessage?.({ data });
    } else this.onmessage?.({ data: JSON.stringify(content) });
  }
}

/** A run in the kernel of a notebook. */
export class WidgetSource extends LiveSource {
  /** @param {Object} model of the anywidget */
  constructor(model) {
    super("", { scenario: "", seed: null, set: {}, moves: [] }, { Socket: function () { return new Pipe(model); } });
  }
}

/** One run, however many cells show it: the kernel speaks to all of them at once. */
const sources = new WeakMap();

function sourceOf(model) {
  if (!sources.has(model)) sources.set(model, new WidgetSource(model));
  return sources.get(model);
}

/** Light or dark as the notebook is, which need not be as the machine is. */
function notebookTheme() {
  const { body, documentElement: top } = document;
  const said = body.dataset.jpThemeLight ?? "";
  if (said) return said === "false" ? "dark" : "light";
  const words = `${body.className} ${top.className} ${body.dataset.theme ?? ""} ${top.dataset.theme ?? ""}`;
  if (/\b(vscode-)?dark\b/.test(words)) return "dark";
  if (/\b(vscode-)?light\b/.test(words)) return "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

class CityView {
  #unlisten = [];

  constructor(root, source) {
    this.root = root;
    this.source = source;
    this.selected = null;
    this.shownDay = -1;
    this.notice = new Notice();
    this.curtain = new Curtain();
    this.maps = h("div", { class: "o2o-maps" });
    this.stage = h("div", { class: "o2o-stage" }, this.maps, this.curtain.node, this.notice.node);
    this.tabs = new Tabs(
      [["levers", "Levers"], ["charts", "Charts"], ["inspect", "Inspect"], ["news", "News"], ["summary", "Summary"]].map(([id, label]) => ({ id, label })),
      () => this.player && this.#panel(Math.max(0, this.player.day)),
    );
    const side = h("aside", { class: "o2o-side", "aria-label": "Panels" }, this.tabs.bar, this.tabs.panels);
    this.foot = h("div", { class: "o2o-foot" });
    fill(root, h("div", { class: "o2o-main" }, this.stage, side), this.foot);
    this.player = new Player([], { still: matchMedia("(prefers-reduced-motion: reduce)").matches });
    this.player.onshow = (day, phase) => this.#show(day, phase);
    this.#listen();
    source.ready.then(() => this.#mount(), (error) => this.#refused(error.message));
  }

  #listen() {
    const on = (event, fn) => this.#unlisten.push(this.source.on(event, fn));
    on("frame", () => this.charts?.update());
    on("moved", (move) => this.#moved(move));
    on("error", ({ message }) => this.notice.show(message, { kind: "bad" }));
    on("busy", (message) => !this.source.frames && this.curtain.say(`${message} …`));
    on("lost", (message) => this.#refused(message));
    on("restart", () => this.#mount());
    on("shown", ({ day }) => {
      // Somebody else steps the model (SolaraViz): show what came last.
      if (!this.player.playing) this.player.seek(day);
    });
    this.root.addEventListener("keydown", (event) => {
      // The notebook has keys of its own, which would add and delete cells.
      event.stopPropagation();
      if (event.key !== " " || event.defaultPrevented || event.target.closest?.(TYPING)) return;
      event.preventDefault();
      this.player.toggle();
    });
    this.observer = new ResizeObserver(([{ contentRect }]) => {
      this.root.classList.toggle("o2o-narrow", contentRect.width > 0 && contentRect.width < NARROW_PX);
    });
    this.observer.observe(this.root);
  }

  #mount() {
    if (!this.root.isConnected && this.gone) return;
    this.#takeDown();
    this.curtain.hide();
    const { source } = this;
    this.theme = notebookTheme();
    this.root.dataset.theme = this.theme;
    this.view = new RunView(source, { name: "A", theme: this.theme, onpick: (who) => this.#picked(who) });
    fill(this.maps, this.view.node);
    this.view.addLegend(null);
    this.charts = new Charts(fill(this.tabs.panel("charts")), [source]);
    this.charts.onseek = (day) => {
      this.player.pause();
      this.player.seek(day);
    };
    this.inspector = new Inspector(fill(this.tabs.panel("inspect")), { onpick: (who) => this.#picked(who) });
    this.inspector.setSource(source);
    this.news = new News(fill(this.tabs.panel("news")), {
      onpick: (kind, name) => this.#picked(this.view.find(kind, name)),
    });
    this.summary = new Summary(this.tabs.panel("summary"), { views: () => [this.view] });
    this.tabs.hide("summary", true);
    this.tabs.hide("levers", !source.levers.length);
    if (source.levers.length) this.levers = new Levers(fill(this.tabs.panel("levers")), source);
    this.bar = timeBar(this.player);
    fill(this.foot, this.bar);
    this.player.setSources([source]);
    this.player.seek(0);
    this.#marks();
  }

  #takeDown() {
    this.player.pause();
    this.player.setSources([]);
    this.levers?.destroy?.();
    this.charts?.destroy();
    this.inspector?.destroy();
    this.bar?.destroy();
    this.view?.destroy();
    this.levers = this.charts = this.bar = this.view = null;
    this.shownDay = -1;
  }

  #refused(message) {
    this.curtain.hide();
    this.notice.show(message, { kind: "bad" });
  }

  #show(day, phase) {
    if (!this.view?.show(day, phase) || day === this.shownDay) return;
    this.shownDay = day;
    this.#panel(day);
    if (day > 0 && day === this.player.last) this.tabs.hide("summary", false);
  }

  /** Bring the open panel up to date. */
  #panel(day) {
    if (!this.view) return;
    this.charts.cursor(day);
    this.inspector.showDay(day);
    if (this.tabs.open === "summary") this.summary.show([this.source], day);
    if (this.tabs.open === "news") this.news.show([{ name: "A", frames: this.source.frames }], day);
  }

  #moved({ day, key, value }) {
    this.notice.show(`${this.#words(key, value)}, from ${this.#day(day)}`, { seconds: 5 });
    this.#marks();
  }

  #words(key, value) {
    const lever = this.source.levers.find((one) => one.key === key);
    return `${lever?.label ?? key}: ${quantity(value, lever?.unit)}`;
  }

  #day(day) {
    return dayText(this.source.frames.key.header.start, day);
  }

  #marks() {
    const { moves } = this.source.run;
    this.bar.marks = moves.map(([day, key, value]) => ({ day, text: `${this.#day(day)}: ${this.#words(key, value)}` }));
  }

  #picked(who) {
    this.selected = who;
    this.view.map.select(who);
    if (who) this.tabs.show("inspect");
    return this.inspector.look(who);
  }

  destroy() {
    this.gone = true;
    this.observer.disconnect();
    for (const stop of this.#unlisten) stop();
    this.#takeDown();
    this.player.destroy();
  }
}

/** A place in the cell that the notebook's own styles do not reach (JupyterLab squares buttons and widens lists). */
function shelter(model, el) {
  const styles = model.get("_css");
  if (typeof styles !== "string" || !styles) return el; // marimo has put the cell into such a place already
  const host = h("div");
  el.append(host);
  const shadow = host.attachShadow({ mode: "open" });
  shadow.append(h("style", null, styles));
  return shadow;
}

/**
 * Show a widget in a cell (anywidget calls this). The source stays when the cell goes, for it may be shown again.
 * @param {{model: Object, el: HTMLElement}} cell
 * @returns {function} called when the cell goes
 */
export function render({ model, el }) {
  // JupyterLab leaves keys alone inside elements that say so.
  const root = h("div", { class: "o2o o2o-widget", "data-lm-suppress-shortcuts": "true" });
  const tall = () => root.style.setProperty("--height", `${model.get("height")}px`);
  tall();
  model.on("change:height", tall);
  shelter(model, el).append(root);
  const view = new CityView(root, sourceOf(model));
  return () => {
    model.off("change:height", tall);
    view.destroy();
  };
}
