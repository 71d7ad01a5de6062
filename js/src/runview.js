/** One run on the stage: how many shops are in which state, and the map. */

import { freshId, h, say } from "./dom.js";
import { mark } from "./icons.js";
import { CityMap } from "./map.js";
import { OUTCOMES, number } from "./text.js";

const WORDS = ["as before", "integrated", "showroom", "online only", "closed"];
const MEANING = [
  "Open, and sells as it did before: in the shop only.",
  "Open, and integrated with online: coupons, delivery, a marketplace or a partnership.",
  "A showroom: people look here and order online.",
  "Left the street and sells online only.",
  "Closed for good.",
];

const LEGEND_PX = 150;

/** Width in pixels that a city of `nx` by `ny` cells leaves beside it in a map of `width` by `height`. */
export function roomBeside(width, height, nx, ny) {
  return width - (height * nx) / Math.max(1, ny);
}

/** The five counts, with the shapes and colours of the map. */
export class Counts {
  constructor() {
    this.cells = OUTCOMES.map((_, state) => h("strong", null, "0"));
    this.node = h(
      "ul",
      { class: "o2o-counts", "aria-label": "Shops on the day shown" },
      this.cells.map((cell, state) =>
        h("li", { title: MEANING[state] }, mark(state), cell, h("span", null, WORDS[state])),
      ),
    );
  }

  /** @param {number[]} counts of each state */
  show(counts) {
    counts.forEach((n, state) => {
      say(this.cells[state], number(n));
      this.cells[state].parentNode.classList.toggle("o2o-none", n === 0);
    });
  }
}

export class RunView {
  /**
   * @param {Object} source
   * @param {{name: string, theme: string, onpick: function}} options `name`: A or B
   */
  constructor(source, { name, theme, onpick }) {
    this.source = source;
    this.name = name;
    this.badge = h("span", { class: ["o2o-run", `o2o-run-${name.toLowerCase()}`], hidden: true }, name);
    this.title = h("h2", { class: "o2o-run-title" });
    this.counts = new Counts();
    this.host = h("div", { class: "o2o-map-host" });
    this.node = h(
      "section",
      { class: "o2o-run-view", "aria-label": `City ${name}` },
      h("div", { class: "o2o-run-head" }, h("div", { class: "o2o-run-name" }, this.badge, this.title), this.counts.node),
      this.host,
    );
    this.map = new CityMap(this.host, { theme });
    this.map.onpick = onpick;
    if (source.frames) this.map.setFrames(source.frames);
    this.drawnDay = -1;
  }

  /** Show a moment of a day; false if this run has not got that far. */
  show(day, phase) {
    const { frames } = this.source;
    if (!frames || day >= frames.count || day < 0) return false;
    this.map.show(day, phase);
    if (day !== this.drawnDay) {
      this.drawnDay = day;
      const counts = OUTCOMES.map(() => 0);
      for (const state of frames.statesAt(day)) counts[state] += 1;
      this.counts.show(counts);
    }
    return true;
  }

  /** Who has this name here, as the map and `inspect` know them: {kind, id}, or null. */
  find(kind, name) {
    const frames = this.source.frames;
    if (!frames) return null;
    if (kind === "person") return { kind, id: Number(name) };
    const list = kind === "store" ? frames.stores : (frames.key.header[`${kind}s`] ?? []);
    const at = list.findIndex((one) => one?.name === name);
    if (at < 0) return null;
    return { kind, id: kind === "store" ? list[at].n : at };
  }

  /** The name of what was clicked. */
  nameOf({ kind, id }) {
    const frames = this.source.frames;
    if (kind === "person") return String(id);
    if (kind === "store") return frames.stores[id]?.name ?? "";
    return frames.key.header[`${kind}s`]?.[id]?.name ?? "";
  }

  /** What is special about this run. */
  entitle(text, title) {
    say(this.title, text);
    this.title.title = title;
  }

  /** The legend of the map, whose switches also act on the map of `other`, if there is one. */
  addLegend(other) {
    const legend = this.map.legend();
    if (other) this.map.onlayers = (layers) => Object.assign(other.map.layers, layers);
    const body = h("div", { class: "o2o-legend-body", id: freshId("legend") }, legend);
    const button = h(
      "button",
      { type: "button", class: "o2o-button", "aria-controls": body.id, onclick: () => open(body.hidden) },
      "Legend",
    );
    const open = (on) => {
      body.hidden = !on;
      button.setAttribute("aria-expanded", String(on));
    };
    const { nx, ny } = this.source.frames?.key.header.grid ?? { nx: 1, ny: 1 };
    open(roomBeside(this.host.clientWidth, this.host.clientHeight, nx, ny) > 2 * LEGEND_PX);
    this.host.append(h("div", { class: "o2o-legend" }, button, body));
  }

  destroy() {
    this.map.destroy();
    this.node.remove();
  }
}
