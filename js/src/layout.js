/** The bones of the live page: head, maps, side with its tabs, time bar; and what speaks above them. */

import { fill, freshId, h, say } from "./dom.js";
import { icon } from "./icons.js";

/** A button of the head: a picture with a word that narrow screens leave out. */
export function headButton(name, label, title, act) {
  return h(
    "button",
    { type: "button", class: "o2o-head-button", title, "aria-label": title, onclick: act },
    icon(name),
    label && h("span", { class: "o2o-word" }, label),
  );
}

/** Tabs with their panels. The first is open. */
export class Tabs {
  /**
   * @param {Array<{id: string, label: string}>} list
   * @param {function(string)} onopen called with the id of the panel that is opened
   */
  constructor(list, onopen) {
    this.onopen = onopen;
    this.open = "";
    this.tabs = new Map();
    this.bar = h("div", { class: "o2o-tabs", role: "tablist", "aria-label": "Panels" });
    this.panels = h("div", { class: "o2o-panels" });
    for (const { id, label } of list) {
      const panelId = freshId("panel");
      const tabId = freshId("tab");
      const tab = h(
        "button",
        { type: "button", role: "tab", id: tabId, "aria-controls": panelId, onclick: () => this.show(id) },
        label,
      );
      const panel = h("div", {
        role: "tabpanel", id: panelId, "aria-labelledby": tabId, class: ["o2o-panel", `o2o-panel-${id}`], tabindex: 0,
      });
      this.tabs.set(id, { tab, panel });
      this.bar.append(tab);
      this.panels.append(panel);
    }
    this.bar.addEventListener("keydown", (event) => this.#arrow(event));
    this.show(list[0].id);
  }

  panel(id) {
    return this.tabs.get(id).panel;
  }

  show(id) {
    if (!this.tabs.has(id)) return;
    this.open = id;
    for (const [name, { tab, panel }] of this.tabs) {
      const on = name === id;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      panel.hidden = !on;
    }
    this.onopen(id);
  }

  hide(id, hidden) {
    this.tabs.get(id).tab.hidden = hidden;
    if (hidden && this.open === id) this.show([...this.tabs.keys()].find((one) => !this.tabs.get(one).tab.hidden));
  }

  #arrow(event) {
    const seen = [...this.tabs.keys()].filter((id) => !this.tabs.get(id).tab.hidden);
    const at = seen.indexOf(this.open);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault(); // or the page would show the first or the newest day
    const next = seen.at(to % seen.length);
    this.show(next);
    this.tabs.get(next).tab.focus();
  }
}

/** A line that tells what is going on, with buttons for what can be done about it. */
export class Notice {
  constructor() {
    this.box = h("div", { class: "o2o-notice", hidden: true });
    // Screen readers tell what comes into a place that was there before.
    this.node = h("div", { class: "o2o-notices", role: "status" }, this.box);
    this.timer = 0;
  }

  /**
   * @param {string} text
   * @param {{kind?: "info"|"bad"|"ask", actions?: Array<[string, function]>, seconds?: number}} [options] without
   *   `seconds` it stays until something else is said
   */
  show(text, { kind = "info", actions = [], seconds = 0 } = {}) {
    clearTimeout(this.timer);
    this.box.className = `o2o-notice o2o-notice-${kind}`;
    this.box.hidden = false;
    fill(
      this.box,
      h("span", { class: "o2o-notice-text" }, text),
      h(
        "span",
        { class: "o2o-notice-actions" },
        actions.map(([label, act]) =>
          h("button", { type: "button", class: "o2o-button", onclick: () => { this.hide(); act(); } }, label),
        ),
        !seconds && h("button", { type: "button", class: "o2o-button o2o-quiet", onclick: () => this.hide() }, "Dismiss"),
      ),
    );
    if (seconds) this.timer = setTimeout(() => this.hide(), seconds * 1000);
  }

  hide() {
    clearTimeout(this.timer);
    this.box.hidden = true;
  }
}

/** A choice of few, like a row of keys of which one is down. */
export function segments(list, chosen, onchoose, label) {
  const buttons = list.map(([id, words]) =>
    h("button", { type: "button", "aria-pressed": String(id === chosen), onclick: () => node.choose(id) }, words),
  );
  const node = h("div", { class: "o2o-segments", role: "group", "aria-label": label }, buttons);
  node.choose = (id) => {
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(list[k][0] === id)));
    onchoose(id);
  };
  return node;
}

/** What covers the stage while a city is built, with a way out for who does not want to wait. */
export class Curtain {
  constructor() {
    this.text = h("p", null, "Opening the city …");
    this.out = h("p");
    this.node = h("div", { class: "o2o-curtain", role: "status" }, h("div", { class: "o2o-spinner" }), this.text, this.out);
  }

  say(text) {
    say(this.text, text);
    this.node.hidden = false;
  }

  /** @param {string} label of the button; "" for none @param {function} [act] */
  offer(label, act) {
    fill(this.out, label && h("button", { type: "button", class: "o2o-button", onclick: act }, label));
  }

  hide() {
    this.node.hidden = true;
  }
}
