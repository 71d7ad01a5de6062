/** The platforms have no place in the city: they stand in a strip at its edge, each with the share of its members. */

import { fill, h, say } from "./dom.js";
import { percent } from "./text.js";

const KINDS = {
  marketplace: "marketplace of other sellers",
  self_operated: "sells itself",
  local_services: "local services",
};

export class PlatformStrip {
  /** @param {function(number)} onpick called with the number of a platform that was clicked */
  constructor(onpick) {
    this.onpick = onpick;
    this.element = h("div", { class: "o2o-map-platforms", role: "group", "aria-label": "Platforms" });
    this.items = [];
  }

  /** @param {Object[]} platforms {name, kind} */
  setPlatforms(platforms) {
    this.items = platforms.map((platform, id) => {
      const share = h("small");
      const bar = h("b", { style: { width: "0%" } });
      const icon = h(
        "svg:svg",
        { viewBox: "0 0 16 16", "aria-hidden": "true" },
        h("svg:path", { d: "M2 5L8 2L14 5V11.5L8 14.5L2 11.5ZM2 5L8 8L14 5M8 8V14.5", "stroke-linejoin": "round" }),
      );
      const button = h(
        "button",
        { type: "button", "aria-pressed": "false", onclick: () => this.onpick(id) },
        icon, h("span", null, platform.name), share, h("i", { "aria-hidden": "true" }, bar),
      );
      return { ...platform, button, share, bar, members: NaN };
    });
    const meaning = "The figures and bars: the share of the people who are members";
    const caption = h("span", { title: meaning }, h("span", null, "Platforms · "), "members");
    fill(this.element, platforms.length > 0 && caption, this.items.map((item) => item.button));
    this.items.forEach((_, id) => this.#title(id));
  }

  /** @param {Object} arrays of a frame */
  show(arrays) {
    this.items.forEach((item, id) => {
      const members = arrays.members?.[id];
      if (members === undefined || item.members === members) return;
      item.members = members;
      say(item.share, percent(members, 0));
      item.bar.style.width = `${(100 * members).toFixed(1)}%`;
      this.#title(id);
    });
  }

  select(id) {
    this.items.forEach((item, k) => item.button.setAttribute("aria-pressed", String(k === id)));
  }

  /** Name, kind and share of members of a platform. */
  describe(id) {
    const item = this.items[id];
    if (!item) return [`Platform ${id}`];
    const members = Number.isFinite(item.members) ? [`${percent(item.members, 0)} are members`] : [];
    return [item.name, KINDS[item.kind] ?? item.kind, ...members];
  }

  #title(id) {
    this.items[id].button.title = this.describe(id).join(" · ");
  }
}
