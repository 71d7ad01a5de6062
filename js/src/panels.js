/** The tabs beside the map, filled with the panels of one or two runs. They act through the app that owns them. */

import { Charts } from "./charts.js";
import { Compare } from "./compare.js";
import { fill, h } from "./dom.js";
import { Inspector } from "./inspect.js";
import { Tabs, segments } from "./layout.js";
import { Lesson } from "./lessons.js";
import { Levers } from "./levers.js";
import { News } from "./news.js";
import { Summary } from "./summary.js";
import { count } from "./text.js";

const TABS = [
  { id: "levers", label: "Levers" },
  { id: "charts", label: "Charts" },
  { id: "inspect", label: "Inspect" },
  { id: "news", label: "News" },
  { id: "compare", label: "A | B" },
  { id: "summary", label: "Summary" },
  { id: "lesson", label: "Lesson" },
];

export class Panels {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.charts = null;
    this.levers = [];
    this.inspectors = [];
    this.leverRun = 0;
    this.tabs = new Tabs(TABS, () => this.app.panels && this.show(this.app.player.day));
    this.node = h("aside", { class: "o2o-side", "aria-label": "Panels" }, this.tabs.bar, this.tabs.panels);
    const onpick = (kind, name) => app.select(kind, name);
    this.news = new News(this.tabs.panel("news"), { onpick });
    this.compare = new Compare(this.tabs.panel("compare"), { onpick });
    this.summary = new Summary(this.tabs.panel("summary"), { views: () => app.views, oncompare: () => this.tabs.show("compare") });
    this.tabs.hide("summary", true);
    this.tabs.hide("compare", true);
    this.tabs.hide("lesson", true);
    this.lessonHost = h("div");
    fill(this.tabs.panel("lesson"), this.lessonHost);
    this.lesson = null;
  }

  /** Runs have begun: make what belongs to them. */
  mount() {
    this.unmount();
    const { sources } = this.app;
    this.charts = new Charts(fill(this.tabs.panel("charts")), sources);
    this.charts.onseek = (day) => this.app.seek(day);
    this.tabs.hide("compare", sources.length < 2);
    const levers = sources.some((source) => source.levers.length);
    this.tabs.hide("levers", !levers);
    if (levers) this.#mountLevers();
    this.#mountInspectors();
    this.show(this.app.player.day);
  }

  unmount() {
    this.charts?.destroy();
    this.charts = null;
    this.news.clear();
    this.summary.clear();
    this.tabs.hide("summary", true);
    for (const levers of this.levers) levers.destroy?.();
    for (const inspector of this.inspectors) inspector.destroy();
    this.levers = [];
    this.inspectors = [];
  }

  #mountLevers() {
    const { sources } = this.app;
    const hosts = sources.map(() => h("div", { class: "o2o-levers-host" }));
    this.leverRun = Math.min(this.leverRun, sources.length - 1);
    const turn = (k) => {
      this.leverRun = k;
      hosts.forEach((host, n) => (host.hidden = n !== k));
    };
    const names = [[0, "Levers of A"], [1, "Levers of B"]];
    this.leverChoice = sources.length > 1 ? segments(names, this.leverRun, turn, "Whose levers") : null;
    fill(this.tabs.panel("levers"), this.leverChoice, hosts);
    turn(this.leverRun);
    const reason = this.app.viewer ? "The teacher moves the levers." : "";
    this.levers = sources.map((source, k) => {
      const onmove = (key, value) => this.app.moves.move(k, key, value);
      return new Levers(hosts[k], source, { onmove, reason });
    });
  }

  /** Show where a lever really stands (a move was not made, or not yet). */
  resetLever(k, key) {
    const row = this.levers[k]?.rows.get(key);
    row?.set(this.app.sources[k].levers.find((lever) => lever.key === key)?.value);
    row?.tell("");
  }

  #mountInspectors() {
    const { sources } = this.app;
    const hosts = sources.map((_, k) =>
      h("div", { class: "o2o-card-host" }, sources.length > 1 && h("span", { class: ["o2o-run", `o2o-run-${"ab"[k]}`] }, "AB"[k])),
    );
    fill(this.tabs.panel("inspect"), hosts);
    this.inspectors = hosts.map((host, k) => {
      const onpick = (who) => this.app.selection.picked(k, who);
      const inspector = new Inspector(host.appendChild(h("div")), { onpick });
      inspector.setSource(sources[k]);
      return inspector;
    });
  }

  /** The day shown has changed: bring what is seen up to date. */
  show(day) {
    if (day < 0 || !this.charts) return;
    const { sources } = this.app;
    this.charts.cursor(day);
    for (const inspector of this.inspectors) inspector.showDay(day);
    if (this.tabs.open === "news") {
      this.news.show(sources.map((source, k) => ({ name: "AB"[k], frames: source.frames })), day);
    }
    if (this.tabs.open === "summary") this.summary.show(sources, day);
    if (this.tabs.open === "compare" && sources.length > 1) this.compare.show(sources[0].frames, sources[1].frames, day);
  }

  /** The last day is shown: the summary is there from now on. @param {boolean} open it is opened, too */
  over(open) {
    this.tabs.hide("summary", false);
    if (!open) return;
    this.app.focus("summary");
    this.summary.focus();
  }

  /** Is a lesson being taken, or does somebody write? Then nothing else comes in its place by itself. */
  get busy() {
    const writing = document.activeElement?.matches?.("input:not([type=range]), textarea, select");
    return Boolean(writing) || (this.lesson !== null && this.tabs.open === "lesson");
  }

  /** Show the cards of somebody. `found`: {kind, id} or null, for each run. */
  inspect(found) {
    return Promise.all(found.map((who, k) => this.inspectors[k]?.look(who)));
  }

  /** The list of lessons, or nothing if there are none. */
  offerLessons(lessons) {
    this.lessons = lessons;
    this.tabs.hide("lesson", !lessons.length);
    this.#lessonList();
  }

  #lessonList() {
    this.lesson?.destroy();
    this.lesson = null;
    const choice = ({ id, title, question, minutes }) =>
      h(
        "button",
        { type: "button", class: "o2o-city", onclick: () => this.beginLesson(id) },
        h("strong", null, title),
        h("span", null, question),
        h("span", { class: "o2o-muted" }, count(minutes, "minute")),
      );
    fill(
      this.lessonHost,
      h("p", { class: "o2o-muted" }, "Predict, run, explain: questions for a class, each with its own city."),
      h("ul", { class: "o2o-cities" }, this.lessons.map((lesson) => h("li", null, choice(lesson)))),
    );
  }

  beginLesson(id) {
    const lesson = this.lessons?.find((one) => one.id === id);
    if (!lesson) return;
    this.lesson?.destroy();
    const host = h("div");
    fill(
      this.lessonHost,
      h("button", { type: "button", class: "o2o-button o2o-quiet o2o-back-to-list", onclick: () => this.#lessonList() }, "← All lessons"),
      host,
    );
    this.lesson = new Lesson(host, lesson, this.app);
    this.tabs.show("lesson");
    host.querySelector("h3[tabindex]")?.focus({ preventScroll: true });
  }

  setTheme() {
    this.charts?.setTheme?.();
  }
}
