// A run as bytes: a key once, then a frame after each day (o2o_sim/record/frames.py writes them).
//
// A message is "o2o1", the length of a JSON header, the header, then sections of numbers, all little endian and
// 8-aligned. What comes in is not trusted: every length is checked before anything is read or made.

export { unpack } from "./replay.js";

const MAGIC = 0x316f326f;
const VERSION = 1;
const MOST_SIDE = 1 << 16;
const TYPES = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
};

/** The fault of bytes that are not what they should be. */
export function broken(what) {
  return new Error(`the recording ${what}`);
}

/**
 * One message.
 * @param {ArrayBuffer|ArrayBufferView} message
 * @returns {{header: object, arrays: Object<string, ArrayLike<number>>}} the arrays are views of the message
 */
export function decode(message) {
  const bytes = aligned(message);
  const { header, offset } = readHeader(bytes);
  return { header, arrays: readSections(bytes, header.sections, offset) };
}

/** As bytes whose first lies on a multiple of 8, copied only if need be. */
function aligned(message) {
  const bytes = ArrayBuffer.isView(message)
    ? new Uint8Array(message.buffer, message.byteOffset, message.byteLength)
    : new Uint8Array(message);
  return bytes.byteOffset % 8 ? bytes.slice() : bytes;
}

/**
 * The header of the message that begins at `start`, its sections checked, and where the first of them begins.
 * @param {Uint8Array} bytes
 * @param {number} start
 */
export function readHeader(bytes, start = 0) {
  const begin = start + 8;
  if (bytes.length < begin) throw broken("is cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(start, true) !== MAGIC) throw broken("is not one of o2o_sim");
  const length = view.getUint32(start + 4, true);
  if (length % 8 || begin + length > bytes.length) throw broken("is cut off");
  let header = null;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(begin, begin + length)));
  } catch {
    // said below
  }
  if (header === null || typeof header !== "object" || Array.isArray(header)) {
    throw broken("has a header that cannot be read");
  }
  const { sections } = header;
  const names = new Set();
  if (!Array.isArray(sections) || !sections.every((s) => isSection(s) && names.size < names.add(s[0]).size)) {
    throw broken("has a section that cannot be read");
  }
  return { header, offset: begin + length };
}

function isSection(section) {
  if (!Array.isArray(section) || section.length !== 3) return false;
  const [name, type, length] = section;
  return typeof name === "string" && Object.hasOwn(TYPES, type) && Number.isSafeInteger(length) && length >= 0;
}

function readSections(bytes, sections, start) {
  const arrays = Object.create(null);
  let offset = start;
  for (const [name, type, length] of sections) {
    const size = length * sizeOf(type);
    if (offset + size > bytes.length) throw broken("is cut off");
    arrays[name] = typed(type, bytes.buffer, bytes.byteOffset + offset, length);
    offset += Math.ceil(size / 8) * 8;
  }
  if (offset > bytes.length) throw broken("is cut off");
  if (offset < bytes.length) throw broken("goes on after its end");
  return arrays;
}

/** Bytes of one number of a type. */
export function sizeOf(type) {
  return TYPES[type].BYTES_PER_ELEMENT;
}

/** A buffer as numbers of a type. */
export function typed(type, ...place) {
  return new TYPES[type](...place);
}

/** What a log code stands for: 0, or the lower end of its eighth of a doubling. */
export function logValue(code) {
  return code > 0 ? 2 ** ((code - 1) / 8) : 0;
}

/**
 * A run as it comes: the key, and the frames so far. Days count from that of the first frame, 0 in a run that was
 * recorded from its beginning. What a frame holds is read when it is asked for.
 */
export class Frames {
  /** @type {{header: object, arrays: object}} */
  key;
  /** All stores so far, by number, as the frames told of them. @type {object[]} */
  stores = [];
  /** The names of the channels so far. @type {string[]} */
  channels = [];

  #days = []; // of each day: {header, arrays()}
  #first = 0;
  #news = [];
  #newsUntil = [];
  #heat = []; // of each day: the last day that has a map of sales, or -1
  #recent = new Map();

  /** @param {ArrayBuffer|ArrayBufferView|null} key without one, the first message pushed is the key */
  constructor(key = null) {
    this.key = key === null ? null : checkedKey(decode(key));
  }

  /** How many days there are. */
  get count() {
    return this.#days.length;
  }

  /**
   * Take up the next message.
   * @param {ArrayBuffer|ArrayBufferView} buffer kept, not copied
   */
  push(buffer) {
    if (this.key === null) {
      this.key = checkedKey(decode(buffer));
      return;
    }
    const bytes = aligned(buffer);
    const { header, offset } = readHeader(bytes);
    const arrays = readSections(bytes, header.sections, offset);
    this.add(header, (name) => arrays[name]);
  }

  /**
   * Take up the next day. `read(name)` gives a section of it, of those that the header names.
   * @param {object} header
   * @param {function(string): ArrayLike<number>} read
   */
  add(header, read) {
    this.#check(header);
    const day = this.#days.length;
    if (day === 0) this.#first = header.day;
    for (const store of header.stores) this.stores.push(store);
    if (header.channels) this.channels = header.channels;
    for (const news of header.news) this.#news.push({ ...news, day, date: header.date });
    this.#newsUntil.push(this.#news.length);
    const names = header.sections.map((section) => section[0]);
    this.#heat.push(names.includes("heat") ? day : (this.#heat[day - 1] ?? -1));
    this.#days.push({ header, read, names });
  }

  /** What would lead a reader astray is refused before anything of it is taken up. */
  #check(header) {
    const { circles, grid, people } = this.key.header;
    const day = this.#days.length;
    if (header.kind !== "frame") throw broken("has something else where a day should be");
    if (!Number.isInteger(header.day) || (day > 0 && header.day !== this.#first + day)) {
      throw broken(`jumps to day ${Number(header.day)} where day ${this.#first + day} should be`);
    }
    const { stores, news, channels = [] } = header;
    if (![stores, news, channels].every(Array.isArray)) throw broken("has a header that cannot be read");
    stores.forEach((s, k) => {
      const right = s?.n === this.stores.length + k && typeof s.name === "string" && isIndex(s.circle, circles.length);
      if (!right || !isIndex(s.cell, grid.nx * grid.ny)) throw broken("has a store that cannot be");
    });
    const sizes = Object.fromEntries(header.sections.map(([name, , length]) => [name, length]));
    const shops = this.stores.length + stores.length;
    const wanted = { people, state: shops, visits: shops, totals: 6, footfall: circles.length };
    if ("heat" in sizes) wanted.heat = grid.nx * grid.ny;
    for (const [name, length] of Object.entries(wanted)) {
      if (sizes[name] !== length) throw broken(`has ${sizes[name] ?? "no"} ${name} where ${length} should be`);
    }
  }

  /**
   * The frame of a day, or null if it is not there.
   * @param {number} day
   * @returns {{header: object, arrays: Object<string, ArrayLike<number>>}|null}
   */
  at(day) {
    const found = this.#recent.get(day);
    if (found) return found;
    if (!isIndex(day, this.count)) return null;
    const { header, read, names } = this.#days[day];
    const frame = { header, arrays: lazily(names, read) };
    if (this.#recent.size >= RECENT) this.#recent.delete(this.#recent.keys().next().value);
    this.#recent.set(day, frame);
    return frame;
  }

  /** The states of all stores there are on a day (at its end), or null. */
  statesAt(day) {
    return this.at(day)?.arrays.state ?? null;
  }

  /** The sales of the last week by cell, in log codes (see logValue), as last drawn on that day; or null. */
  heatAt(day) {
    const drawn = this.#heat[day] ?? -1;
    return drawn < 0 ? null : this.at(drawn).arrays.heat;
  }

  /** All news up to a day: [{day, date, kind, who, decision, reason}], oldest first. */
  newsUpTo(day) {
    return this.#news.slice(0, this.#newsUntil[Math.min(day, this.count - 1)] ?? 0);
  }
}

const RECENT = 40; // frames that are kept ready: those of a moment's play, back and forth

function isIndex(value, length) {
  return Number.isInteger(value) && value >= 0 && value < length;
}

function lazily(names, read) {
  const arrays = {};
  for (const name of names) {
    Object.defineProperty(arrays, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value = read(name);
        Object.defineProperty(arrays, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return arrays;
}

function checkedKey(key) {
  const { header, arrays } = key;
  if (header.kind !== "key") throw broken("has something else where its key should be");
  if (header.version !== VERSION) throw otherVersion();
  const { grid, circles, people } = header;
  const cells = isIndex(grid?.nx, MOST_SIDE) && isIndex(grid?.ny, MOST_SIDE) ? grid.nx * grid.ny : 0;
  if (!cells || !(grid.cell_m > 0) || arrays.residents?.length !== cells) throw broken("has a map that cannot be");
  const lists = [circles, header.platforms, header.categories, header.cohorts];
  if (!lists.every(Array.isArray)) throw broken("has a key that cannot be read");
  for (const name of ["home", "id", "cohort"]) {
    if (arrays[name]?.length !== people) throw broken("has a key that cannot be read");
  }
  if (arrays.home.some((cell) => cell < 0 || cell >= cells)) throw broken("has people off its map");
  return key;
}

/** The fault of a file that is from another time. */
export function otherVersion() {
  return broken("was written by another version of o2o_sim, which this one cannot read");
}
