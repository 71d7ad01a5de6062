/** Light or dark: as the machine has it, until somebody chooses. */

import { fill } from "./dom.js";
import { icon } from "./icons.js";
import { headButton } from "./layout.js";

const KEPT = "o2o-theme";

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // pages in files and frames may have no storage
  }
}

export class Theme {
  /**
   * @param {HTMLElement} root gets data-theme "light" or "dark"
   * @param {function(string)} onchange
   */
  constructor(root, onchange) {
    this.root = root;
    this.onchange = onchange;
    this.machine = matchMedia("(prefers-color-scheme: dark)");
    this.chosen = ["light", "dark"].includes(kept()) ? kept() : null;
    this.button = headButton("moon", "", "Dark colours", () => this.toggle());
    this.machine.addEventListener("change", () => !this.chosen && this.#apply());
    this.#apply(true);
  }

  get name() {
    return this.chosen ?? (this.machine.matches ? "dark" : "light");
  }

  toggle() {
    this.chosen = this.name === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEPT, this.chosen);
    } catch {
      // It lasts as long as the page, then.
    }
    this.#apply();
  }

  #apply(first = false) {
    const dark = this.name === "dark";
    for (let node = this.root; node; node = node.parentElement?.closest(".o2o")) node.dataset.theme = this.name;
    document.documentElement.style.colorScheme = this.name;
    fill(this.button, icon(dark ? "sun" : "moon"));
    this.button.title = dark ? "Light colours" : "Dark colours";
    this.button.setAttribute("aria-label", this.button.title);
    if (!first) this.onchange(this.name);
  }
}
