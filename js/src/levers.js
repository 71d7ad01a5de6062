/**
 * Levers: a slider and a number field each, in groups. A lever moved while the city runs acts from the next day
 * that is not simulated yet, and the panel says which day that is.
 */

import { debounce, fill, freshId, h, say } from "./dom.js";
import { keyOf } from "./series.js";
import { dayText, number } from "./text.js";

const FIRST = ["levers.subsidy_x", "levers.rent_x", "levers.logistics_x"];
const SEARCH_FROM = 15;
const PAUSE_MS = 250;
const FAR = 10;
const FEW_DIGITS = 7;
const REPLAY = "This is a recording: levers can be looked at, not moved.";
const EMPTY = "This run has no levers.";

/** The panel of levers of one run. */
export class Levers {
  /**
   * @param {HTMLElement} host
   * @param {object} source has `levers`, `live`, `frames`, `move(key, value)`, `on(event, fn)`
   * @param {{onmove?: (key: string, value: number) => void, reason?: string}} [options] `onmove` is called in
   *   the place of `source.move`; `reason` says why levers cannot be moved
   */
  constructor(host, source, { onmove, reason } = {}) {
    this.onmove = onmove ?? null;
    this.root = h("div", { class: "o2o-levers" });
    host.append(this.root);
    this.quiet = [];
    this.closed = new Set();
    this.setSource(source, "", reason);
  }

  /**
   * Show the levers of another run.
   * @param {object|null} source
   * @param {string} [letter] "A" or "B" where two runs are compared
   * @param {string} [reason] why they cannot be moved, if they cannot
   */
  setSource(source, letter = "", reason = "") {
    this._unlisten();
    this.source = source;
    this.letter = letter;
    this.reason = reason || (source && !source.live ? REPLAY : "");
    if (source?.on) {
      const on = (event, fn) => {
        const off = source.on(event, fn);
        if (typeof off === "function") this.quiet.push(off);
      };
      on("moved", (said) => this.source === source && this.moved(said));
      on("error", (said) => this.source === source && (said?.about ?? "move") === "move" && this.error(said));
      on("opened", () => this.source === source && this.render());
    }
    this.render();
  }

  /** Forbid moving, with the reason; null allows it again. @param {string|null} reason */
  disable(reason) {
    this.reason = reason ?? "";
    say(this.why, this.reason);
    this.why.hidden = !this.reason;
    for (const row of this.rows.values()) row.disable(Boolean(this.reason));
  }

  /** A lever was moved: it acts from `day`. @param {{day: number, key: string, value: number}} said */
  moved({ day, key, value }) {
    const row = this.rows.get(key);
    if (!row) return;
    const start = keyOf(this.source?.frames)?.start;
    row.set(value);
    for (const other of this.rows.values()) other.heard(key, value);
    row.tell(start ? `acts from ${dayText(start, day)}` : `acts from day ${number(day + 1)}`);
    if (this.asked === key) this.asked = null;
  }

  /** A lever was refused. Without a key it is the one that was moved last. @param {{message: string, key?: string}} said */
  error({ message, key }) {
    const row = this.rows.get(key ?? this.asked);
    if (row) row.tell(message, true);
    else {
      say(this.why, message);
      this.why.hidden = false;
    }
  }

  /** Draw attention to some levers and open their groups. @param {string[]} keys */
  highlight(keys) {
    let first = null;
    for (const [key, row] of this.rows) {
      const wanted = keys.includes(key);
      row.root.classList.toggle("watched", wanted);
      if (!wanted) continue;
      row.group.open = true;
      first ??= row.root;
    }
    first?.scrollIntoView?.({ block: "nearest" });
  }

  /** Give the keyboard's focus to the first of some levers that is there. @param {string[]} keys */
  focus(keys) {
    const row = [...this.rows.values()].find(({ lever, slider }) => keys.includes(lever.key) && !slider.disabled);
    row?.slider.focus({ preventScroll: true });
  }

  /** Build the panel from the source's descriptors. */
  render() {
    for (const row of this.rows?.values() ?? []) row.drop();
    this.rows = new Map();
    this.asked = null;
    const levers = this.source?.levers ?? [];
    this.why = h("p", { class: "reason", role: "status", hidden: !this.reason }, this.reason);
    if (!levers.length) {
      fill(this.root, this.reason ? this.why : h("p", { class: "hint" }, EMPTY));
      return;
    }
    const groups = new Map();
    const place = (lever) => (FIRST.includes(lever.key) ? "The three levers" : lever.group || "Others");
    const ordered = [...levers].sort((a, b) => rank(a) - rank(b));
    for (const lever of ordered) {
      const name = place(lever);
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(lever);
    }
    this.groups = [...groups].map(([name, list], k) => this._group(name, list, k < (levers.length > SEARCH_FROM ? 1 : 3)));
    const search = levers.length > SEARCH_FROM && this._search();
    const all = h("button", { type: "button", class: "all", onclick: () => this._resetAll() }, "All back to where they were");
    fill(this.root, this.why, search, this.groups.map((group) => group.root), h("p", { class: "foot" }, all));
    for (const [, key, value] of this.source.run?.moves ?? []) for (const row of this.rows.values()) row.heard(key, value);
    this.disable(this.reason || null);
  }

  _group(name, levers, open) {
    const rows = levers.map((lever) => new Row(lever, (value) => this._move(lever.key, value)));
    const root = h("details", { class: "group", open: this.closed.has(name) ? false : open },
      h("summary", null, name, h("small", null, String(levers.length))), rows.map((row) => row.root)); // prettier-ignore
    for (const row of rows) {
      row.group = root;
      this.rows.set(row.lever.key, row);
    }
    return { root, rows, open };
  }

  _search() {
    const status = h("span", { class: "sr", role: "status" });
    const filter = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const group of this.groups) {
        let some = false;
        for (const row of group.rows) {
          const fits = words.every((word) => row.text.includes(word));
          row.root.hidden = !fits;
          some ||= fits;
          found += fits ? 1 : 0;
        }
        group.root.hidden = !some;
        group.root.open = words.length ? some : group.open;
      }
      say(status, words.length ? `${found} levers` : "");
    };
    const box = h("input", { type: "search", placeholder: "Find a lever", "aria-label": "Find a lever", oninput: debounce(filter, 100) });
    return h("div", { class: "find" }, box, status);
  }

  _move(key, value) {
    this.asked = key;
    this.rows.get(key)?.tell("…");
    try {
      const done = this.onmove ? this.onmove(key, value) : this.source.move(key, value);
      done?.catch?.((fault) => this.error({ message: String(fault?.message ?? fault), key }));
    } catch (fault) {
      this.error({ message: String(fault?.message ?? fault), key });
    }
  }

  _resetAll() {
    for (const row of this.rows.values()) row.reset();
  }

  _unlisten() {
    for (const off of this.quiet) off();
    this.quiet = [];
  }

  /** Take it down. */
  destroy() {
    this._unlisten();
    for (const row of this.rows.values()) row.drop();
    this.root.remove();
  }
}

const rank = (lever) => (FIRST.includes(lever.key) ? FIRST.indexOf(lever.key) : FIRST.length);

/** One lever. */
class Row {
  constructor(lever, move) {
    this.lever = lever;
    this.value = lever.value;
    this.group = null;
    this.text = `${lever.label} ${lever.group} ${lever.key} ${lever.about ?? ""}`.toLowerCase();
    const later = debounce((value) => move(value), PAUSE_MS);
    this.later = later;
    const id = freshId("lever");
    const tellId = `${id}-said`;
    const low = Math.min(lever.low ?? lever.min ?? 0, lever.value);
    // A value far beyond the slider (1,000 bn: no limit) is at its end, or nothing below could be chosen.
    const most = lever.high ?? lever.max ?? 1;
    const high = lever.value > FAR * Math.max(Math.abs(most), 1) ? most : Math.max(most, lever.value);
    const step = lever.step || (high - low) / 100 || 0.01;
    const ask = (value) => {
      const problem = this._problem(value);
      if (problem) {
        later.drop();
        this.tell(problem, true);
        return;
      }
      this.show(value);
      // Back where it was before anything was asked: there is nothing to ask.
      if (value === this.value) later.drop();
      else later(value);
    };
    this.slider = h("input", {
      type: "range", min: low, max: high, step, value: lever.value, "aria-labelledby": id, "aria-describedby": tellId,
      oninput: () => ask(Number(this.slider.value)),
    });
    this.field = h("input", {
      type: "number", id: `${id}-field`, min: lever.min, max: lever.max, step: "any", value: lever.value, inputmode: "decimal",
      "aria-labelledby": id, "aria-describedby": tellId,
      onchange: () => ask(this.field.value.trim() === "" ? NaN : Number(this.field.value)),
      onkeydown: (event) => event.key === "Enter" && later.now(),
    });
    this.back = h("button", { type: "button", class: "back", title: `Back to ${number(lever.default)}`,
      "aria-label": `${lever.label}: back to ${number(lever.default)}`, onclick: () => this.reset() }, "↺");
    this.said = h("p", { class: "said", id: tellId, role: "status" });
    this.awake = new Set();
    this.why = h("p", { class: "idle", id: `${id}-idle` });
    // The label is the first sentence of what there is to say.
    const about = lever.about ?? "";
    const remark = (about.startsWith(lever.label) ? about.slice(lever.label.length) : about).replace(/^[.\s]+/, "");
    const share = (lever.default - low) / (high - low || 1);
    const inside = share >= 0 && share <= 1;
    const mark = inside && h("span", { class: "mark", style: { "--at": String(share) }, "aria-hidden": "true" });
    this.root = h("div", { class: "lever", dataset: { key: lever.key } },
      h("label", { id, for: `${id}-field`, title: lever.key }, lever.label),
      h("div", { class: "track" }, this.slider, mark),
      h("div", { class: "exact" }, this.field, h("span", { class: "unit" }, unitText(lever.unit)), this.back),
      remark && h("p", { class: "about" }, remark), this.why, this.said); // prettier-ignore
    this.show(lever.value);
    this._grey();
  }

  _problem(value) {
    const { min, max } = this.lever;
    if (!Number.isFinite(value)) return "A number is wanted here.";
    if (min != null && value < min) return `At least ${number(min)}.`;
    if (max != null && value > max) return `At most ${number(max)}.`;
    return "";
  }

  /** The lever stands here by what the simulation says. */
  set(value) {
    this.value = value;
    this.show(value);
  }

  show(value) {
    this.slider.value = String(value);
    if (Number(this.field.value) !== value) this.field.value = String(Number(value.toPrecision(6)));
    // Wide enough for all digits: half a number is another number.
    const digits = this.field.value.length;
    this.field.style.width = digits > FEW_DIGITS ? `${digits + 4}ch` : "";
    this.slider.setAttribute("aria-valuetext", `${number(value)} ${unitText(this.lever.unit)}`.trim());
    const away = value !== this.lever.default;
    this.root.classList.toggle("away", away);
    this.back.hidden = !away;
    if (this.said.classList.contains("bad")) this.tell("");
  }

  reset() {
    if (this.off || Number(this.field.value) === this.lever.default) return;
    this.show(this.lever.default);
    this.later(this.lever.default);
  }

  tell(text, bad = false) {
    this.said.classList.toggle("bad", bad);
    this.field.setAttribute("aria-invalid", String(bad));
    say(this.said, text);
  }

  disable(off) {
    this.off = off;
    this._grey();
  }

  /** Another lever was moved, which may give this one an effect, or take it. */
  heard(key, value) {
    if (!this.lever.wakes?.includes(key)) return;
    if (value > 0) this.awake.add(key);
    else this.awake.delete(key);
    this._grey();
  }

  /** Whether it has no effect as the other levers stand. */
  get isIdle() {
    return Boolean(this.lever.idle) && !this.awake.size;
  }

  _grey() {
    const idle = this.isIdle;
    const reason = idle ? `No effect here: ${this.lever.idle}.` : "";
    this.root.classList.toggle("idle", idle);
    this.root.title = reason;
    say(this.why, reason);
    this.why.hidden = !idle;
    // One that was moved before it fell idle can still be put back.
    const off = Boolean(this.off) || idle;
    this.slider.disabled = off;
    this.field.disabled = off;
    this.back.disabled = Boolean(this.off);
  }

  drop() {
    this.later.drop();
  }
}

const unitText = (unit) => (unit === "x" ? "× usual" : (unit ?? ""));
