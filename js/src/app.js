/** The live page: which runs are open, what is shown of them, and what is done to them. */

import { helpDialog, linkDialog, scenarioDialog } from "./dialogs.js";
import { debounce, fill, h, say, throttle } from "./dom.js";
import { icon } from "./icons.js";
import { onKey } from "./keys.js";
import { Curtain, Notice, headButton } from "./layout.js";
import { readLink, writeLink } from "./link.js";
import { Panels } from "./panels.js";
import { Player, SPEEDS } from "./player.js";
import { RunView } from "./runview.js";
import { ask, socketAddress } from "./server.js";
import { LiveSource } from "./sources.js";
import { dayOf, dayText } from "./text.js";
import { Theme } from "./theme.js";
import { timeBar } from "./timebar.js";
import { leverWords, runTitles } from "./titles.js";

const SCENARIO = "classroom";
const TEACHER_MS = 150;
const LESSON_SECONDS = 15;
const NARROW = 760;
const CARD_DAYS = 30; // a card that is older is asked for again
const PLAIN_RUN = { seed: null, set: {}, moves: [] };

export class App {
  #turn = 0;
  #unlisten = [];
  #following = true;

  /** @param {HTMLElement} root an empty element with class "o2o" */
  constructor(root) {
    this.root = root;
    root.classList.add("o2o-app");
    this.about = {};
    this.sources = [];
    this.views = [];
    this.selected = null;
    this.player = new Player([], { still: matchMedia("(prefers-reduced-motion: reduce)").matches });
    this.player.onshow = (day, phase) => this.#show(day, phase);
    this.player.listen(() => this.#changed());
    this.notice = new Notice();
    this.curtain = new Curtain();
    this.panels = new Panels(this);
    this.theme = new Theme(root, (name) => this.#themed(name));
    this.rememberLink = debounce(() => this.#writeLink(), 400);
    this.tellClass = throttle(() => this.#tellClass(), TEACHER_MS);
    this.#build();
    onKey(this);
  }

  #build() {
    this.cityName = h("span", null, "…");
    this.city = h(
      "button",
      { type: "button", class: "o2o-scenario", title: "Choose a city", onclick: () => this.chooseScenario() },
      this.cityName,
      icon("down"),
    );
    this.abButton = headButton("split", "Compare", "Compare two runs side by side", () => this.toggleCompare());
    this.abButton.setAttribute("aria-pressed", "false");
    this.shareButton = headButton("link", "Share", "Copy a link to this view", () => this.share());
    this.backToLive = h("button", { type: "button", class: "o2o-button o2o-live", hidden: true, onclick: () => this.#follow() }, "Back to live");
    this.question = h("p", { class: "o2o-question" });
    this.maps = h("div", { class: "o2o-maps" });
    this.foot = h("footer", { class: "o2o-foot" });
    fill(
      this.root,
      h(
        "header",
        { class: "o2o-head" },
        h("h1", null, "o2o", h("span", null, "sim")),
        this.city,
        h("div", { class: "o2o-head-right" },
          this.backToLive,
          this.abButton,
          this.shareButton,
          this.theme.button,
          headButton("help", "", "Help (?)", () => this.help()),
        ),
      ),
      h(
        "main",
        { class: "o2o-main" },
        h("div", { class: "o2o-stage" }, this.question, this.maps, this.curtain.node, this.notice.node),
        this.panels.node,
      ),
      this.foot,
    );
  }

  /** Connect, and open what the link says. */
  async start() {
    const view = readLink(location.hash);
    this.about = await ask("api/about", {});
    this.viewer = this.about.mode === "broadcast" && !this.about.teacher;
    this.fixed = this.viewer || this.about.mode === "replay";
    this.abButton.hidden = this.fixed || this.about.mode === "broadcast";
    this.shareButton.hidden = this.fixed;
    this.#nameCity();
    this.bar = timeBar(this.player, { watchOnly: this.viewer });
    for (const event of ["input", "click"]) this.bar.addEventListener(event, () => (this.#following = false), { capture: true });
    fill(this.foot, this.bar);
    const a = !this.fixed && view.a ? view.a : { ...PLAIN_RUN, scenario: this.about.scenario || SCENARIO };
    const opening = this.#begin([a, ...(view.b && !this.abButton.hidden ? [view.b] : [])], { day: this.viewer ? 0 : view.day });
    this.scenarios = ask("api/scenarios", []);
    const lessons = await ask("api/lessons", []);
    if (!this.fixed) this.panels.offerLessons(lessons);
    await opening;
    if (view.lesson) this.panels.beginLesson(view.lesson);
    addEventListener("hashchange", () => this.#linkChanged());
  }

  // -- runs -------------------------------------------------------------------------------------------------
  /**
   * Open runs and show a day of them.
   * @param {Array<Run>} runs one or two
   * @param {{day?: number, keep?: number[]}} [options] `keep`: numbers of runs that stay as they are
   * @returns {Promise<boolean>} whether they are open
   */
  async #begin(runs, { day = 0, keep = [] } = {}) {
    const turn = (this.#turn += 1);
    this.askedDay = day;
    this.#takeDown();
    this.notice.hide();
    this.curtain.say("Opening the city …");
    this.curtain.offer(runs.length > 1 && "Back to one map", () => this.#begin([runs[0]], { day, keep: [0] }));
    const old = this.sources;
    this.sources = runs.map((run, k) => {
      if (old[k] && !old[k].lost) {
        if (!keep.includes(k)) old[k].reopen(run, Math.max(day, this.player.ahead));
        return old[k];
      }
      return new LiveSource(socketAddress(), run, { want: Math.max(day, this.player.ahead) });
    });
    for (const source of old) if (!this.sources.includes(source)) source.close();
    this.#listen();
    this.opening = Promise.all(this.sources.map((source) => source.ready)).then(() => true, (error) => error);
    const outcome = await this.opening;
    if (turn !== this.#turn) return false;
    if (outcome !== true) {
      this.curtain.hide();
      this.#refused(outcome.message);
      return false;
    }
    this.#mount(day);
    return true;
  }

  #takeDown() {
    this.player.pause();
    this.player.setSources([]);
    for (const stop of this.#unlisten) stop();
    this.#unlisten = [];
    for (const view of this.views) view.destroy();
    this.views = [];
    this.panels.unmount();
  }

  #listen() {
    this.#unlisten = this.sources.flatMap((source) => [
      source.on("frame", () => this.panels.charts?.update()),
      source.on("moved", (move) => this.#moved(source, move)),
      source.on("error", ({ message }) => this.notice.show(message, { kind: "bad" })),
      source.on("busy", (message) => !source.frames && this.curtain.say(`${message} …`)),
      source.on("lost", (message) => source.frames && this.#refused(message)),
      source.on("restart", () => this.#restarted()),
      source.on("shown", ({ day, playing }) => this.#teacherShows(day, playing)),
    ]);
  }

  #mount(day) {
    this.shownDay = null; // panels show the new runs even if their first day is the one shown before
    this.curtain.hide();
    const two = this.sources.length > 1;
    this.root.classList.toggle("o2o-two", two);
    this.abButton.setAttribute("aria-pressed", String(two));
    this.views = this.sources.map((source, k) => {
      const view = new RunView(source, { name: "AB"[k], theme: this.theme.name, onpick: (who) => this.picked(k, who) });
      view.badge.hidden = !two;
      view.map.onview = () => this.#linkViews(k);
      return view;
    });
    fill(this.maps, this.views.map((view) => view.node));
    this.views[0].addLegend(this.views[1]);
    this.#titles();
    this.#nameCity();
    for (const view of this.views) view.map.resize();
    this.player.setSources(this.sources, day);
    this.panels.mount();
    this.#marks();
    this.player.seek(day);
    this.rememberLink();
  }

  #restarted() {
    const runs = this.sources;
    this.#takeDown();
    this.sources = runs;
    this.#listen();
    this.teacherDay = -1;
    this.#mount(0);
    this.#follow();
  }

  #refused(message) {
    const runs = this.sources.map((source) => source.run);
    const day = this.views.length ? Math.max(0, this.player.target ?? this.player.day) : this.askedDay;
    const plain = runs.map((run) => ({ ...run, set: {}, moves: [] }));
    const moved = runs.some((run) => run.moves.length || Object.keys(run.set).length);
    this.notice.show(message, {
      kind: "bad",
      actions: [
        [this.views.length ? "Reconnect" : "Try again", () => this.#begin(runs, { day })],
        ...(moved && !this.views.length ? [["Open without levers", () => this.#begin(plain, { day })]] : []),
        ...(this.fixed ? [] : [["Choose another city", () => this.chooseScenario()]]),
      ],
    });
  }

  /**
   * Open a scenario (lessons call this).
   * @param {{scenario: string, seed?: number|null, set?: Object, moves?: Array, day?: number, versus?: Object|null}} what
   *   `versus`: what run B has otherwise: {scenario, seed, set or levers, moves}
   */
  open({ scenario, seed = null, set, levers, moves = [], day = 0, versus = null }) {
    const a = { scenario, seed, set: { ...(set ?? levers) }, moves: [...moves] };
    const b = versus && !this.abButton.hidden && {
      scenario: versus.scenario || scenario,
      seed: versus.seed ?? seed,
      set: { ...(versus.set ?? versus.levers) },
      moves: [...(versus.moves ?? [])],
    };
    return this.#begin(b ? [a, b] : [a], { day });
  }

  /** One map becomes two, or B goes. */
  toggleCompare() {
    const [a] = this.sources;
    if (!a?.frames) return undefined;
    const day = Math.max(0, this.player.day);
    if (this.sources.length > 1) return this.#begin([a.run], { day, keep: [0] });
    this.panels.leverRun = 1;
    return this.#begin([a.run, structuredClone(a.run)], { day, keep: [0] }).then((open) => {
      if (!open) return;
      this.panels.tabs.show("levers");
      this.notice.show("Run B is the same city. Move a lever of B, play on, and see in “A | B” whose fate it changes.", { seconds: 12 });
    });
  }

  // -- levers -----------------------------------------------------------------------------------------------
  /** A lever of run `k` is moved on the page; which day is shown decides whether there is something to ask. */
  moveLever(k, key, value) {
    const source = this.sources[k];
    if (source.lost) return this.#refused(source.lost);
    const shown = Math.max(0, this.player.day);
    const newest = source.frames.count - 1;
    const over = newest >= source.days - 1;
    if (!over && newest - shown <= this.player.unasked) return source.move(key, value);
    const day = (n) => dayText(source.frames.key.header.start, n);
    const rerun = (from) => this.#rerun(k, from, key, value);
    const actions = [];
    if (shown < source.days - 1) actions.push([`Rerun from ${day(shown + 1)}`, () => rerun(shown + 1)]);
    if (over) actions.push(["Rerun from the first day", () => rerun(0)]);
    else actions.push([`Act from ${day(newest + 1)}`, () => source.move(key, value)]);
    const said = over
      ? "All days of this run are simulated. With this lever it can be run again:"
      : `You look at ${day(shown)}; the run is already at ${day(newest)}. From when should the lever act?`;
    this.panels.resetLever(k, key);
    return this.notice.show(`${leverWords(source, key, value)}. ${said}`, { kind: "ask", actions });
  }

  #rerun(k, from, key, value) {
    const runs = this.sources.map((source) => source.run);
    const before = runs[k].moves.filter(([day, what]) => (from === 0 ? what !== key : day < from));
    runs[k] = from === 0
      ? { ...runs[k], set: { ...runs[k].set, [key]: value }, moves: before }
      : { ...runs[k], moves: [...before, [from, key, value]] };
    const keep = runs.map((_, n) => n).filter((n) => n !== k);
    return this.#begin(runs, { day: from === 0 ? 0 : from - 1, keep });
  }

  #moved(source, { day, key, value }) {
    const name = this.sources.length > 1 ? `${"AB"[this.sources.indexOf(source)]}: ` : "";
    this.notice.show(`${name}${leverWords(source, key, value)}, from ${dayText(source.frames.key.header.start, day)}`, { seconds: 5 });
    this.#marks();
    this.#titles();
    this.rememberLink();
  }

  #marks() {
    this.bar.marks = this.sources.flatMap((source, k) =>
      source.run.moves
        .filter(([day]) => day < source.days)
        .map(([day, key, value]) => ({
          day,
          b: k === 1,
          text: `${this.sources.length > 1 ? `${"AB"[k]}, ` : ""}${dayText(source.frames.key.header.start, day)}: ${leverWords(source, key, value)}`,
        })),
    );
  }

  // -- showing ----------------------------------------------------------------------------------------------
  #show(day, phase) {
    for (const view of this.views) view.show(day, phase);
    if (day !== this.shownDay) {
      this.shownDay = day;
      this.panels.show(day);
      this.#findAgain();
      if (!this.player.playing) this.rememberLink();
      this.#freshCard();
    }
  }

  #changed() {
    if (this.viewer) this.backToLive.hidden = this.#following;
    if (this.about.teacher) this.tellClass();
    if (!this.player.playing && this.wasPlaying) this.rememberLink();
    this.wasPlaying = this.player.playing;
  }

  #tellClass() {
    const { day, playing } = this.player;
    const said = `${day},${playing}`;
    if (day < 0 || said === this.told) return;
    this.told = said;
    this.sources[0]?.tell({ do: "shown", day, playing });
  }

  #teacherShows(day) {
    this.teacherDay = day;
    if (this.viewer && this.#following) this.#follow();
  }

  /** Somebody looks at another day: pause there, and follow no teacher. */
  seek(day) {
    this.#following = false;
    this.player.pause();
    this.player.seek(day);
  }

  #follow() {
    this.#following = true;
    if (this.teacherDay >= 0) this.player.seek(this.teacherDay);
    this.#changed();
  }

  /** A run that began anew does not know yet who is selected. */
  #findAgain() {
    if (!this.selected) return;
    const { kind, name } = this.selected;
    const lost = this.views.filter((view) => !view.map.selected && view.find(kind, name));
    for (const view of lost) view.map.select(view.find(kind, name), { reveal: false });
    if (lost.length) this.#inspect();
  }

  #freshCard() {
    if (!this.selected || this.panels.tabs.open !== "inspect") return;
    const newest = this.sources[0]?.frames?.count ?? 0;
    if (Math.abs(newest - this.cardAt) >= CARD_DAYS) this.#inspect();
  }

  #linkViews(k) {
    if (this.linking || this.views.length < 2) return;
    this.linking = true;
    this.views[1 - k].map.view = this.views[k].map.view;
    this.linking = false;
  }

  #titles() {
    const { header } = this.sources[0].frames.key;
    say(this.question, header.question || header.name);
    document.title = `${header.name} – o2o_sim`;
    runTitles(this.sources).forEach(({ text, title }, k) => this.views[k].entitle(text, title));
  }

  #nameCity() {
    const id = this.sources[0]?.run.scenario;
    const name = this.sources[0]?.frames?.key.header.name || id || "…";
    say(this.cityName, name);
    this.city.disabled = Boolean(this.fixed);
  }

  // -- who is looked at -------------------------------------------------------------------------------------
  /** Somebody was clicked in run `k`: {kind, id}, or null. */
  picked(k, who) {
    if (!who) {
      this.selected = null;
      for (const view of this.views) view.map.select(null);
      for (const inspector of this.panels.inspectors) inspector.clear();
      return;
    }
    this.select(who.kind, this.views[k].nameOf(who));
  }

  /** Select a store, circle, platform or person by name (persons by number) on all maps, and show its card. */
  select(kind, name, { quiet = false } = {}) {
    this.selected = { kind, name };
    for (const view of this.views) view.map.select(view.find(kind, name));
    if (!quiet) this.focus("inspect");
    return this.#inspect();
  }

  #inspect() {
    this.cardAt = this.sources[0]?.frames?.count ?? 0;
    const { kind, name } = this.selected;
    return this.panels.inspect(this.views.map((view) => view.find(kind, name)));
  }

  // -- what lessons and keys ask for ------------------------------------------------------------------------
  /**
   * Open a panel: levers, charts, inspect, news, compare or lesson.
   * @param {string} panel
   * @param {{charts?: string[], levers?: string[]}} [marked] charts or levers to draw attention to
   */
  focus(panel, { charts, levers } = {}) {
    this.panels.tabs.show(panel);
    if (charts) this.panels.charts?.highlight(charts);
    if (levers) for (const one of this.panels.levers) one.highlight(levers);
    if (innerWidth < NARROW) this.panels.node.scrollIntoView({ block: "start" });
  }

  /** Play to a date ("2013-12-31") and pause there; the promise is kept when it is reached (or left). */
  async playTo(date) {
    await this.opening;
    const day = Math.min(dayOf(this.player.start, date), this.player.last);
    if (!(day >= 0)) return;
    const wanted = (day - this.player.day) / LESSON_SECONDS;
    this.player.speed = SPEEDS.find((speed) => speed >= Math.max(wanted, 2)) ?? SPEEDS.at(-1);
    this.player.playTo(day);
    await new Promise((resolve) => {
      const stop = this.player.listen(() => {
        if (this.player.playing) return;
        stop();
        resolve();
      });
      if (!this.player.playing) { stop(); resolve(); }
    });
  }

  help() {
    this.#open(helpDialog());
  }

  async chooseScenario() {
    const scenarios = await this.scenarios;
    const [a, b] = this.sources;
    this.#open(
      scenarioDialog(scenarios, {
        current: a?.run.scenario,
        seed: a?.run.seed,
        comparing: Boolean(b),
        onchoose: (scenario, seed, where) => {
          const run = { ...PLAIN_RUN, scenario, seed };
          const both = b ? [run, { ...run }] : [run];
          const runs = where === "both" ? both : where === "a" ? [run, b.run] : [a.run, run];
          this.selected = null;
          this.bar.querySelector(".o2o-play")?.focus(); // the space bar plays, it does not ask again
          this.#begin(runs, { keep: where === "a" ? [1] : where === "b" ? [0] : [], day: 0 });
        },
      }),
    );
  }

  #open(node) {
    this.root.append(node);
    node.addEventListener("close", () => node.remove());
    node.showModal();
  }

  async share() {
    this.#writeLink();
    try {
      await navigator.clipboard.writeText(location.href);
      this.notice.show("The link to this view is copied: same city, same levers, same day.", { seconds: 5 });
    } catch {
      this.#open(linkDialog(location.href));
    }
  }

  #writeLink() {
    const [a, b] = this.sources;
    if (!a?.frames || this.fixed) return;
    const day = Math.max(0, this.player.target ?? this.player.day);
    this.hash = writeLink({ a: a.run, b: b?.run, day });
    history.replaceState(history.state, "", this.hash);
  }

  #linkChanged() {
    if (location.hash === this.hash || this.fixed) return;
    const { a, b, day } = readLink(location.hash);
    if (a) this.#begin(b ? [a, b] : [a], { day });
  }

  #themed(name) {
    for (const view of this.views) view.map.setTheme(name);
    this.panels.setTheme(name);
  }
}
