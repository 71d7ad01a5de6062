/** Cards drawn: a card says what there is (facts, series, a waterfall, a table, events, an end), whatever it is about. */

import { h } from "./dom.js";
import { why } from "./news.js";
import { count, dateText, number, quantity, short } from "./text.js";

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
