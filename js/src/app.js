/** The live page: which runs are open, what is shown of them, and what is done to them. */

import { Address } from "./address.js";
import { helpDialog, linkDialog, scenarioDialog } from "./dialogs.js";
import { fill, h, say, throttle } from "./dom.js";
import { icon } from "./icons.js";
import { onKey } from "./keys.js";
import { Curtain, Notice, headButton } from "./layout.js";
import { Moves } from "./moves.js";
import { Opening } from "./opening.js";
import { Panels } from "./panels.js";
import { Player, SPEEDS } from "./player.js";
import { RunView } from "./runview.js";
import { Selection } from "./selection.js";
import { ask } from "./server.js";
import { dayOf, isoDay, longDate } from "./text.js";
import { Theme } from "./theme.js";
import { timeBar } from "./timebar.js";
import { runTitles } from "./titles.js";

const SCENARIO = "classroom";
const TEACHER_MS = 150;
const LESSON_SECONDS = 15;
const NARROW = 760;
const PLAIN_RUN = { seed: null, set: {}, moves: [] };

export class App {
  #unlisten = [];
  #following = true;

  /** @param {HTMLElement} root an empty element with class "o2o" */
  constructor(root) {
    this.root = root;
    root.classList.add("o2o-app");
    this.about = {};
    this.sources = [];
    this.views = [];
    this.selection = new Selection(this);
    this.player = new Player([], { still: matchMedia("(prefers-reduced-motion: reduce)").matches });
    this.player.onshow = (day, phase) => this.#show(day, phase);
    this.player.listen(() => this.#changed());
    this.notice = new Notice();
    this.curtain = new Curtain();
    this.panels = new Panels(this);
    this.theme = new Theme(root, (name) => this.#themed(name));
    this.address = new Address(this);
    this.moves = new Moves(this);
    this.opening = new Opening(this);
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
    const view = this.address.read();
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
    const runs = [a, ...(view.b && !this.abButton.hidden ? [view.b] : [])];
    const opening = this.begin(runs, { day: this.viewer ? 0 : view.day, link: this.fixed ? null : view });
    this.scenarios = ask("api/scenarios", []);
    const lessons = await ask("api/lessons", []);
    if (!this.fixed) this.panels.offerLessons(lessons);
    await opening;
    if (view.lesson) this.panels.beginLesson(view.lesson);
    addEventListener("hashchange", () => this.address.changed());
  }

  // -- runs -------------------------------------------------------------------------------------------------
  /** Open runs: see `Opening.begin`. */
  begin(runs, options) {
    return this.opening.begin(runs, options);
  }

  /** No more days will come, or none came. */
  refused(message) {
    this.opening.refused(message);
  }

  /** Leave the runs on the stage. */
  takeDown() {
    this.player.pause();
    this.player.setSources([]);
    for (const stop of this.#unlisten) stop();
    this.#unlisten = [];
    for (const view of this.views) view.destroy();
    this.views = [];
    this.panels.unmount();
  }

  /** Hear what the runs say. */
  listen() {
    this.#unlisten = this.sources.flatMap((source) => [
      source.on("frame", () => this.panels.charts?.update()),
      source.on("moved", (move) => this.#moved(source, move)),
      source.on("error", ({ message }) => this.notice.show(message, { kind: "bad" })),
      source.on("busy", (message) => !source.frames && this.curtain.say(`${message} …`)),
      source.on("lost", (message) => source.frames && this.refused(message)),
      source.on("restart", () => this.#restarted()),
      source.on("shown", ({ day, playing }) => this.#teacherShows(day, playing)),
    ]);
  }

  /** Put the runs, which are open, on the stage. */
  mount(day) {
    this.shownDay = null; // panels show the new runs even if their first day is the one shown before
    this.curtain.hide();
    const two = this.sources.length > 1;
    this.root.classList.toggle("o2o-two", two);
    this.abButton.setAttribute("aria-pressed", String(two));
    this.views = this.sources.map((source, k) => {
      const view = new RunView(source, { name: "AB"[k], theme: this.theme.name, onpick: (who) => this.selection.picked(k, who) });
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
    this.moves.mark();
    this.player.seek(day);
    this.address.remember();
  }

  #restarted() {
    const runs = this.sources;
    this.takeDown();
    this.sources = runs;
    this.listen();
    this.teacherDay = -1;
    this.mount(0);
    this.#follow();
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
    return this.begin(b ? [a, b] : [a], { day });
  }

  /** One map becomes two, or B goes. */
  toggleCompare() {
    const [a] = this.sources;
    if (!a?.frames) return undefined;
    const day = Math.max(0, this.player.day);
    if (this.sources.length > 1) return this.begin([a.run], { day, keep: [0] });
    this.panels.leverRun = 1;
    return this.begin([a.run, structuredClone(a.run)], { day, keep: [0] }).then((open) => {
      if (!open) return;
      this.panels.tabs.show("levers");
      this.notice.show("Run B is the same city. Move a lever of B, play on, and see in “A | B” whose fate it changes.", { seconds: 12 });
    });
  }

  #moved(source, move) {
    this.moves.moved(source, move);
    this.#titles();
  }

  // -- showing ----------------------------------------------------------------------------------------------
  #show(day, phase) {
    for (const view of this.views) view.show(day, phase);
    if (day !== this.shownDay) {
      this.shownDay = day;
      this.panels.show(day);
      this.selection.show();
      if (day > 0 && day === this.player.last) this.panels.over(false);
      if (this.player.playing) this.address.keepUp();
      else this.address.remember();
    }
  }

  #changed() {
    if (this.viewer) this.backToLive.hidden = this.#following;
    if (this.about.teacher) this.tellClass();
    const { day, last, playing } = this.player;
    if (!playing && this.wasPlaying) {
      this.address.remember();
      if (day === last) this.#over();
    }
    this.wasPlaying = playing;
  }

  /** Nothing more is to come: show what it has come to, or offer that where something else is being done. */
  #over() {
    const { start, last } = this.player;
    if (!start || last < 1) return;
    const aside = this.panels.busy;
    this.panels.over(!aside);
    if (!aside) return;
    const actions = [["Summary", () => this.panels.over(true)]];
    this.notice.show(`The last day: ${longDate(isoDay(start, last))}.`, { actions, seconds: 12 });
  }

  #tellClass() {
    const { day, playing } = this.player;
    const said = `${day},${playing}`;
    if (day < 0 || said === this.told) return;
    this.told = said;
    this.sources[0]?.tell({ do: "shown", day, playing });
  }

  #teacherShows(day) {
    const before = this.teacherDay;
    this.teacherDay = day;
    if (!this.viewer || !this.#following) return;
    this.#follow();
    if (day === this.player.last && day !== before) this.#over();
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

  /** Who is looked at: {kind, name}, or null. */
  get selected() {
    return this.selection.who;
  }

  // -- what lessons and keys ask for ------------------------------------------------------------------------
  /** Select a store, circle, platform or person by name (persons by number), and show its card. */
  select(kind, name, options) {
    return this.selection.select(kind, name, options);
  }

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
    await this.opening.done;
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
          this.selection.who = null;
          this.bar.querySelector(".o2o-play")?.focus(); // the space bar plays, it does not ask again
          this.begin(runs, { keep: where === "a" ? [1] : where === "b" ? [0] : [], day: 0 });
        },
      }),
    );
  }

  #open(node) {
    this.root.append(node);
    node.addEventListener("close", () => node.remove());
    this.address.behind(node);
    node.showModal();
  }

  async share() {
    this.address.write();
    try {
      await navigator.clipboard.writeText(location.href);
      this.notice.show("The link to this view is copied: same city, same levers, same day.", { seconds: 5 });
    } catch {
      this.#open(linkDialog(location.href));
    }
  }

  #themed(name) {
    for (const view of this.views) view.map.setTheme(name);
    this.panels.setTheme(name);
  }
}
