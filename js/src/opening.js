/** Opening runs: the one or two that are wanted, what is told if they cannot be, and connecting again. */

import { leftOut } from "./address.js";
import { socketAddress } from "./server.js";
import { LiveSource } from "./sources.js";

const isMoved = (run) => run.moves.length > 0 || Object.keys(run.set).length > 0;
const unmoved = (run) => ({ ...run, set: {}, moves: [] });

export class Opening {
  #turn = 0;
  #day = 0;

  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** Promise of what is being opened. */
    this.done = Promise.resolve(false);
  }

  /**
   * Open runs and show a day of them.
   * @param {Array<Run>} runs one or two
   * @param {{day?: number, keep?: number[], link?: Object|null}} [options] `keep`: numbers of runs that stay as they
   *   are; `link`: what the link said that they come from, for what of it was left out is told
   * @returns {Promise<boolean>} whether all of them are open
   */
  begin(runs, { day = 0, keep = [], link = null } = {}) {
    const { app } = this;
    const turn = (this.#turn += 1);
    this.#day = day;
    if (!link) app.address.step();
    app.takeDown();
    app.notice.hide();
    app.curtain.say("Opening the city …");
    app.curtain.offer(runs.length > 1 && "Back to one map", () => this.begin([runs[0]], { day, keep: [0] }));
    const old = app.sources;
    app.sources = runs.map((run, k) => {
      if (old[k] && !old[k].lost) {
        if (!keep.includes(k)) old[k].reopen(run, Math.max(day, app.player.ahead));
        return old[k];
      }
      return this.#connect(run, day);
    });
    for (const source of old) if (!app.sources.includes(source)) source.close();
    app.listen();
    this.done = this.#opened(runs, { day, turn, link });
    return this.done;
  }

  #connect(run, day) {
    return new LiveSource(socketAddress(), run, { want: Math.max(day, this.app.player.ahead) });
  }

  async #opened(runs, { day, turn, link }) {
    const { app } = this;
    const faults = [];
    for (const { ready } of app.sources) {
      faults.push(await ready.then(() => null, (error) => error));
      if (turn !== this.#turn) return false;
      if (faults[0]) break; // there is nothing to show B beside
    }
    const [a, b] = faults;
    if (a) {
      app.curtain.hide();
      this.refused(runs.length > 1 ? `Run A: ${a.message}` : a.message);
      return false;
    }
    if (b) app.sources.pop().close();
    app.mount(day);
    const told = link ? leftOut(link, app.sources) : "";
    if (b) this.#withoutB(runs, b.message, told);
    else if (told) app.notice.show(told, { kind: "bad" });
    return !b;
  }

  /** Run B was refused: A is there all the same. */
  #withoutB(runs, message, told) {
    const { app } = this;
    const again = (b) => this.begin([runs[0], b], { day: Math.max(0, app.player.target ?? app.player.day), keep: [0] });
    app.notice.show([`Run B could not be opened: ${message}`, told].filter(Boolean).join("\n"), {
      kind: "bad",
      actions: [
        ["Try again", () => again(runs[1])],
        ...(isMoved(runs[1]) ? [["Open B without levers", () => again(unmoved(runs[1]))]] : []),
      ],
    });
  }

  /** The connection was lost: connect again, and keep the picture and its days until that has worked. */
  async #reconnect() {
    const { app } = this;
    const turn = (this.#turn += 1);
    const old = app.sources;
    const shown = () => Math.max(0, app.player.target ?? app.player.day);
    const sources = old.map((source) => (source.lost ? this.#connect(source.run, shown()) : source));
    const made = sources.filter((source) => !old.includes(source));
    const telling = (words) => turn === this.#turn && app.notice.show(`${words} …`);
    telling("Connecting again");
    for (const source of made) source.on("busy", telling);
    await Promise.allSettled(sources.map((source) => source.ready));
    const bad = sources.find((source) => source.lost);
    if (bad || turn !== this.#turn) {
      for (const source of made) source.close();
      if (turn === this.#turn) this.refused(bad.lost);
      return;
    }
    const day = shown();
    app.takeDown();
    for (const source of old) if (!sources.includes(source)) source.close();
    app.sources = sources;
    app.listen();
    app.mount(day);
    app.notice.show("Connected again.", { seconds: 4 });
  }

  /** No more days will come, or none came: say why, and what can be done. */
  refused(message) {
    const { app } = this;
    const runs = app.sources.map((source) => source.run);
    const day = this.#day;
    const shown = app.views.length > 0;
    app.notice.show(message, {
      kind: "bad",
      actions: [
        shown ? ["Reconnect", () => this.#reconnect()] : ["Try again", () => this.begin(runs, { day })],
        ...(runs.some(isMoved) && !shown ? [["Open without levers", () => this.begin(runs.map(unmoved), { day })]] : []),
        ...(app.fixed ? [] : [["Choose another city", () => app.chooseScenario()]]),
      ],
    });
  }
}
