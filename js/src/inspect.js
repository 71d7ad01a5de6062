/**
 * Everything about one shop, circle, platform or person, on a card of the day that is shown. Whoever was chosen is asked
 * about again when another day is shown, in whatever way the run is there. A search box chooses without the mouse.
 */

import { cardOf } from "./card_view.js";
import { debounce, fill, freshId, h, say, throttle } from "./dom.js";
import { keyOf } from "./series.js";
import { OUTCOMES, count, dayText, number } from "./text.js";

const MOST_FOUND = 30;
const AGAIN_MS = 700; // while it plays
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
    this.source = null;
    this.who = null;
    this.day = -1;
    this.turn = 0;
    this.stale = false; // the card is of another day than the one shown
    this.body = h("div", { class: "body", "aria-live": "polite" });
    this._again = throttle(() => this._ask(true), AGAIN_MS);
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

  /** Whose shops, circles, platforms and people are looked at. @param {object} source of a run (sources.js) */
  setSource(source) {
    this.source = source;
    if (!this.found.hidden) this._search();
  }

  get frames() {
    return this.source?.frames ?? null;
  }

  /** Another day is shown: what is chosen and what there is to choose from is that of this day. @param {number} day */
  showDay(day) {
    if (day !== this.day) {
      this.day = day;
      this.stale = true;
      if (!this.found.hidden) this._search();
    }
    if (this.stale && this.who && this.root.clientWidth) this._again();
  }

  /** Somebody is chosen; null: nobody. @param {{kind: string, id: number}|null} who */
  look(who) {
    if (!who) return this.clear();
    this.who = who;
    return this._ask(false);
  }

  /** Nothing is chosen. */
  clear() {
    this._leave();
    fill(this.body, h("p", { class: "hint" }, HINT));
  }

  /** Somebody is asked. @param {string} [what] e.g. "Golden Bell Restaurant" */
  loading(what = "it") {
    this.body.setAttribute("aria-busy", "true");
    fill(this.body, h("p", { class: "hint busy" }, `Asking about ${what} …`));
  }

  /** It could not be shown. @param {string} message */
  error(message) {
    this._leave();
    this._fault(message);
  }

  /** Take it down. */
  destroy() {
    this._leave();
    this.root.remove();
  }

  _leave() {
    this._again.drop();
    this.turn += 1;
    this.who = null;
    this.body.removeAttribute("aria-busy");
  }

  _fault(message) {
    this.body.removeAttribute("aria-busy");
    fill(this.body, h("p", { class: "problem", role: "alert" }, message));
  }

  /** Ask about whoever is chosen, on the day shown. @param {boolean} again the card that is there is of another day */
  async _ask(again) {
    const { who, source } = this;
    if (!who || !source) return;
    const turn = (this.turn += 1);
    const day = Math.min(Math.max(this.day, 0), (this.frames?.count ?? 1) - 1);
    this.stale = false;
    const later = this._opensLater(who, day);
    if (later) {
      this._again.drop();
      fill(this.body, h("p", { class: "hint" }, later));
      return;
    }
    const [card, fault] = await source.inspect(who.kind, who.id, day).then((said) => [said], (error) => [null, error]);
    if (turn !== this.turn) return;
    if (fault) this._fault(fault.message);
    else this._show(card, day, again);
  }

  /** Of a shop that is not there on a day: when it opens; "" of anybody else. */
  _opensLater({ kind, id }, day) {
    const { frames } = this;
    const shop = kind === "store" && frames?.count ? frames.stores[id] : null;
    if (!shop || id < frames.statesAt(day).length) return "";
    return `${shop.name} is not there yet on ${dayText(keyOf(frames).start, day)}: it opens later.`;
  }

  _show(card, day, again) {
    this.body.removeAttribute("aria-busy");
    // A card that follows the day that plays is not read out again and again, and stays folded out as it was.
    this.body.setAttribute("aria-live", again ? "off" : "polite");
    const open = again && [...this.body.querySelectorAll("details")].map((one) => one.open);
    const start = keyOf(this.frames)?.start;
    fill(this.body, start && day >= 0 && h("p", { class: "as-of" }, `As of ${dayText(start, day)}`), cardOf(card));
    if (open) this.body.querySelectorAll("details").forEach((one, k) => (one.open = open[k] ?? false));
  }

  // -- finding -----------------------------------------------------------------------------------------
  _all() {
    const { frames } = this;
    const key = keyOf(frames);
    if (!key) return [];
    const states = frames.count ? frames.statesAt(Math.min(Math.max(this.day, 0), frames.count - 1)) : [];
    const kinds = { circle: key.circles ?? [], platform: key.platforms ?? [] };
    const places = Object.entries(kinds).flatMap(([kind, list]) =>
      list.map((one, id) => ({ kind, id, name: one.name, about: one.street ? "streets" : kind, mark: "" })),
    );
    const stores = frames.stores.slice(0, states.length).map((s) => {
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
