/** What the colours and shapes of the map mean, with a switch for every layer. */

import { fill, freshId, h } from "./dom.js";
import { css, DEEDS, outline, palette, STATES } from "./map_colours.js";
import { number } from "./text.js";

/** Layers of the map, as they lie in the legend. */
export const LAYERS = {
  stores: "Stores",
  people: "People",
  parcels: "Parcels",
  circles: "Business circles",
  sales: "Sales of the week",
  population: "Where people live",
};

/**
 * @param {{layers: Object, theme: string, key: Object|null}} map
 * @returns {{element: HTMLElement, update: function}}
 */
export function makeLegend(map) {
  const boxes = {};
  const bodies = {};
  const note = h("p", { class: "o2o-map-note" });
  const groups = Object.entries(LAYERS).map(([layer, title]) => {
    const id = freshId(`layer-${layer}`);
    boxes[layer] = h("input", {
      type: "checkbox", id, checked: map.layers[layer], onchange: (e) => (map.layers[layer] = e.target.checked),
    });
    bodies[layer] = h("div", { class: "o2o-map-keys" });
    return h("div", { class: "o2o-map-layer" }, h("label", { for: id }, boxes[layer], " ", title), bodies[layer]);
  });
  const element = h("div", { class: "o2o-map-legend", role: "group", "aria-label": "Legend and layers of the map" });
  element.append(...groups, note);

  function update() {
    const colours = palette(map.theme);
    for (const layer of Object.keys(LAYERS)) {
      boxes[layer].checked = map.layers[layer];
      bodies[layer].classList.toggle("off", !map.layers[layer]);
    }
    fill(
      bodies.stores,
      STATES.map((s) => item(shape(s.shape, s.colour, colours.outline), s.name)),
      item(ring(colours.ring), "changed in the last two weeks"),
      h("p", null, "The larger, the more visitors today."),
    );
    fill(
      bodies.people,
      DEEDS.map((deed, k) => deed.key !== "ordered" && item(dot(css(colours.deeds[k]), 3.4), deed.name)),
      item(dot(css([...colours.home.slice(0, 3), 200]), 2.2), "at home"),
    );
    const box = css(colours.deeds[2]);
    fill(bodies.parcels, item(svg(h("svg:rect", { x: 4.5, y: 4.5, width: 7, height: 7, fill: box })), DEEDS[2].name));
    fill(
      bodies.circles,
      item(disc(colours, false), "as large as its units"),
      map.key?.circles.some((c) => c.opens) && item(disc(colours, true), "not open yet"),
      map.key?.rivers?.length > 0 && item(stroke(colours.water, 6), "water"),
      map.key?.metro?.length > 0 && item(stroke(colours.metro, 3), "metro"),
    );
    fill(bodies.sales, ramp(colours.sales, "little", "much"));
    fill(bodies.population, ramp(colours.population, "few", "many"));
    note.textContent = said(map.key);
  }
  update();
  return { element, update };
}

/** How many people are drawn, and for how many each stands. */
export function said(key) {
  if (!key) return "";
  const { people, population, people_each: each } = key;
  const drawn =
    people < population
      ? `${number(people)} of ${number(population)} simulated people are drawn`
      : `${number(people)} simulated people are drawn`;
  return each > 1.005 ? `${drawn}; each stands for ${number(each, each < 10 ? 1 : 0)} residents.` : `${drawn}.`;
}

function item(picture, text) {
  return h("span", { class: "o2o-map-key" }, picture, h("span", null, text));
}

function svg(...parts) {
  return h("svg:svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, ...parts);
}

function shape(kind, colour, line) {
  const d = outline(kind, 8, kind === "triangle" ? 8.8 : 8, 4.8);
  const look = { "stroke-width": 1.6, "stroke-linejoin": "round", "paint-order": "stroke" };
  return svg(h("svg:path", { d, fill: colour, stroke: line, ...look }));
}

function dot(colour, r) {
  return svg(h("svg:circle", { cx: 8, cy: 8, r, fill: colour }));
}

function ring(colour) {
  return svg(h("svg:circle", { cx: 8, cy: 8, r: 6, fill: "none", stroke: colour, "stroke-width": 1.8 }));
}

function disc(colours, dashed) {
  const look = { fill: dashed ? "none" : colours.disc, stroke: colours.discEdge, "stroke-width": 1.3 };
  return svg(h("svg:circle", { cx: 8, cy: 8, r: 6.5, ...look, "stroke-dasharray": dashed ? "3 2.5" : null }));
}

function stroke(colour, width) {
  return svg(h("svg:path", { d: "M1 11L6 6L15 8", fill: "none", stroke: colour, "stroke-width": width }));
}

function ramp(stops, little, much) {
  const bar = h("span", {
    class: "o2o-map-ramp",
    style: { background: `linear-gradient(to right, ${stops.map(css).join(", ")})` },
    "aria-hidden": "true",
  });
  return h("span", { class: "o2o-map-key" }, h("span", null, little), bar, h("span", null, much));
}
