// A whole run as one file (o2o_sim/record/replay.py writes it): zlib streams of headers, and of numbers in columns.

import { Frames, broken, decode, otherVersion, readHeader, sizeOf, typed } from "./frames.js";

const VERSION = 1;
const MOST_BYTES = 2 ** 29; // of all that is unpacked
const MOST_DAYS = 20_000;
const MOST_RATIO = 1100; // no zlib stream unpacks to more than 1032 times its length

/**
 * Read a replay file. Only the zlib streams are undone at once; of the days, each is put together when it is asked for.
 * @param {ArrayBuffer|ArrayBufferView} file
 * @returns {Promise<Frames>} rejected with an Error that says what is wrong, if the file cannot be shown
 */
export async function unpack(file) {
  const { header, arrays } = decode(file);
  const { key, blocks } = claims(header, arrays);
  const frames = new Frames(await inflated(arrays.key, key));
  for (const [number, [days, heads, columns]] of blocks.entries()) {
    const block = new Block(
      days,
      await inflated(arrays[`heads ${number}`], heads),
      await inflated(arrays[`columns ${number}`], columns),
    );
    block.headers.forEach((h, k) => frames.add(h, (name) => block.section(name, k)));
  }
  return frames;
}

/** How much the file says it holds, believed only if it can be. */
function claims(header, arrays) {
  if (header.kind !== "replay") throw broken("is no replay");
  if (header.version !== VERSION) throw otherVersion();
  const { key, blocks } = header;
  if (!Array.isArray(blocks)) throw broken("has a header that cannot be read");
  const sizes = { key: whole(key) };
  let days = 0;
  blocks.forEach((block, number) => {
    if (!Array.isArray(block) || block.length !== 3) throw broken("has a header that cannot be read");
    days += whole(block[0]);
    sizes[`heads ${number}`] = whole(block[1]);
    sizes[`columns ${number}`] = whole(block[2]);
  });
  const names = Object.keys(sizes);
  const there = Object.keys(arrays);
  const right = there.length === names.length && names.every((n) => arrays[n] instanceof Uint8Array);
  if (!right) throw broken("has other sections than its header says");
  const sum = names.reduce((total, n) => total + sizes[n], 0);
  const absurd = names.some((n) => sizes[n] > MOST_RATIO * (arrays[n].length + 8));
  if (absurd || sum > MOST_BYTES || days > MOST_DAYS) throw tooMuch();
  return { key, blocks };
}

function whole(said) {
  if (!Number.isInteger(said) || said < 0) throw broken("has a header that cannot be read");
  if (said > MOST_BYTES) throw tooMuch();
  return said;
}

function tooMuch() {
  return broken("claims to hold more than a replay may");
}

/** Unpack a stream that must come to exactly `length` bytes; never more of it than that is kept. */
async function inflated(bytes, length) {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("this browser is too old to unpack a replay (it has no DecompressionStream)");
  }
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const found = new Uint8Array(length);
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > length) {
        reader.cancel().catch(() => {});
        throw broken("is damaged");
      }
      found.set(value, at);
      at += value.length;
    }
  } catch {
    throw broken("is damaged");
  }
  if (at !== length) throw broken("is damaged");
  return found;
}

/** Some days of a run whose numbers stand in columns: all days of the first element, all of the second, ... */
class Block {
  constructor(days, heads, columns) {
    this.headers = [];
    this.columns = columns;
    this.places = new Map(); // name -> {type, size, longest, rows, of: day -> its row}
    let offset = 0;
    for (let k = 0; k < days; k += 1) {
      const found = readHeader(heads, offset);
      this.headers.push(found.header);
      offset = found.offset;
    }
    if (offset !== heads.length) throw broken("goes on after its end");
    this.#place();
  }

  #place() {
    this.headers.forEach(({ sections }, k) => {
      for (const [name, type, length] of sections) {
        if (!this.places.has(name)) this.places.set(name, { type, longest: 0, of: new Map() });
        const place = this.places.get(name);
        if (place.type !== type) throw misfit();
        place.longest = Math.max(place.longest, length);
        place.of.set(k, { row: place.of.size, length });
      }
    });
    let offset = 0;
    for (const place of this.places.values()) {
      place.offset = offset;
      place.size = sizeOf(place.type);
      offset += place.size * place.longest * place.of.size;
    }
    if (offset !== this.columns.length) throw misfit();
  }

  /** The numbers of one section of one day of the block. */
  section(name, day) {
    const { type, size, longest, offset, of } = this.places.get(name);
    const { row, length } = of.get(day);
    const rows = of.size;
    const bytes = new Uint8Array(length * size);
    for (let byte = 0; byte < size; byte += 1) {
      let from = offset + byte * longest * rows + row;
      for (let to = byte; to < bytes.length; to += size, from += rows) bytes[to] = this.columns[from];
    }
    return typed(type, bytes.buffer);
  }
}

function misfit() {
  return broken("has a block whose columns do not fit its headers");
}
