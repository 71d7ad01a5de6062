/**
 * How numbers, money and dates are written: the same on every machine, whatever its language settings, so that
 * a class sees on its screens what the handout says.
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_MONTHS = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
];
const MS_PER_DAY = 86_400_000;
const MISSING = "–";

/**
 * A number with thousands separated: 12,345 or 0.25.
 * @param {number} x
 * @param {number} [digits] decimals; without, none from 100 on, else as many as three figures need
 */
export function number(x, digits) {
  if (!Number.isFinite(x)) return MISSING;
  const size = Math.abs(x);
  const decimals = digits ?? (size >= 100 || Number.isInteger(x) ? 0 : size >= 10 ? 1 : 2);
  let text = size.toFixed(decimals);
  if (digits === undefined && text.includes(".")) text = text.replace(/\.?0+$/, "");
  const [whole, part] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const negative = x < 0 && Number(text) !== 0;
  return (negative ? "−" : "") + grouped + (part ? `.${part}` : "");
}

/**
 * A number in few signs, for axes and maps: 950, 12.3 k, 1.2 M, 3.4 bn.
 * @param {number} x
 */
export function short(x) {
  if (!Number.isFinite(x)) return MISSING;
  const size = Math.abs(x);
  for (const [from, word] of [[999.5e6, "bn"], [999.5e3, "M"], [9_999.5, "k"]]) {
    if (size < from) continue;
    const y = x / { bn: 1e9, M: 1e6, k: 1e3 }[word];
    return `${number(y, Math.abs(y) >= 99.95 ? 0 : 1).replace(/\.0$/, "")} ${word}`;
  }
  return number(x);
}

/**
 * An amount of money in few signs: 1.2 M yuan.
 * @param {number} amount
 * @param {string} [currency]
 */
export function money(amount, currency = "yuan") {
  if (!Number.isFinite(amount)) return MISSING;
  return currency ? `${short(amount)} ${currency}` : short(amount);
}

/**
 * A share as a percentage: 0.123 is 12 %, 0.0123 is 1.2 %.
 * @param {number} share
 * @param {number} [digits]
 */
export function percent(share, digits) {
  if (!Number.isFinite(share)) return MISSING;
  const x = share * 100;
  const size = Math.abs(x);
  const decimals = digits ?? (size === 0 || size >= 9.95 ? 0 : 1);
  return `${number(x, decimals)} %`;
}

/**
 * A value with its unit as people write it: "x" is a factor, "share" a percentage.
 * @param {number} x
 * @param {string} [unit]
 */
export function quantity(x, unit = "") {
  if (!Number.isFinite(x)) return MISSING;
  if (unit === "x") return `× ${number(x)}`;
  if (unit === "share" || unit === "%") return percent(unit === "%" ? x / 100 : x);
  return unit ? `${short(x)} ${unit}` : short(x);
}

/**
 * Things counted: 1 shop, 2 shops.
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export function count(n, one, many = `${one}s`) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/**
 * A date written YYYY-MM-DD as days since 1970, or NaN.
 * @param {string} iso
 */
export function dayNumber(iso) {
  const said = /^(\d{4})-(\d{2})-(\d{2})$/.exec(iso ?? "");
  if (!said) return NaN;
  const ms = Date.UTC(+said[1], +said[2] - 1, +said[3]);
  return new Date(ms).getUTCMonth() === +said[2] - 1 ? ms / MS_PER_DAY : NaN;
}

/**
 * The date of the day `day` of a run (0 is its first) as YYYY-MM-DD.
 * @param {string} start first day of the run, YYYY-MM-DD
 * @param {number} day
 */
export function isoDay(start, day) {
  const at = dayNumber(start) + day;
  return Number.isFinite(at) ? new Date(at * MS_PER_DAY).toISOString().slice(0, 10) : "";
}

/**
 * Which day of a run a date is (0 is its first), or NaN.
 * @param {string} start
 * @param {string} iso
 */
export function dayOf(start, iso) {
  return dayNumber(iso) - dayNumber(start);
}

/**
 * A date for people: 5 Apr 2013; a month (YYYY-MM): Apr 2013.
 * @param {string} iso
 */
export function dateText(iso) {
  const [year, month, day] = String(iso ?? "").split("-");
  const name = MONTHS[Number(month) - 1];
  if (!name) return String(iso ?? "");
  return day ? `${Number(day)} ${name} ${year}` : `${name} ${year}`;
}

/**
 * The date of a day of a run for people: 5 Apr 2013.
 * @param {string} start
 * @param {number} day
 */
export function dayText(start, day) {
  return dateText(isoDay(start, day));
}

/**
 * A date in full, where it stands in a sentence: 5 April 2013.
 * @param {string} iso
 */
export function longDate(iso) {
  const [year, month, day] = String(iso ?? "").split("-").map(Number);
  return day ? `${day} ${LONG_MONTHS[month - 1]} ${year}` : dateText(iso);
}

/**
 * A name that fits where labels go.
 * @param {string} text
 * @param {number} [most] signs
 */
export function clip(text, most = 24) {
  const signs = Array.from(String(text));
  return signs.length <= most ? signs.join("") : `${signs.slice(0, most - 1).join("")}…`;
}

/**
 * Names as a sentence lists them: a, b and c.
 * @param {string[]} names
 */
export function listed(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/** Outcomes of shops: the states of a frame in their order, with the words, signs and colours used everywhere. */
export const OUTCOMES = [
  { key: "survived", label: "open, as before", mark: "●", colour: "var(--sky)" },
  { key: "integrated", label: "open, integrated", mark: "■", colour: "var(--blue)" },
  { key: "showroom", label: "showroom", mark: "▲", colour: "var(--yellow)" },
  { key: "online", label: "online only", mark: "◆", colour: "var(--purple)" },
  { key: "closed", label: "closed", mark: "✖", colour: "var(--vermilion)" },
];
