/** Who is looked at: a store, circle, platform or person, on all maps and on the cards. */

export class Selection {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    /** {kind, name}, or null. Names, for numbers may differ between two runs. */
    this.who = null;
  }

  /** Somebody was clicked in run `k`: {kind, id}, or null. */
  picked(k, who) {
    const { views, panels } = this.app;
    if (who) return this.select(who.kind, views[k].nameOf(who));
    this.who = null;
    for (const view of views) view.map.select(null);
    for (const inspector of panels.inspectors) inspector.clear();
    return undefined;
  }

  /** Select by name (persons by number) on all maps, and show the card; `quiet`: without opening its panel. */
  select(kind, name, { quiet = false } = {}) {
    this.who = { kind, name };
    for (const view of this.app.views) view.map.select(view.find(kind, name));
    if (!quiet) this.app.focus("inspect");
    return this.#inspect();
  }

  /** Another day is shown. */
  show() {
    if (!this.who) return;
    const { kind, name } = this.who;
    // A run that began anew does not know yet who is selected.
    const lost = this.app.views.filter((view) => !view.map.selected && view.find(kind, name));
    for (const view of lost) view.map.select(view.find(kind, name), { reveal: false });
    if (lost.length) this.#inspect();
  }

  #inspect() {
    const { kind, name } = this.who;
    return this.app.panels.inspect(this.app.views.map((view) => view.find(kind, name)));
  }
}
