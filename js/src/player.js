/**
 * The clock of a page: which day is shown, and when the next one is due. It knows sources, not pictures: whoever
 * draws sets `onshow` or calls `listen`.
 */

/** Days per second that can be chosen. */
export const SPEEDS = [0.5, 1, 2, 5, 10, 30, 60];
/** A speed that is missed by this share is kept all the same, for nobody sees it. */
const NEARLY = 0.9;
/** From this many days per second on nobody could follow a walk; people stand where they go. */
const WALKING_MOST = 6;
const MIDDAY = 0.5;
/** So much of a day must be due at fast play for a new picture. */
const ROUND_FROM = 0.25;
const AHEAD_LEAST = 5;
const FORTNIGHT = 14;
/** A page that was asleep (another tab) does not make up for it. */
const LONGEST_TICK_S = 0.25;

const browser = {
  now: () => performance.now(),
  next: (fn) => requestAnimationFrame(fn),
  cancel: (id) => cancelAnimationFrame(id),
};

export class Player {
  #sources = [];
  #unlisten = [];
  #listeners = new Set();
  #clock;
  #ticket = null;
  #before = 0;
  #speed = 2;
  #at = -1; // day and part of it; -1: nothing shown yet
  #stopAt = null;
  #owed = 0; // days that are due at fast play, less those shown
  #fresh = true; // none was shown yet, or it had to wait

  /**
   * @param {Array} sources one, or two that are shown side by side
   * @param {{clock?: Object, still?: boolean}} [options] `still`: no walking between (reduced motion)
   */
  constructor(sources = [], { clock = browser, still = false } = {}) {
    this.#clock = clock;
    this.still = still;
    this.playing = false;
    /** The day that was asked for and is not there yet, or null. */
    this.target = null;
    /** Called with (day, phase) whenever a picture is due; phase runs from 0 (morning) to 1 (night). */
    this.onshow = null;
    this.setSources(sources);
  }

  /** Show other sources. The day stays unless another is said: only the days up to it are asked for. */
  setSources(sources, day = this.day) {
    for (const stop of this.#unlisten) stop();
    this.#sources = [...sources];
    if (day !== this.day) this.#at = day < 0 ? -1 : day + MIDDAY;
    this.#unlisten = this.#sources.flatMap((source) => [
      source.on("frame", () => this.#arrived()),
      source.on("end", () => this.#arrived()),
      source.on("pace", () => this.#paced()),
    ]);
    if (this.#sources.length && this.day > this.newest) {
      this.target = this.day;
      this.#at = this.newest < 0 ? -1 : this.newest + MIDDAY;
    }
    this.#want();
    if (this.newest >= 0) this.#arrived();
    this.#tell();
  }

  get sources() {
    return this.#sources;
  }

  /** The newest day all sources have; -1: none yet. */
  get newest() {
    if (!this.#sources.length) return -1;
    return Math.min(...this.#sources.map((source) => (source.frames?.count ?? 0) - 1));
  }

  /** The last day there will be. */
  get last() {
    const days = this.#sources.map((source) => source.days || 0);
    return days.length ? Math.max(0, Math.min(...days) - 1) : 0;
  }

  /** The day shown; -1: none yet. */
  get day() {
    return this.#at < 0 ? -1 : Math.floor(this.#at);
  }

  /** How far the day shown is on, 0 to 1. */
  get phase() {
    return this.still || (this.playing && this.speed > WALKING_MOST) ? MIDDAY : this.#at - Math.floor(this.#at);
  }

  /** First day of the run, "2013-01-01". */
  get start() {
    return this.#sources.find((source) => source.frames)?.frames.key.header.start ?? "";
  }

  /** Playing, but the next day is not there yet. */
  get waiting() {
    const due = this.target !== null || (this.playing && this.day >= this.newest && this.day < this.last);
    return due && !this.#sources.some((source) => source.lost);
  }

  /** Days per second: what was chosen, or the fastest that is offered if that is slower. */
  get speed() {
    return this.kept === Infinity ? this.#speed : Math.min(this.#speed, this.offered.at(-1));
  }

  /** How many days a second the slowest of the simulations makes that go on; Infinity: all days are there, or unknown. */
  get kept() {
    const going = this.#sources.filter((source) => source.daySeconds > 0 && !source.ended && !source.lost);
    return Math.min(Infinity, ...going.map((source) => 1 / source.daySeconds));
  }

  /** Of the SPEEDS those that the simulations can keep, at least the slowest. */
  get offered() {
    return SPEEDS.filter((speed, k) => k === 0 || speed * NEARLY <= this.kept);
  }

  set speed(daysPerSecond) {
    this.#speed = Math.min(Math.max(Number(daysPerSecond) || 1, 0.1), 365);
    this.#want();
    this.#tell();
  }

  /** How many days the simulation may be ahead of the picture: few, so that levers act soon. */
  get ahead() {
    return Math.max(AHEAD_LEAST, Math.ceil(this.speed));
  }

  /** How far behind the newest day a lever moved now acts from there without asking; who paused has time for a question. */
  get unasked() {
    return (this.playing ? this.ahead : Math.min(this.ahead, FORTNIGHT)) + 2;
  }

  play() {
    if (this.playing) return;
    if (this.day >= this.last && this.last > 0 && this.target === null) this.#at = 0; // over: once more
    this.playing = true;
    this.#owed = 0;
    this.#fresh = true;
    this.#want();
    this.#before = this.#clock.now();
    this.#schedule();
    this.#show();
  }

  pause() {
    this.#stopAt = null;
    if (!this.playing && this.target === null) return;
    this.playing = false;
    this.target = null;
    if (this.#ticket !== null) this.#clock.cancel(this.#ticket);
    this.#ticket = null;
    this.#show();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Play and pause on `day`. */
  playTo(day) {
    const stop = Math.min(Math.max(0, Math.floor(day)), this.last);
    if (stop <= this.day) return this.seek(stop);
    this.play();
    this.#stopAt = stop;
    return undefined;
  }

  /** Pause, `n` days further (or back). */
  step(n = 1) {
    const from = this.target ?? Math.max(this.day, 0);
    this.pause();
    this.seek(from + n);
  }

  /** Show `day`; if it is not made yet, make the days up to there first. */
  seek(day) {
    const to = Math.min(Math.max(0, Math.floor(day)), this.last);
    this.#stopAt = null;
    const there = this.newest >= to;
    this.target = there ? null : to;
    this.#at = there || this.newest >= 0 ? Math.min(to, this.newest) + MIDDAY : -1;
    this.#want();
    this.#show();
  }

  /** Be told of every change (another day, play, pause, more days there). Returns a function that ends it. */
  listen(fn) {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  destroy() {
    this.pause();
    for (const stop of this.#unlisten) stop();
    this.#listeners.clear();
    this.onshow = null;
  }

  #want() {
    const day = Math.max(this.target ?? 0, this.day + this.ahead);
    for (const source of this.#sources) source.want(day);
  }

  #paced() {
    this.#want();
    this.#tell();
  }

  #arrived() {
    if (this.newest < 0) return;
    const shown = this.day;
    if (this.#at < 0) {
      this.#at = MIDDAY;
      if (this.target !== null && this.target <= this.newest) this.#at = this.target + MIDDAY;
      this.#want();
      this.#show();
    } else if (this.target !== null) {
      // Fast forward: the newest day is the picture.
      this.#at = Math.min(this.target, this.newest) + MIDDAY;
      if (this.day !== shown) this.#show();
    } else {
      this.#tell();
    }
    if (this.target !== null && (this.newest >= this.target || this.target > this.last)) {
      this.target = null;
      this.#before = this.#clock.now();
      this.#tell();
    }
  }

  #schedule() {
    if (this.#ticket === null) this.#ticket = this.#clock.next(() => this.#tick());
  }

  #tick() {
    this.#ticket = null;
    if (!this.playing) return;
    const now = this.#clock.now();
    const passed = Math.min((now - this.#before) / 1000, LONGEST_TICK_S);
    this.#before = now;
    if (this.target === null && this.newest >= 0) this.#advance(passed * this.speed);
    if (this.playing) this.#schedule();
  }

  #advance(days) {
    const end = this.#stopAt ?? this.last;
    const limit = Math.min(this.newest, end);
    const shown = this.day;
    const fast = this.speed > WALKING_MOST;
    if (fast) this.#leap(days, limit);
    else {
      const next = this.#at + days;
      // The night of the newest day is as far as it goes.
      this.#at = Math.floor(next) > limit ? Math.max(this.#at, limit + 0.999) : next;
    }
    if (this.day !== shown) this.#want();
    if (this.day >= end && (fast || this.#at - this.day > 0.99)) {
      this.#at = this.day + MIDDAY;
      this.playing = false;
      this.#stopAt = null;
      this.#show();
    } else if (this.day !== shown || (!this.still && !fast)) {
      this.#show();
    }
  }

  /**
   * Whole days at fast play. A screen that draws about as often as days are due shows one more day in each picture: the
   * clocks of both tremble, and counted to the fraction some pictures would show no new day and the next skip one.
   */
  #leap(days, limit) {
    this.#owed += days;
    const due = this.#owed < ROUND_FROM ? 0 : this.#owed < 2 - ROUND_FROM ? 1 : Math.round(this.#owed);
    const to = Math.max(this.day, Math.min(this.day + due, limit));
    const late = this.day + due > limit;
    // What could not be shown, for it was not made yet, is not made up for; nor is it counted how early the first was.
    this.#owed = late ? 0 : this.#fresh ? Math.max(0, this.#owed - due) : this.#owed - due;
    if (due) this.#fresh = late;
    if (to !== this.day) this.#at = to + MIDDAY;
  }

  #show() {
    if (this.day >= 0) this.onshow?.(this.day, this.phase);
    this.#tell();
  }

  #tell() {
    for (const fn of this.#listeners) fn(this);
  }
}
