/** Windows above the page: which city, help, the link to share. */

import { fill, h } from "./dom.js";
import { mark } from "./icons.js";
import { OUTCOMES, number } from "./text.js";

/**
 * An empty dialog with a title; `fill` its `.body`, then call `showModal()`. Escape and the button close it.
 * @param {string} title
 */
export function dialog(title) {
  const body = h("div", { class: "o2o-dialog-body" });
  const node = h(
    "dialog",
    { class: "o2o-dialog", "aria-label": title },
    h(
      "div",
      { class: "o2o-dialog-head" },
      h("h2", null, title),
      h("button", { type: "button", class: "o2o-button o2o-quiet", onclick: () => node.close() }, "Close"),
    ),
    body,
  );
  node.addEventListener("click", (event) => {
    if (event.target === node) node.close(); // beside it
  });
  node.body = body;
  return node;
}

/**
 * Which city to open.
 * @param {Array<{id, name, question, population, days}>} scenarios
 * @param {{current: string, seed: number|null, other?: string|null, onchoose: function(string, number|null, string)}}
 *   options `other`: there is a run B with this scenario; the choice then is for A, for B or for both
 */
export function scenarioDialog(scenarios, { current, seed, comparing, onchoose }) {
  const node = dialog("Which city?");
  const seedBox = h("input", { type: "number", min: 0, step: 1, value: seed ?? "", placeholder: "of the scenario" });
  const into = h(
    "select",
    null,
    h("option", { value: "both" }, "both maps"),
    h("option", { value: "a" }, "map A"),
    h("option", { value: "b" }, "map B"),
  );
  const list = h("ul", { class: "o2o-cities" });
  const filter = h("input", { type: "search", placeholder: "Find a question …", "aria-label": "Find a question" });
  const draw = () => {
    const words = filter.value.trim().toLowerCase();
    const found = scenarios.filter(({ id, name, question }) => `${id} ${name} ${question}`.toLowerCase().includes(words));
    fill(
      list,
      found.map(({ id, name, question, population, days }) =>
        h(
          "li",
          null,
          h(
            "button",
            {
              type: "button",
              class: "o2o-city",
              "aria-current": id === current ? "true" : null,
              onclick: () => {
                const said = Number.parseInt(seedBox.value, 10);
                node.close();
                onchoose(id, Number.isFinite(said) && said >= 0 ? said : null, comparing ? into.value : "both");
              },
            },
            h("strong", null, name || id),
            question && question !== name && h("span", null, question),
            h("span", { class: "o2o-muted" }, `${number(population)} consumers, ${number(days)} days`),
          ),
        ),
      ),
      !found.length && h("li", { class: "o2o-muted" }, "No scenario has these words."),
    );
  };
  filter.addEventListener("input", draw);
  draw();
  fill(
    node.body,
    h(
      "div",
      { class: "o2o-city-tools" },
      filter,
      h("label", { title: "The same seed gives the same city and the same run" }, "Seed ", seedBox),
      comparing && h("label", null, "Open in ", into),
    ),
    list,
  );
  return node;
}

const KEYS = [
  ["Space", "play or pause"],
  ["← →", "one day back or on"],
  ["Shift ← →", "one month back or on"],
  ["Home End", "first day, newest day"],
  ["+ −", "zoom the map"],
  ["?", "this help"],
];

const MEANINGS = [
  "open, sells in the shop as before",
  "open, and integrated with online (coupons, delivery, a marketplace, a partnership)",
  "a showroom: look here, order online",
  "left the street, sells online only",
  "closed for good",
];

/** What is to be seen, and which keys there are. */
export function helpDialog() {
  const node = dialog("How to read this page");
  fill(
    node.body,
    h("p", null,
      "Every dot is a consumer of a simulated city. Each day those in need of something go to a shop, order a parcel, " +
      "have things brought, or do without. At the end of each month shops, landlords and platforms decide. The question " +
      "is which shops survive, which integrate with online, and which close."),
    h("ul", { class: "o2o-meanings" }, OUTCOMES.map((_, state) => h("li", { class: "o2o-with-mark" }, mark(state), MEANINGS[state]))),
    h("ol", { class: "o2o-howto" },
      h("li", null, h("b", null, "Play"), " the run, or drag the time bar. What was simulated can be seen again at once."),
      h("li", null, h("b", null, "Move a lever"), ": rents, subsidies, delivery … It acts from the next day on."),
      h("li", null, h("b", null, "Click"), " a shop, a circle or a person: who are you, how do you fare, what did you decide?"),
      h("li", null, h("b", null, "Compare"), ": the same city twice, side by side; move a lever in B and see which shops owe their fate to it."),
      h("li", null, h("b", null, "Share"), " the link: it brings others to the same city, levers and day."),
    ),
    h("table", { class: "o2o-keys" }, h("tbody", null, KEYS.map(([keys, does]) =>
      h("tr", null, h("th", { scope: "row" }, keys.split(" ").map((key) => h("kbd", null, key))), h("td", null, does))))),
  );
  return node;
}

/** The link, to copy by hand where the clipboard is out of reach. */
export function linkDialog(link) {
  const node = dialog("Link to this view");
  const box = h("input", { type: "text", readonly: true, value: link, class: "o2o-link", onfocus: () => box.select() });
  fill(node.body, h("p", null, "It opens the same city with the same levers on the same day."), box);
  return node;
}
