/** What shops, platforms and landlords decided, newest first; a click shows who it was. */

import { fill, h, say } from "./dom.js";
import { mark } from "./icons.js";
import { dateText, isoDay } from "./text.js";

const MOST = 400;
const FEW = 3; // from so many on, those who decide the same share a line
const KINDS = { store: "shop", entry: "new shop", platform: "platform", landlord: "landlord", timeline: "timeline" };
const MANY = { store: "shops", entry: "new shops", platform: "platforms", landlord: "landlords", timeline: "dates" };
/** Kinds of news, as the kinds that can be selected. */
const SELECTS = { store: "store", entry: "store", platform: "platform", landlord: "circle" };
/** Decisions of every month, of which there are many. */
const SMALL = new Set(["price", "rent"]);

// The first word of a decision as one does it, and as many do.
const VERBS = {
  price: ["changes its prices", "change their prices"],
  rent: ["changes the rent", "change the rent"],
  subsidy: ["changes its subsidy", "change their subsidies"],
  open: ["opens", "open"],
  close: ["closes", "close"],
  come: ["comes", "come"],
  adopt: ["adopts", "adopt"],
  quit: ["quits", "quit"],
  renew: ["renews a", "renew a"],
  showroom: ["becomes a showroom", "become showrooms"],
  buy: ["buys", "buy"],
  begin: ["begins", "begin"],
  end: ["ends", "end"],
  keep: ["keeps", "keep"],
  move: ["moves", "move"],
  join: ["joins", "join"],
  break: ["breaks", "break"],
  leave: ["leaves", "leave"],
  go: ["goes", "go"],
  hand: ["hands", "hand"],
  share: ["shares", "share"],
  credit: ["credits", "credit"],
  commission: ["changes its commission", "change their commission"],
  harvest: ["begins to harvest", "begin to harvest"],
  round: ["gets money from investors", "get money from investors"],
  festival: ["holds a festival", "hold a festival"],
  push: ["pushes paying by phone", "push paying by phone"],
};
// Decisions that are no verb and object.
const SENTENCES = {
  "no round": ["gets no money from investors", "get no money from investors"],
  "group deal": ["has a group deal", "have group deals"],
  "leave": ["leaves the market", "leave the market"],
  "drawn members": ["wins members", "win members"],
  "lost members": ["loses members it had won", "lose members they had won"],
};
const MARKS = { open: 0, adopt: 1, showroom: 2, move: 3, close: 4 };

// Reasons for other rents, logged in a word.
const BECAUSE = {
  vacancy: "because of empty units",
  "fully let": "because all units are let",
  index: "by the index agreed on",
};

/**
 * A reason as a sentence: a rule is logged by the name of its class ("MatchRival").
 * @param {string} reason
 * @param {string} [decision] of which it is the reason
 */
export function why(reason, decision = "") {
  const text = String(reason ?? "");
  if (/^rent\b/.test(decision) && Object.hasOwn(BECAUSE, text)) return BECAUSE[text];
  if (!/^(?:[A-Z][a-z]+)+$/.test(text)) return text;
  return `its rule: ${text.replace(/(?!^)[A-Z]/g, " $&").toLowerCase()}`;
}

/** A decision as a sentence goes on after who took it. */
export function deed(decision, many = false, reason = "") {
  // One decision, two directions: members whom subsidies drew, and those who go when they have ended.
  const said = decision === "drawn members" && reason === "they ended" ? "lost members" : String(decision);
  if (SENTENCES[said]) return SENTENCES[said][many ? 1 : 0];
  const [first, ...rest] = said.split(" ");
  const verb = VERBS[first];
  if (!verb) return decision;
  // "close the branch" keeps its object; "price" alone is a sentence.
  return [verb[many ? 1 : 0], ...rest].join(" ");
}

/** The news of all days up to `day`, newest day first, at most `most`: [{day, kind, who, decision, reason}]. */
export function latest(frames, day, most = MOST) {
  const all = frames.newsUpTo(Math.min(day, frames.count - 1)).slice(-most);
  return all.sort((a, b) => b.day - a.day); // the order within a day stays
}

/** News of one day with equal decisions put together, what happens every month last: lists of news. */
export function grouped(items) {
  const groups = new Map();
  for (const item of items) {
    const key = JSON.stringify([item.run, item.kind, item.decision, item.reason]);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  const lists = [...groups.values()].flatMap((list) => (list.length < FEW ? list.map((one) => [one]) : [list]));
  return lists.sort((a, b) => SMALL.has(a[0].decision) - SMALL.has(b[0].decision));
}

export class News {
  #shown = "";

  /**
   * @param {HTMLElement} host
   * @param {{onpick: function(string, string)}} options called with kind and name of who was clicked
   */
  constructor(host, { onpick }) {
    this.onpick = onpick;
    this.list = h("div", { class: "o2o-news" });
    this.note = h("p", { class: "o2o-muted" });
    fill(host, this.note, this.list);
  }

  /**
   * @param {Array<{name: string, frames: Frames}>} runs one, or A and B
   * @param {number} day
   */
  show(runs, day) {
    const ready = runs.filter(({ frames }) => frames?.count > 0);
    if (!ready.length) return;
    const items = ready.flatMap(({ name, frames }) =>
      latest(frames, day).map((item) => ({ ...item, run: ready.length > 1 ? name : "" })),
    );
    const key = ready.map(({ frames }) => `${frames.newsUpTo(Math.min(day, frames.count - 1)).length}`).join();
    if (`${key} ${items[0]?.day}` === this.#shown) return;
    this.#shown = `${key} ${items[0]?.day}`;
    items.sort((a, b) => b.day - a.day);
    say(this.note, items.length ? "" : "Nothing was decided yet. Shops and platforms decide at the end of each month.");
    const start = ready[0].frames.key.header.start;
    const byDay = new Map();
    for (const item of items) {
      if (!byDay.has(item.day)) byDay.set(item.day, []);
      byDay.get(item.day).push(item);
    }
    fill(
      this.list,
      [...byDay].map(([on, list]) => [
        h("h3", null, dateText(isoDay(start, on))),
        h("ul", null, grouped(list).map((group) => h("li", null, group.length > 1 ? this.#many(group) : this.#one(group[0])))),
      ]),
    );
  }

  /** Another run begins. */
  clear() {
    this.#shown = "";
    fill(this.list);
  }

  #badge(run) {
    return run && h("span", { class: ["o2o-run", `o2o-run-${run.toLowerCase()}`] }, run);
  }

  #sign(decision) {
    const state = MARKS[decision.split(" ")[0]];
    return h("span", { class: "o2o-sign" }, state === undefined ? null : mark(state));
  }

  #one({ kind, who, decision, reason, run }) {
    return h(
      "button",
      { type: "button", class: "o2o-news-item", onclick: () => this.onpick(SELECTS[kind] ?? kind, who) },
      this.#sign(decision),
      h(
        "span",
        null,
        this.#badge(run),
        h("strong", null, who),
        " ",
        deed(decision, false, reason),
        h("span", { class: "o2o-reason" }, [KINDS[kind] ?? kind, why(reason, decision)].filter(Boolean).join(" · ")),
      ),
    );
  }

  #many(group) {
    const { kind, decision, reason, run } = group[0];
    const said = why(reason, decision);
    const because = decision === "rent" && said; // the sentence goes on
    return h(
      "details",
      { class: "o2o-news-many" },
      h(
        "summary",
        { class: "o2o-news-item" },
        this.#sign(decision),
        h(
          "span",
          null,
          this.#badge(run),
          h("strong", null, `${group.length} ${MANY[kind] ?? kind}`),
          " ",
          because ? `${deed(decision, true, reason)}, ${said}` : deed(decision, true, reason),
          !because && h("span", { class: "o2o-reason" }, said),
        ),
      ),
      h(
        "p",
        { class: "o2o-names" },
        group.map(({ who }) =>
          h("button", { type: "button", onclick: () => this.onpick(SELECTS[kind] ?? kind, who) }, who),
        ),
      ),
    );
  }
}
