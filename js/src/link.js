/**
 * The link: everything that makes a view again, in the part of the address after "#".
 *
 *     #scenario=classroom&seed=1&set=levers.rent_x:1.5&moves=120:levers.subsidy_x:2&day=200&b.set=levers.rent_x:1
 *
 * Run B (the right map) carries the same names with "b." before them; what it leaves out is as in run A.
 */

/**
 * @typedef {Object} Run what one session is opened with
 * @property {string} scenario
 * @property {number|null} seed null: the scenario's own
 * @property {Object<string, number>} set levers from the first day
 * @property {Array<[number, string, number]>} moves levers from a later day: [day, key, value]
 */

/** One more than a server takes, so that too long a list is refused, not cut silently. */
const MOST_PARTS = 1001;
const LARGEST_SEED = 2 ** 32 - 1;

const code = (text) => encodeURIComponent(text).replace(/%2F/g, "/");

function plain(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // a broken % sign
  }
}

function value(text) {
  const said = plain(text);
  if (said === null || said.trim() === "") return null;
  const x = Number(said);
  return Number.isFinite(x) ? x : null;
}

/** Lists are split at their separators before they are decoded, so that names may contain these signs. */
function split(text, separator) {
  return text === "" ? [] : text.split(separator).slice(0, MOST_PARTS);
}

function levers(text, drop) {
  const set = {};
  for (const part of split(text, ",")) {
    const [key, x, ...more] = part.split(":");
    const name = plain(key);
    const y = value(x ?? "");
    if (name && y !== null && !more.length) set[name] = y;
    else drop(part);
  }
  return set;
}

function later(text, drop) {
  const moves = [];
  for (const part of split(text, ",")) {
    const [day, key, x, ...more] = part.split(":");
    const at = wholeNumber(day);
    const name = plain(key ?? "");
    const y = value(x ?? "");
    if (at !== null && name && y !== null && !more.length) moves.push([at, name, y]);
    else drop(part);
  }
  return moves.sort((a, b) => a[0] - b[0]);
}

/** Some mail programs encode the signs between the parts; there is no list without a ":". */
function separators(text) {
  return text.includes(":") ? text : text.replace(/%3A/gi, ":").replace(/%2C/gi, ",");
}

function wholeNumber(text) {
  return /^\d{1,9}$/.test(text ?? "") ? Number(text) : null;
}

/** Seeds have up to ten digits. */
function seedNumber(text) {
  return /^\d{1,10}$/.test(text ?? "") && Number(text) <= LARGEST_SEED ? Number(text) : null;
}

const writeSet = (set) =>
  Object.entries(set)
    .map(([key, x]) => `${code(key)}:${x}`)
    .join(",");
const writeMoves = (moves) => moves.map(([day, key, x]) => `${day}:${code(key)}:${x}`).join(",");

const empty = (run) => !Object.keys(run.set).length && !run.moves.length;

/**
 * The part of the address after "#" (with it) for a view.
 * @param {{a: Run, b?: Run|null, day?: number, lesson?: string|null}} view
 */
export function writeLink({ a, b = null, day = 0, lesson = null }) {
  const parts = [`scenario=${code(a.scenario)}`];
  if (a.seed != null) parts.push(`seed=${a.seed}`);
  if (Object.keys(a.set).length) parts.push(`set=${writeSet(a.set)}`);
  if (a.moves.length) parts.push(`moves=${writeMoves(a.moves)}`);
  if (day > 0) parts.push(`day=${day}`);
  if (lesson) parts.push(`lesson=${code(lesson)}`);
  if (b) {
    const before = parts.length;
    if (b.scenario !== a.scenario) parts.push(`b.scenario=${code(b.scenario)}`);
    if (b.seed != null && b.seed !== a.seed) parts.push(`b.seed=${b.seed}`);
    if (Object.keys(b.set).length) parts.push(`b.set=${writeSet(b.set)}`);
    if (b.moves.length) parts.push(`b.moves=${writeMoves(b.moves)}`);
    if (parts.length === before || empty(b)) parts.push("b.set=");
  }
  return `#${parts.join("&")}`;
}

/**
 * What a link says; parts that make no sense are left out, a link without a scenario is {}.
 * @param {string} hash with or without "#"
 * @returns {{a?: Run, b?: Run|null, day?: number, lesson?: string|null, dropped?: string[]}} `dropped`: the parts that
 *   were left out, as they stand there
 */
export function readLink(hash) {
  const said = new Map();
  for (const part of String(hash).replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at > 0) said.set(part.slice(0, at), separators(part.slice(at + 1)));
  }
  const scenario = plain(said.get("scenario") ?? "");
  const lesson = plain(said.get("lesson") ?? "") || null;
  if (!scenario) return lesson ? { lesson } : {};
  const dropped = [];
  const one = (name, read) => {
    const text = said.get(name) ?? "";
    const x = read(text);
    if (x === null && text !== "") dropped.push(`${name}=${plain(text) ?? text}`);
    return x;
  };
  const list = (name, read) => read(said.get(name) ?? "", (part) => dropped.push(`${name}=${plain(part) ?? part}`));
  const seed = one("seed", seedNumber);
  const a = { scenario, seed, set: list("set", levers), moves: list("moves", later) };
  const day = one("day", wholeNumber) ?? 0;
  const b = ["b.scenario", "b.seed", "b.set", "b.moves"].some((name) => said.has(name))
    ? {
        scenario: plain(said.get("b.scenario") ?? "") || scenario,
        seed: one("b.seed", seedNumber) ?? seed,
        set: list("b.set", levers),
        moves: list("b.moves", later),
      }
    : null;
  return { a, b, day, lesson, ...(dropped.length > 0 && { dropped }) };
}
