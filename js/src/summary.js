/** The end of a run, or of two: what became of the shops and why, what has changed most, and files to take along. */

import { signed } from "./compare.js";
import { csv, fileName, picture, save } from "./downloads.js";
import { MONTH, causes, changes, differences, fates, outcomeRows, span } from "./ending.js";
import { fill, h, say } from "./dom.js";
import { mark } from "./icons.js";
import { OUTCOMES, count, dateText, isoDay, longDate, number } from "./text.js";

const FEW_REASONS = 6;

export class Summary {
  #shown = "";

  /**
   * @param {HTMLElement} host
   * @param {{views: function(): Array, oncompare?: function}} options `views`: the maps on the stage; `oncompare` shows
   *   the shops whose fate differs
   */
  constructor(host, { views, oncompare }) {
    this.views = views;
    this.oncompare = oncompare;
    this.title = h("h2", { tabindex: -1 });
    this.body = h("div");
    this.status = h("p", { class: "status", role: "status" });
    this.files = h("div", { class: "buttons", role: "group", "aria-label": "Files to download" });
    this.root = h("article", { class: "o2o-summary" }, this.title, this.body, h("h3", null, "Downloads"), this.files, this.status);
    fill(host, this.root);
  }

  /** Other runs are on the stage. */
  clear() {
    this.#shown = "";
    say(this.status, "");
  }

  /** @param {Array<Object>} sources one, or A and B @param {number} day */
  show(sources, day) {
    const runs = sources.map(({ frames }, k) => ({ name: "AB"[k], frames }));
    if (runs.some(({ frames }) => !frames || day < 0 || day >= frames.count)) return;
    const shown = `${day} ${sources.map(({ lost, ended }) => `${lost ?? ""}${ended}`)}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    say(this.status, "");
    this.sources = sources;
    this.day = day;
    const { start } = runs[0].frames.key.header;
    const over = sources.every(({ days }) => day >= days - 1);
    say(this.title, `${over ? "The end" : "So far"}: ${longDate(isoDay(start, day))}`);
    const [a, b] = runs;
    const means = `, means of ${count(b ? Math.min(MONTH, day + 1) : span(day), "day")}`;
    fill(
      this.body,
      h("h3", null, "What became of the shops"),
      b ? pairTable(a.frames, b.frames, day) : fateTable(a.frames, day, start),
      runs.map(({ name, frames }) => [h("h3", null, b ? `Why, in ${name}` : "Why"), why(frames, day)]),
      h("h3", null, b ? `Largest differences of B from A${means}` : `Largest changes since the first day${means}`),
      changeList(b ? differences(a.frames, b.frames, day) : changes(a.frames, day)),
      b && this.oncompare && h("p", null, h("button", { type: "button", class: "o2o-button", onclick: this.oncompare }, "Which shops fare otherwise")),
    );
    this.#offer(over);
  }

  /** Put the keyboard's focus to its title, which a screen reader reads. */
  focus() {
    this.title.focus({ preventScroll: true });
  }

  #offer(over) {
    const { sources, day } = this;
    const two = sources.length > 1;
    const { header } = sources[0].frames.key;
    const date = isoDay(header.start, day);
    const name = (what, ending) => fileName(`${header.name} seed ${header.seed ?? ""} ${what} ${date}`, ending);
    const table = () => {
      const rows = outcomeRows(sources.map(({ frames }, k) => ({ name: "AB"[k], frames })), day);
      save(csv(rows), name("outcomes", "csv"), "text/csv");
      return `The table of ${count(rows.length - 1, "shop")} is saved.`;
    };
    const image = async () => {
      save(await picture(this.views(), day), name("map", "png"));
      return "The picture is saved.";
    };
    const report = (k) => async () => {
      save(await sources[k].report(), name(two ? `report ${"AB"[k]}` : "report", "html"), "text/html");
      return "The report is saved: open it in a browser.";
    };
    const reports = over ? sources.flatMap((source, k) => (source.reports ? [[two ? `Report of ${"AB"[k]}` : "Report", "HTML", report(k)]] : [])) : [];
    fill(this.files, [["Outcomes", "CSV", table], ["Picture", "PNG", image], ...reports].map(([label, kind, make]) => this.#button(label, kind, make)));
  }

  #button(label, kind, make) {
    const button = h("button", { type: "button", class: "o2o-button", onclick: async () => {
      button.disabled = true;
      say(this.status, `${label}: being made …`);
      try {
        say(this.status, await make());
      } catch (fault) {
        say(this.status, `${label}: ${fault?.message ?? fault}`);
      }
      button.disabled = false;
      button.focus({ preventScroll: true });
    } }, label, h("small", null, ` ${kind}`)); // prettier-ignore
    return button;
  }
}

function table(caption, heads, rows) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", { class: "o2o-table o2o-figures" }, h("caption", { class: "sr" }, caption),
      h("thead", null, h("tr", null, h("td"), heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", null, rows.map(([state, label, ...cells]) => h("tr", null,
        h("th", { scope: "row" }, h("span", { class: "o2o-with-mark" }, state !== null && mark(state), label)), cells.map((text) => h("td", null, text))))))); // prettier-ignore
}

function fateTable(frames, day, start) {
  const rows = fates(frames, day);
  const sum = (which) => rows.reduce((total, row) => total + row[which], 0);
  const heads = [dateText(start), dateText(isoDay(start, day)), "change"];
  const line = (state, label, first, now) => [state, label, number(first), number(now), signed(now - first, number)];
  return table("Shops by what became of them", heads,
    [...rows.map(({ state, label, first, now }) => line(state, label, first, now)), line(null, "all that ever opened", sum("first"), sum("now"))]); // prettier-ignore
}

function pairTable(a, b, day) {
  const [left, right] = [fates(a, day), fates(b, day)];
  return table("Shops by what became of them, in A and in B", ["A", "B", "B − A"],
    left.map(({ state, label, now }, k) => [state, label, number(now), number(right[k].now), signed(right[k].now - now, number)])); // prettier-ignore
}

function why(frames, day) {
  const found = causes(frames, day);
  if (!found.length) return h("p", null, "Every shop is as it was.");
  return h("ul", { class: "o2o-causes" }, found.map(({ state, count: n, reasons }) =>
    h("li", null, h("span", { class: "o2o-with-mark" }, mark(state), h("b", null, `${number(n)} ${OUTCOMES[state].label}`)),
      h("ul", null, reasons.slice(0, FEW_REASONS).map(({ reason, count: k }) => h("li", null, `${number(k)}: ${reason || "no reason is told"}`)),
        reasons.length > FEW_REASONS && h("li", null, `and ${count(reasons.length - FEW_REASONS, "other reason")}`))))); // prettier-ignore
}

function changeList(list) {
  if (!list.length) return h("p", null, "Nothing differs.");
  return h("ol", { class: "o2o-changes" }, list.map(({ label, from, to, by }) =>
    h("li", null, h("span", null, label), h("b", null, `${from} → ${to}`), h("span", { class: "o2o-muted" }, by)))); // prettier-ignore
}
