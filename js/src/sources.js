/**
 * Where a page gets its days from. All sources look alike:
 *
 *     frames   the days made so far (frames.js), or null until the first message came
 *     days     how many days the run has in all
 *     live     can it make further days and take levers?
 *     levers   lever descriptors, [] if there are none
 *     ended    the last day is there
 *     daySeconds  how long the simulation needs for a day, 0 if that is not known
 *     lost     null, or a sentence that says why no more will come
 *     ready    promise: the key is there (rejected with the reason if it never comes)
 *     reports  can the simulation make a report of it when it is over?
 *     want(day), move(key, value), inspect(kind, id, day) -> promise of a card of that day, report() -> promise of a page
 *     of HTML, on(event, fn), close()
 *
 * Events: "frame" (number of days there; at most once in a picture, however many came), "pace" (daySeconds is another),
 * "end" (last day), "moved" ({day, key, value}), "error" ({message, about}),
 * "busy" (message), "lost" (message), "restart" (another run begins: `frames` and `levers` are new), and, from a server
 * that shows one run to many, "shown" ({day, playing}: what the teacher shows).
 */

import { Frames } from "./frames.js";
import { basicCard, cardUntil } from "./cards.js";

/** Somebody to whom one can listen. */
export class Emitter {
  #listeners = new Map();

  /**
   * @param {string} event
   * @param {function} fn
   * @returns {function} call it to listen no longer
   */
  on(event, fn) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(fn);
    return () => this.#listeners.get(event).delete(fn);
  }

  emit(event, ...said) {
    for (const fn of [...(this.#listeners.get(event) ?? [])]) fn(...said);
  }
}

const NEVER = "The simulation did not answer.";
const LOST = "The connection to the simulation is lost.";
const PATIENCE_MS = 20_000;
const REPORT_MS = 300_000;
/**
 * Days that may be under way beyond those that were shown. A slow computer takes these, and no more come before it has
 * asked for them: so a lever or a card that is asked for is never behind minutes of days.
 */
const CHUNK_DAYS = 60;
const HIDDEN_MS = 100;
const STUCK_MS = 1000;

/** Do something before the next picture is drawn; or soon, where none is (a hidden tab, no browser). */
export function beforePicture(fn) {
  if (typeof requestAnimationFrame !== "function" || document.hidden) {
    setTimeout(fn, HIDDEN_MS);
    return;
  }
  let done = false;
  const once = () => {
    if (!done) fn();
    done = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, STUCK_MS); // the tab may be hidden before its next picture
}

/** A run that is being simulated behind a websocket. */
export class LiveSource extends Emitter {
  #socket;
  #asked = new Map();
  #asks = 0;
  #wanted = -1; // the last day that was asked for
  #desired = 0; // the last day that is wanted
  #shown = 0; // days that were told of
  #telling = false;
  #end = null; // the last day, when the simulation has said so
  #picture;
  #closed = false;
  #stale = false;
  #keyNext = false;
  #settle;

  /**
   * @param {string} url of the websocket
   * @param {{scenario: string, seed: number|null, set: Object, moves: Array}} run what to open
   * @param {{Socket?: function, want?: number, picture?: function}} [options] `want`: the day wanted to begin with;
   *   `picture`: calls a function before the next picture
   */
  constructor(url, run, { Socket = globalThis.WebSocket, want = 6, picture = beforePicture } = {}) {
    super();
    this.#picture = picture;
    this.live = true;
    this.lost = null;
    this.#begin(run, want);
    this.#socket = new Socket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => this.#open();
    this.#socket.onmessage = ({ data }) => this.#take(data);
    this.#socket.onclose = (event) => this.#over(event.reason || (this.frames ? LOST : NEVER));
  }

  #begin(run, want) {
    this.run = { seed: null, ...run, set: { ...run.set }, moves: [...(run.moves ?? [])] };
    this.frames = null;
    this.days = 0;
    this.levers = [];
    this.ended = false;
    this.busy = "";
    this.daySeconds = 0;
    this.#keyNext = false;
    this.#wanted = -1;
    this.#desired = want;
    this.#shown = 0;
    this.#end = null;
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {}); // whoever waits is told; nobody waiting is no fault
  }

  #open() {
    const { scenario, seed, set, moves } = this.run;
    this.#send({ do: "open", scenario, seed, set, moves });
    this.#ask();
  }

  /** Begin another run on the same connection. `ready` is a new promise. */
  reopen(run, want = 6) {
    for (const ask of [...this.#asked.keys()]) this.#answer(ask).reject(new Error(NEVER));
    this.#begin(run, want);
    this.#stale = true; // what is still under way belongs to the old run
    if (this.#socket.readyState === 1) this.#open();
  }

  #send(message) {
    if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #take(data) {
    if (typeof data !== "string") this.#binary(data);
    else {
      let message;
      try {
        message = JSON.parse(data);
      } catch {
        return;
      }
      this.#text(message);
    }
  }

  #binary(buffer) {
    if (this.#keyNext) {
      this.#keyNext = false;
      const again = this.frames !== null;
      this.frames = new Frames(buffer);
      this.days = this.frames.key.header.days;
      this.run.seed ??= this.frames.key.header.seed ?? null;
      this.ended = false;
      this.#shown = 0;
      this.#end = null;
      this.busy = "";
      this.#settle.resolve(this);
      if (again) this.emit("restart");
    } else if (this.frames && !this.#stale) {
      this.frames.push(buffer);
      this.#tellSoon();
    }
  }

  #tellSoon() {
    if (this.#telling) return;
    this.#telling = true;
    this.#picture(() => this.#tell());
  }

  /** Tell of the days that have come since the last picture, and ask for more of those that are wanted. */
  #tell() {
    this.#telling = false;
    if (this.#closed || !this.frames) return;
    if (this.frames.count > this.#shown) {
      this.#shown = this.frames.count;
      this.emit("frame", this.#shown);
      this.#ask();
    }
    if (this.#end !== null && !this.ended) {
      this.ended = true;
      this.emit("end", this.#end);
    }
  }

  #opened(message) {
    this.#stale = false;
    this.#keyNext = true;
    this.levers = message.levers ?? [];
    this.live = !message.recording;
    this.reports = !message.recording;
    // What a restored run moves later is where the levers stand in the end.
    for (const [, key, value] of this.run.moves) this.#setLever(key, value);
  }

  #setLever(key, value) {
    const lever = this.levers.find((one) => one.key === key);
    if (lever) lever.value = value;
  }

  #text(message) {
    if (message.say === "opened") return this.#opened(message);
    if (this.#stale && message.say !== "busy" && message.say !== "error") return undefined;
    switch (message.say) {
      case "moved": {
        const { day, key, value } = message;
        this.run.moves = [...this.run.moves.filter(([at, what]) => at !== day || what !== key), [day, key, value]];
        this.#setLever(key, value);
        return this.emit("moved", { day, key, value });
      }
      case "inspected":
        return this.#answer(message.ask)?.resolve(message.card);
      case "reported":
        return this.#answer(message.ask)?.resolve(message.html);
      case "pace":
        this.daySeconds = Number(message.day_seconds) || 0;
        return this.emit("pace");
      case "end":
        this.#end = message.day; // after the days that were not told of yet
        return this.#tellSoon();
      case "busy":
        this.busy = message.message;
        return this.emit("busy", message.message);
      case "error":
        if (message.about === "inspect" || message.about === "report") {
          const asked = this.#answer(message.ask ?? this.#asked.keys().next().value);
          if (asked) return asked.reject(new Error(message.message));
        }
        if (message.fatal || message.about === "open") return this.#over(message.message, true);
        return this.emit("error", { message: message.message, about: message.about ?? "" });
      default:
        return this.emit(String(message.say), message);
    }
  }

  #answer(ask) {
    const asked = this.#asked.get(ask);
    if (!asked) return null;
    this.#asked.delete(ask);
    clearTimeout(asked.timer);
    return asked;
  }

  #over(message, refused = false) {
    if (this.#closed || this.lost) return;
    if (this.ended && !refused) {
      // All days are here: they can still be looked at.
      this.live = false;
    }
    this.lost = message;
    this.reports = false;
    for (const ask of [...this.#asked.keys()]) this.#answer(ask).reject(new Error(message));
    this.#settle.reject(new Error(message));
    this.emit("lost", message);
    if (refused) this.#socket.close();
  }

  /** Ask for the days up to `day` (counted from 0); the simulation makes no more than are wanted. */
  want(day) {
    if (this.lost) return;
    this.#desired = Math.max(this.#desired, Math.floor(day));
    this.#ask();
  }

  /** Ask for the next days of those that are wanted, if enough of those asked for were shown. */
  #ask() {
    if (this.lost || this.#socket.readyState !== 1) return; // said when it opens
    const last = Math.min(this.#desired, this.days ? this.days - 1 : Infinity);
    const to = Math.min(last, this.#shown + CHUNK_DAYS - 1);
    if (to <= this.#wanted || (to < last && to - this.#wanted < CHUNK_DAYS / 2)) return;
    this.#wanted = to;
    this.#send({ do: "want", day: to });
  }

  /** Move a lever; it acts from the next day that is not yet simulated ("moved" says which). */
  move(key, value) {
    this.#send({ do: "move", key, value });
  }

  /** @returns {Promise<Object>} the card of a store, circle, platform or person on a day; without, on the newest */
  inspect(kind, id, day = null) {
    if (this.lost) return Promise.resolve(basicCard(this.frames, kind, id, day ?? undefined));
    return this.#question({ do: "inspect", kind, id, day }, PATIENCE_MS);
  }

  /** @returns {Promise<string>} the report of the run, which is over, as a page of HTML */
  report() {
    if (this.lost) return Promise.reject(new Error(this.lost));
    return this.#question({ do: "report" }, REPORT_MS);
  }

  #question(message, patience) {
    const ask = (this.#asks += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#answer(ask)?.reject(new Error(NEVER)), patience);
      this.#asked.set(ask, { resolve, reject, timer });
      this.#send({ ...message, ask });
    });
  }

  /** Say something only this transport knows (the day a teacher shows). */
  tell(message) {
    this.#send(message);
  }

  /** Have done with it. */
  close() {
    this.#closed = true;
    for (const { timer } of this.#asked.values()) clearTimeout(timer);
    this.#asked.clear();
    this.#socket.close();
  }
}

/** A run that is over and stored. */
export class ReplaySource extends Emitter {
  #cards;

  /**
   * @param {Frames} frames all days
   * @param {Map<string, Object>|function(string, number): (Object|Promise<Object>)|null} [cards] of "kind,id" or a
   *   function of kind and id, as of the last day; without, and where a card is missing, what the frames themselves tell
   *   is shown
   */
  constructor(frames, cards = null) {
    super();
    this.frames = frames;
    this.#cards = cards;
    this.live = false;
    this.days = frames.count;
    this.levers = [];
    this.reports = false;
    this.ended = true;
    this.daySeconds = 0;
    this.lost = null;
    this.ready = Promise.resolve(this);
  }

  want() {}

  move() {
    throw new Error("a stored run cannot be changed");
  }

  async inspect(kind, id, day = null) {
    const card = typeof this.#cards === "function" ? await this.#cards(kind, id) : this.#cards?.get(`${kind},${id}`);
    const last = this.frames.count - 1;
    const shown = Math.min(day ?? last, last);
    if (card && shown === last) return card;
    const basic = basicCard(this.frames, kind, id, shown);
    return card ? cardUntil(card, basic, this.frames.at(shown).header.date) : basic;
  }

  close() {}
}
