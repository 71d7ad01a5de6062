/**
 * Everything about one shop, circle, platform or person, on a card. The card says what there is (facts, series,
 * a waterfall, a table, events, an end); this only draws it, whatever it is about. A search box chooses without
 * the mouse.
 */

import { debounce, fill, freshId, h, say } from "./dom.js";
import { why } from "./news.js";
import { keyOf } from "./series.js";
import { OUTCOMES, clip, count, dateText, number, quantity, short } from "./text.js";

const MOST_FOUND = 30;
const HINT = "Click a shop, a circle, a platform or a person on the map, or look for one by name.";

/** The panel that shows cards. */
export class Inspector {
  /**
   * @param {HTMLElement} host
   * @param {{onpick?: (sel: {kind: string, id: number}) => void}} [options]
   */
  constructor(host, { onpick } = {}) {
    /** Called when something was chosen in the search box. */
    this.onpick = onpick ?? (() => {});
    this.frames = null;
    this.body = h("div", { class: "body", "aria-live": "polite" });
    const listId = freshId("found");
    this.found = h("ul", { class: "found", id: listId, hidden: true });
    this.said = h("p", { class: "sr", role: "status" });
    const search = debounce(() => this._search(), 120);
    this.box = h("input", {
      type: "search", placeholder: "Find a shop, circle or platform", autocomplete: "off", spellcheck: "false",
      "aria-label": "Find a shop, circle or platform by name", "aria-controls": listId,
      oninput: search, onfocus: () => this._search(),
    }); // prettier-ignore
    const chance = h("button", { type: "button", onclick: () => this._anybody() }, "Somebody by chance");
    this.root = h("div", { class: "o2o-inspect", onkeydown: (event) => this._key(event) },
      h("div", { class: "find" }, this.box, chance), this.said, this.found, this.body); // prettier-ignore
    this.root.addEventListener("focusout", (event) => {
      if (!this.root.contains(event.relatedTarget)) this._close();
    });
    host.append(this.root);
    this.clear();
  }

  /** Where shops, circles and platforms to choose from come from. */
  setFrames(frames) {
    this.frames = frames;
    if (!this.found.hidden) this._search();
  }

  /** Nothing is chosen. */
  clear() {
    fill(this.body, h("p", { class: "hint" }, HINT));
  }

  /** Somebody is asked. @param {string} [what] e.g. "Golden Bell Restaurant" */
  loading(what = "it") {
    this.body.setAttribute("aria-busy", "true");
    fill(this.body, h("p", { class: "hint busy" }, `Asking about ${what} …`));
  }

  /** It could not be shown. @param {string} message */
  error(message) {
    this.body.removeAttribute("aria-busy");
    fill(this.body, h("p", { class: "problem", role: "alert" }, message));
  }

  /** Show a card; null clears. @param {object|null} card */
  show(card) {
    this.body.removeAttribute("aria-busy");
    if (!card) return this.clear();
    fill(this.body, cardOf(card));
  }

  /** Take it down. */
  destroy() {
    this.root.remove();
  }

  // -- finding -----------------------------------------------------------------------------------------
  _all() {
    const { frames } = this;
    const key = keyOf(frames);
    if (!key) return [];
    const states = frames.count ? frames.statesAt(frames.count - 1) : [];
    const kinds = { circle: key.circles ?? [], platform: key.platforms ?? [] };
    const places = Object.entries(kinds).flatMap(([kind, list]) =>
      list.map((one, id) => ({ kind, id, name: one.name, about: one.street ? "streets" : kind, mark: "" })),
    );
    const stores = frames.stores.map((s) => {
      const outcome = OUTCOMES[states[s.n]];
      return {
        kind: "store", id: s.n, name: s.name, mark: outcome?.mark ?? "", colour: outcome?.colour,
        about: [s.category, key.circles?.[s.circle]?.name, outcome?.label].filter(Boolean).join(", "),
      }; // prettier-ignore
    });
    return [...places, ...stores];
  }

  _search() {
    const words = this.box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = this._all().filter((one) => {
      const text = `${one.name} ${one.about} ${one.kind}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const items = fits.slice(0, MOST_FOUND).map((one) =>
      h("li", null,
        h("button", { type: "button", onclick: () => this._choose(one) },
          h("span", { class: "mark", style: { color: one.colour }, "aria-hidden": "true" }, one.mark),
          h("span", { class: "name" }, one.name), h("small", null, one.about)))); // prettier-ignore
    if (fits.length > MOST_FOUND) items.push(h("li", { class: "more" }, `and ${number(fits.length - MOST_FOUND)} more: type on`));
    if (!fits.length) items.push(h("li", { class: "more" }, this.frames ? "Nothing of that name." : "The city is not there yet."));
    fill(this.found, items);
    this.found.hidden = false;
    if (words.length) say(this.said, count(fits.length, "match", "matches"));
  }

  _choose(one) {
    this._close();
    this.box.value = "";
    this.loading(one.name);
    this.onpick({ kind: one.kind, id: one.id });
    this.body.tabIndex = -1;
    this.body.focus?.({ preventScroll: true });
  }

  _anybody() {
    const ids = this.frames?.key?.arrays?.id;
    if (!ids?.length) return;
    const id = Number(ids[Math.floor(Math.random() * ids.length)]);
    this._close();
    this.loading("a person");
    this.onpick({ kind: "person", id });
  }

  _key(event) {
    if (event.key === "Escape" && !this.found.hidden) {
      this._close();
      this.box.focus();
      this.found.hidden = true;
      event.stopPropagation();
      return;
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" && event.key !== "Enter") return;
    const buttons = [...this.found.querySelectorAll("button")];
    const active = this.box.getRootNode().activeElement; // in a notebook the page is a shadow tree
    const at = buttons.indexOf(active);
    const searching = active === this.box;
    if (this.found.hidden || !buttons.length || (!searching && at < 0)) return;
    if (event.key === "Enter") {
      if (!searching) return;
      buttons[0].click();
    } else {
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (next < 0 ? this.box : buttons[Math.min(next, buttons.length - 1)]).focus();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  _close() {
    this.found.hidden = true;
    say(this.said, "");
  }
}

/**
 * A card as an element.
 * @param {object} card
 * @returns {HTMLElement}
 */
export function cardOf(card) {
  return h("article", { class: "card", dataset: { kind: card.kind ?? "" } },
    h("header", null, h("h2", null, card.title ?? ""), card.subtitle && h("p", { class: "subtitle" }, card.subtitle)),
    card.end && h("p", { class: "end" }, dated(card.end)),
    card.facts?.length > 0 && h("dl", { class: "facts" },
      card.facts.map(([label, text]) => h("div", null, h("dt", null, dated(label)), h("dd", null, dated(text))))),
    card.waterfall?.bars?.length > 0 && waterfall(card.waterfall),
    card.series?.length > 0 && h("div", { class: "minis" }, card.series.map(mini)),
    card.table?.rows?.length > 0 && table(card.table),
    card.events?.length > 0 && history(card.events)); // prettier-ignore
}

/** What a month brought and cost, one under the other, down to what is left. */
function waterfall({ title, unit = "", bars }) {
  let sum = 0;
  const rows = bars.map(([label, value]) => {
    const from = sum;
    sum += value;
    return { label, value, from, to: sum };
  });
  rows.push({ label: sum < 0 ? "loss" : "left over", value: sum, from: 0, to: sum, total: true });
  const low = Math.min(0, ...rows.map((row) => row.to));
  const span = Math.max(...rows.flatMap((row) => [row.from, row.to]), 0) - low || 1;
  const at = (x) => `${((x - low) / span) * 100}%`;
  return h("section", { class: "waterfall" },
    h("h3", null, title ?? "Profit and loss", unit && h("span", { class: "unit" }, unit)),
    h("ol", null, rows.map(({ label, value, from, to, total }) =>
      h("li", { class: [total && "total", value < 0 ? "minus" : "plus"] },
        h("span", { class: "name" }, label),
        h("span", { class: "track", "aria-hidden": "true" },
          h("span", { class: "zero", style: { left: at(0) } }),
          h("span", { class: "bar", style: { left: at(Math.min(from, to)), width: `${(Math.abs(to - from) / span) * 100}%` } })),
        h("span", { class: "value" }, signed(value, total)))))); // prettier-ignore
}

const ISO = /^\d{4}-\d{2}(-\d{2})?$/;

/** A sentence with its dates as people write them; those in brackets belong to the names of shops. */
const dated = (text) => String(text ?? "").replace(/(?<![\d(-])\d{4}-\d{2}(-\d{2})?(?![\d)-])/g, (iso) => dateText(iso));

const signed = (x, total) => (x > 0 && !total ? `+${short(x)}` : short(x));

/** One figure over the months, small. */
function mini({ label, unit = "", dates = [], values = [] }) {
  const known = values.filter(Number.isFinite);
  if (!known.length) return null;
  const high = Math.max(0, ...known);
  const low = Math.min(0, ...known);
  const width = 200;
  const height = 44;
  const x = (k) => (values.length > 1 ? (k / (values.length - 1)) * (width - 6) + 3 : width / 2);
  const y = (value) => height - 4 - ((value - low) / (high - low || 1)) * (height - 8);
  let pen = "M";
  const path = values
    .map((value, k) => {
      if (!Number.isFinite(value)) {
        pen = "M";
        return "";
      }
      const step = `${pen}${x(k).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return step;
    })
    .join("");
  const ends = values.findLastIndex(Number.isFinite);
  const text = (value) => quantity(value, unit);
  const span = dates.length ? `${dateText(dates[0])} – ${dateText(dates[dates.length - 1])}` : "";
  const words = `${label}: ${text(known[0])} at first, ${text(known[known.length - 1])} at last, ` +
    `between ${text(Math.min(...known))} and ${text(Math.max(...known))}`; // prettier-ignore
  return h("figure", { class: "mini" },
    h("figcaption", null, h("span", { class: "name" }, label), h("b", null, text(known[known.length - 1]))),
    h("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": words, preserveAspectRatio: "none" },
      h("svg:line", { class: "zero", x1: 0, x2: width, y1: y(0), y2: y(0) }),
      h("svg:path", { class: "line", d: path, "vector-effect": "non-scaling-stroke" }),
      h("svg:circle", { class: "last", cx: x(ends), cy: y(values[ends]), r: 2.6 })),
    h("small", null, span)); // prettier-ignore
}

function table({ title, columns = [], rows }) {
  const cell = (value) => {
    if (typeof value === "number") return number(value);
    return ISO.test(value) ? h("span", { class: "date" }, dateText(value)) : value;
  };
  return h("section", { class: "table" }, title && h("h3", null, dated(title)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title || "table" },
      h("table", null,
        columns.length > 0 && h("thead", null, h("tr", null, columns.map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", null, rows.map((row) =>
          h("tr", null, row.map((value) => h("td", { class: typeof value === "number" && "number" }, cell(value))))))))); // prettier-ignore
}

/** What it decided and why, the latest first. */
function history(events) {
  const latest = [...events].reverse();
  const item = ({ date, decision, reason }) =>
    h("li", null, h("time", { datetime: date }, dateText(date)), h("b", null, decision), reason && h("span", null, why(reason, decision)));
  const first = latest.slice(0, 6);
  const rest = latest.slice(6);
  return h("section", { class: "events" }, h("h3", null, "What it decided, and why"),
    h("ol", null, first.map(item)),
    rest.length > 0 && h("details", null, h("summary", null, `${count(rest.length, "earlier decision")}`),
      h("ol", null, rest.map(item)))); // prettier-ignore
}

/** A short name of what is selected, for headings. @param {object} card */
export const nameOf = (card) => clip(card?.title ?? "", 30);
