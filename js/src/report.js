/**
 * The report: a finished page of words, figures and tables that o2o_sim/show/report.py wrote. This adds what paper
 * cannot: the map that plays (or two, with one time bar), a card for whoever is clicked, tables that sort.
 */

import { fill, h, say } from "./dom.js";
import { unpack } from "./frames.js";
import { Inspector } from "./inspect.js";
import { Player } from "./player.js";
import { RunView } from "./runview.js";
import { ReplaySource } from "./sources.js";
import { count } from "./text.js";
import { Theme } from "./theme.js";
import { timeBar } from "./timebar.js";

/** What stands in a script element as base64. */
function bytesOf(id) {
  const text = document.getElementById(id)?.textContent ?? "";
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}

/** Gunzip and read JSON. */
async function gunzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** One run of the page as a source: its days, and the cards of its stores when the first is asked for. */
async function sourceOf({ key }) {
  const frames = await unpack(bytesOf(`o2o-replay-${key}`).buffer);
  let cards = null;
  return new ReplaySource(frames, async (kind, id) => {
    if (kind !== "store") return null;
    cards ??= gunzipped(bytesOf(`o2o-cards-${key}`)).then((list) => new Map(list.map((card) => [card.id, card])));
    return (await cards).get(id);
  });
}

class Replay {
  #moving = false;

  /**
   * @param {HTMLElement} root
   * @param {Array<{key: string, letter: string, name: string}>} runs
   * @param {Array<ReplaySource>} sources one per run
   * @param {Theme} theme
   */
  constructor(root, runs, sources, theme) {
    this.root = root;
    this.runs = runs;
    this.sources = sources;
    this.theme = theme;
    this.player = new Player([], { still: matchMedia("(prefers-reduced-motion: reduce)").matches });
    this.player.onshow = (day, phase) => this.#show(day, phase);
    this.views = sources.map((source, k) => {
      const { letter, name } = runs[k];
      const view = new RunView(source, { name: letter || "A", theme: theme.name, onpick: (who) => this.#picked(k, who) });
      view.badge.hidden = !letter;
      say(view.title, letter ? name : "");
      view.title.hidden = !letter;
      view.map.onview = (seen) => this.#viewed(k, seen);
      return view;
    });
    this.cards = runs.map(({ letter }, k) => {
      const host = h("div", { class: "report-card" }, letter && h("b", { class: `letter letter-${letter.toLowerCase()}` }, letter));
      const inspector = new Inspector(host, { onpick: (who) => this.#picked(k, who) });
      inspector.setSource(sources[k]);
      return { host, inspector };
    });
    root.classList.toggle("o2o-two", sources.length > 1);
    const legend = h("details", { class: "report-legend" }, h("summary", null, "What the map shows, and layers to switch off"));
    legend.append(this.views[0].map.legend());
    this.views[0].map.onlayers = (layers) => this.views.slice(1).forEach((view) => (view.map.layers = layers));
    fill(
      root,
      h("div", { class: "report-tools" }, theme.button),
      h("div", { class: "report-stage" },
        h("div", { class: "o2o-maps" }, this.views.map((view) => view.node)),
        timeBar(this.player),
        h("div", { class: "report-cards", tabindex: 0, role: "region", "aria-label": "Card of what is chosen" }, this.cards.map(({ host }) => host))),
      legend,
    ); // prettier-ignore
    for (const view of this.views) view.map.resize();
    this.player.setSources(sources);
    // At rest the page shows how it ended; play begins again from the first day.
    this.player.seek(this.player.last);
  }

  themed(name) {
    for (const view of this.views) view.map.setTheme(name);
  }

  /** Choose somebody by run and kind, as the tables do. */
  choose(key, kind, id) {
    const k = this.runs.findIndex((run) => run.key === key);
    if (k < 0) return;
    this.#picked(k, { kind, id });
    this.root.scrollIntoView({ block: "start" });
  }

  #viewed(from, seen) {
    if (this.#moving) return;
    this.#moving = true;
    this.views.forEach((view, k) => k !== from && (view.map.view = seen ?? this.views[from].map.view));
    this.#moving = false;
  }

  /** Whoever is chosen in one run is shown in both, by name. */
  #picked(from, who) {
    const name = who && this.views[from].nameOf(who);
    this.views.forEach((view, k) => {
      const here = who && (k === from ? who : view.find(who.kind, name));
      view.map.select(here);
      this.#card(k, who, here, name);
    });
  }

  #card(k, who, here, name) {
    const { inspector } = this.cards[k];
    if (who && !here) return inspector.error(`${name} is not in run ${this.runs[k].letter}.`);
    return inspector.look(here);
  }

  #show(day, phase) {
    this.views.forEach((view) => view.show(Math.min(day, view.source.frames.count - 1), phase));
    for (const { inspector } of this.cards) inspector.showDay(day);
  }
}

/** The number a cell begins with, or NaN. */
function numberIn(text) {
  const said = /^[-−+±]?[\d,]*\.?\d+/.exec(text.trim());
  return said ? Number(said[0].replace(/[,+±]/g, "").replace("−", "-")) : text.trim() === "–" ? 0 : NaN;
}

/** Let a table be sorted by clicking the heads of its columns. */
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  heads.forEach((head, k) => {
    const words = head.textContent;
    const act = () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      const rows = [...body.rows].map((row) => ({ row, text: row.cells[k].textContent.trim() }));
      const byNumber = head.classList.contains("number") && rows.every(({ text }) => Number.isFinite(numberIn(text)));
      const order = byNumber
        ? (a, b) => numberIn(a.text) - numberIn(b.text)
        : (a, b) => a.text.localeCompare(b.text, "en", { numeric: true });
      rows.sort((a, b) => (down ? order(b, a) : order(a, b)));
      body.append(...rows.map(({ row }) => row));
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
    };
    if (words) fill(head, h("button", { type: "button", onclick: act }, words));
  });
}

/** Names of stores in tables become buttons that choose them on the map. */
function clickable(replay, runs) {
  for (const span of document.querySelectorAll("[data-store]")) {
    const { run, store } = span.dataset;
    if (!runs.some(({ key }) => key === run)) continue;
    const act = () => replay.choose(run, "store", Number(store));
    span.replaceWith(h("button", { type: "button", class: "name", title: "Show on the map", onclick: act }, span.textContent));
  }
}

async function begin(root) {
  const waiting = document.querySelector(".starting");
  const runs = JSON.parse(document.getElementById("o2o-runs")?.textContent ?? "[]");
  const apply = (name) => (document.documentElement.dataset.theme = name);
  let replay = null;
  const theme = new Theme(root, (name) => {
    apply(name);
    replay?.themed(name);
  });
  apply(theme.name);
  if (waiting) say(waiting, `Unpacking ${count(runs.length, "map")} …`);
  const sources = await Promise.all(runs.map(sourceOf));
  document.documentElement.classList.add("live");
  replay = new Replay(root, runs, sources, theme);
  waiting?.remove();
  clickable(replay, runs);
  // Facts for tests and for the curious; nothing on the page reads them.
  window.o2oReport = {
    get day() { return replay.player.day; },
    get last() { return replay.player.last; },
    get playing() { return replay.player.playing; },
    get maps() { return replay.views.map((view) => view.map); },
    get cards() { return replay.cards.map(({ host }) => host.querySelector(".card h2")?.textContent ?? null); },
    choose: (key, kind, id) => replay.choose(key, kind, id),
  }; // prettier-ignore
}

/**
 * Bring the page to life.
 * @param {HTMLElement|null} root where the map goes; null if the run has none
 */
export function report(root) {
  document.querySelectorAll("table.sortable").forEach(sortable);
  if (!root) return;
  begin(root).catch((fault) => {
    document.documentElement.classList.remove("live");
    const waiting = document.querySelector(".starting");
    if (waiting) say(waiting, `The map cannot be shown here (${fault.message}). The rest of the page does not need it.`);
  });
}
