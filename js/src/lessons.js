/**
 * A lesson in steps: say what you expect, let it run, see what happened and why, try it yourself. What was answered
 * stays on this page and goes nowhere else.
 */

import { Charts } from "./charts.js";
import { fill, freshId, h, say } from "./dom.js";
import { figureOf, paragraphs } from "./lesson_figures.js";
import { count, dateText, listed, number } from "./text.js";

const NAMES = { predict: "Predict", run: "Run", explain: "What happened", try: "Try it" };

const SHORT = { "levers.rent_x": "rents", "levers.subsidy_x": "subsidies", "levers.logistics_x": "costs of delivery" };

/** Where a class is in each lesson, by the lesson's id: it can leave a lesson and come back. */
const memory = new Map();

/** A lesson being taken. */
export class Lesson {
  /**
   * @param {HTMLElement} host
   * @param {object} lesson as /api/lessons gives it
   * @param {object} app opens and plays runs: `open`, `playTo`, `focus`, `select`; with `sources` and `player` the
   *   watched charts are shown here, too
   */
  constructor(host, lesson, app) {
    this.lesson = lesson;
    this.app = app;
    if (!memory.has(lesson.id)) memory.set(lesson.id, { step: 0, answers: {}, done: [] });
    this.state = memory.get(lesson.id);
    this.turn = 0;
    this.body = h("section", { class: "step" });
    this.trail = h("ol", { class: "trail", "aria-label": "Steps of this lesson" });
    this.root = h("article", { class: "o2o-lesson" },
      h("header", null, h("h2", null, lesson.title), h("p", { class: "question" }, lesson.question),
        h("p", { class: "unit" }, count(lesson.minutes, "minute"))),
      this.trail, this.body); // prettier-ignore
    host.append(this.root);
    this.go(Math.min(this.state.step, lesson.steps.length - 1), false);
  }

  /** Show a step. @param {number} k @param {boolean} [focus] put the keyboard's focus there */
  go(k, focus = true) {
    this.turn += 1;
    this._drop();
    this.state.step = k;
    const step = this.lesson.steps[k];
    const steps = this.lesson.steps;
    fill(this.trail, steps.map((one, n) =>
      h("li", null, h("button", {
        type: "button", class: [n === k && "here", n < k && "past"], "aria-current": n === k ? "step" : null,
        title: NAMES[one.kind], "aria-label": `Step ${n + 1} of ${steps.length}: ${NAMES[one.kind]}`, onclick: () => this.go(n),
      }, String(n + 1))))); // prettier-ignore
    const title = h("h3", { tabindex: "-1" }, NAMES[step.kind]);
    const made = { predict: this._predict, run: this._run, explain: this._explain, try: this._try }[step.kind];
    const back = k > 0 && h("button", { type: "button", class: "quiet", onclick: () => this.go(k - 1) }, "Back");
    const next = k < steps.length - 1 && h("button", { type: "button", class: "next", onclick: () => this.go(k + 1) }, "Next");
    this.next = next || null;
    const own = made.call(this, step, k);
    const text = paragraphs(step.text, this._open(k) ? (figure) => figureOf(this.app.sources, figure) : null);
    // One's own prediction is what one wants to see first.
    fill(this.body, title, step.kind === "explain" ? [own[0], text, own[1]] : [text, own], h("footer", null, back, next));
    if (focus) {
      title.focus({ preventScroll: true });
      this.trail.scrollIntoView?.({ block: "start" });
    }
  }

  /** Take it down; where one was is remembered. */
  destroy() {
    this.turn += 1;
    this._drop();
    this.root.remove();
  }

  // -- the four kinds --------------------------------------------------------------------------------------
  _predict(step, k) {
    const mine = (this.state.answers[k] ??= { option: "", words: "" });
    const name = freshId("answer");
    const options = step.options.map((option) =>
      h("label", null,
        h("input", { type: "radio", name, value: option, checked: mine.option === option, onchange: () => {
          mine.option = option;
          this._ready(true);
        } }), h("span", null, option)));
    const words = h("textarea", { rows: 2, maxlength: 2000, value: mine.words, oninput: () => (mine.words = words.value),
      "aria-label": "Why do you think so? In your own words" });
    words.placeholder = step.options.length ? "Why do you think so? (It stays on this page.)" : "Your answer (it stays on this page)";
    // Nobody is held up who does not want to guess; but the button says what is missing.
    queueMicrotask(() => this._ready(!step.options.length || Boolean(mine.option)));
    return h("fieldset", null, h("legend", null, step.ask), options, words);
  }

  _ready(answered) {
    if (!this.next) return;
    say(this.next, answered ? "Next" : "Go on without a guess");
    this.next.classList.toggle("quiet", !answered);
  }

  _run(step, k) {
    const status = h("p", { class: "status", role: "status" });
    const charts = h("div", { class: "watch" });
    const button = h("button", { type: "button", class: "go", onclick: () => this._play(step, k, { button, status, charts }) },
      this.state.done.includes(k) ? "Open it again and play" : "Open the city and play"); // prettier-ignore
    const notes = h("ul", { class: "notes" },
      h("li", null, `City: ${this._city(step.scenario)}, seed ${step.seed ?? 1}, until ${dateText(step.until)}`),
      this._changes("A", step.levers, step.versus), this._changes("B", step.versus?.levers, step.versus),
      step.versus?.since && h("li", null, `Both runs are the same before ${dateText(step.versus.since)}`)); // prettier-ignore
    return [notes, h("p", null, button), status, charts];
  }

  /** What people call a scenario. */
  _city(id) {
    return this.lesson.names?.[id] ?? id;
  }

  /** What people call a lever. */
  _lever(key) {
    return SHORT[key] ?? this.lesson.names?.[key] ?? key;
  }

  /** What is moved in a run from the first day on, if there is something to be said of it. */
  _changes(letter, levers, versus) {
    const moved = Object.entries(levers ?? {}).map(([key, value]) => `${this._lever(key)} ${SHORT[key] ? "× " : "= "}${number(value)}`);
    if (!versus) return moved.length > 0 && h("li", null, listed(moved));
    const other = letter === "B" && versus.scenario ? [this._city(versus.scenario)] : [];
    return h("li", null, `Run ${letter}: ${[...other, ...moved].join(", ") || "as it is"}`);
  }

  async _play(step, k, { button, status, charts }) {
    const { app } = this;
    const turn = (this.turn += 1);
    const left = () => turn !== this.turn;
    button.disabled = true;
    say(status, "The city is being built …");
    try {
      const versus = step.versus && { scenario: step.versus.scenario || step.scenario, set: step.versus.levers ?? {}, seed: step.seed ?? null };
      const open = await app.open({ scenario: step.scenario, seed: step.seed ?? null, set: step.levers ?? {}, versus: versus ?? null });
      if (left()) return;
      if (open === false) {
        say(status, "The city could not be opened. What went wrong stands beside the map.");
        return;
      }
      this._watch(step, charts);
      say(status, `Playing to ${dateText(step.until)}. Watch the map, the counters and the charts.`);
      await app.playTo(step.until);
      if (left()) return;
      if (!this.state.done.includes(k)) this.state.done.push(k);
      const there = !app.player || app.player.day >= app.player.last || dateOf(app) >= step.until;
      say(status, there ? "There we are. Look around, then go on." : `Stopped on ${dateText(dateOf(app))}. Play on, or go on reading.`);
      if (step.select) {
        const chosen = app.select(step.select.kind, step.select.name, { quiet: true });
        await chosen;
        if (!left()) say(status, `${status.textContent} “${step.select.name}” is chosen: its card is in “Inspect”.`);
      }
    } catch (fault) {
      if (!left()) say(status, `That did not work: ${fault?.message ?? fault}`);
    } finally {
      button.disabled = false;
      say(button, "Open it again and play");
    }
  }

  /** The charts to watch, here beside the text; or in their own panel if this page shows no runs. */
  _watch(step, host) {
    const { app } = this;
    this._drop();
    if (!step.watch?.length) return;
    if (!app.sources?.length || !app.player?.listen) {
      app.focus("charts", { charts: step.watch });
      return;
    }
    this.charts = new Charts(fill(host), app.sources, { only: step.watch });
    this.charts.onseek = (day) => {
      app.player.pause();
      app.player.seek(day);
    };
    const show = () => this.charts?.cursor(Math.max(0, app.player.day));
    this.quiet = app.player.listen(show);
    show();
  }

  _explain(step, k) {
    const answers = [step.answer ?? []].flat();
    const asked = this._askedBefore(k);
    const items = asked.map(({ ask, options, mine }) => {
      const truth = answers.find((answer) => options.includes(answer));
      const said = mine?.option;
      const right = said && truth && said === truth;
      const verdict = !truth || !said ? "" : right ? "That is what happened." : "It came out otherwise.";
      return h("li", { class: [right && "right"] },
        h("p", { class: "ask" }, ask),
        h("dl", null,
          h("dt", null, "You expected"), h("dd", null, said || "(no guess)"),
          mine?.words && [h("dt", null, "because"), h("dd", null, mine.words)],
          truth && [h("dt", null, "It was"), h("dd", null, h("b", null, truth))]),
        verdict && h("p", { class: "verdict" }, verdict)); // prettier-ignore
    });
    const charts = h("div", { class: "watch" });
    const run = this._open(k);
    if (run) queueMicrotask(() => charts.isConnected && this._watch(run, charts));
    return [
      items.length > 0 && h("section", { class: "compare" }, h("h4", null, "Your prediction"), h("ul", null, items)),
      charts,
    ];
  }

  /** The run that the text of a step speaks of, as long as it is the one that is open; else null. */
  _open(k) {
    const at = this.lesson.steps.slice(0, k).findLastIndex((one) => one.kind === "run");
    const run = this.lesson.steps[at];
    const there = run && this.state.done.includes(at) && this.app.sources?.[0]?.run?.scenario === run.scenario;
    return there ? run : null;
  }

  /** The questions since the explanation before, with what was answered. */
  _askedBefore(k) {
    const asked = [];
    for (let n = k - 1; n >= 0 && this.lesson.steps[n].kind !== "explain"; n -= 1) {
      const { kind, ask, options } = this.lesson.steps[n];
      if (kind === "predict") asked.unshift({ ask, options, mine: this.state.answers[n] });
    }
    return asked;
  }

  _try(step, k) {
    const { app } = this;
    const known = new Map((app.sources?.[0]?.levers ?? []).map((lever) => [lever.key, lever.label]));
    const run = this.lesson.steps.slice(0, k).reverse().find((one) => one.kind === "run");
    const status = h("p", { class: "status", role: "status" });
    const again = run && h("button", { type: "button", class: "go", onclick: async () => {
      const turn = (this.turn += 1);
      say(status, "The city is being built …");
      // Without the run beside it: what is moved now is compared with what one remembers, or with “Compare”.
      await app.open({ scenario: run.scenario, seed: run.seed ?? null, set: run.levers ?? {}, versus: null });
      if (turn !== this.turn) return;
      say(status, "It stands on its first day. Move a lever, then press play.");
      this._levers(step);
    } }, "Open the city on its first day");
    return [
      step.levers.length > 0 && h("ul", { class: "notes" }, step.levers.map((key) => h("li", null, this.lesson.names?.[key] ?? known.get(key) ?? key))),
      h("p", { class: "buttons" }, again,
        step.levers.length > 0 && h("button", { type: "button", onclick: () => this._levers(step) }, "Show the levers")),
      status,
    ]; // prettier-ignore
  }

  _levers(step) {
    this.app.focus("levers", { levers: step.levers });
    const { levers = [], leverRun = 0 } = this.app.panels ?? {};
    for (const panel of levers) panel.highlight?.(step.levers);
    levers[leverRun]?.focus?.(step.levers); // the button that had it is hidden now
  }

  _drop() {
    this.quiet?.();
    this.quiet = null;
    this.charts?.destroy();
    this.charts = null;
  }
}

/** Which date a page shows, or "". */
function dateOf(app) {
  return app.sources?.[0]?.frames?.at(Math.max(0, app.player?.day ?? 0))?.header.date ?? "";
}
