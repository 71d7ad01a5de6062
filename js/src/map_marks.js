/** Marks on the map: rings around what is chosen or pointed at, and lines to the homes of its customers of the day. */

/**
 * Metres of something, or null if it has no place on the map of the day shown.
 * @param {Object} map places, stores and people of a CityMap
 * @param {{kind: string, id: number}} sel
 */
export function placeOf({ places, stores, people }, { kind, id }) {
  if (kind === "store") return id >= 0 && id < stores.count ? [places.x[id], places.y[id]] : null;
  if (kind === "circle") {
    const circle = places.circles[id];
    return circle && !circle.street ? [circle.x, circle.y] : null;
  }
  const i = kind === "person" ? people.index(id) : -1;
  return i >= 0 ? [people.homeX[i], people.homeY[i]] : null;
}

/**
 * @param {CanvasRenderingContext2D} context in pixels of the host
 * @param {Object} map a CityMap
 * @param {import("./map_view.js").View} view
 * @param {Object} palette
 * @param {{selected: Object|null, hovered: Object|null, reach: number}} marks
 */
export function drawMarks(context, map, view, palette, { selected, hovered, reach }) {
  if (selected && map.layers.people) ties(context, map, view, palette, selected);
  ring(context, map, view, reach, hovered, palette.soft, 2);
  ring(context, map, view, reach, selected, palette.chosen, 3);
}

function ties(context, { people, stores }, view, palette, { kind, id }) {
  if (kind === "store") people.drawTies(context, view, palette, (store) => store === id);
  if (kind === "circle") people.drawTies(context, view, palette, (store) => stores.stores[store]?.circle === id);
  const i = kind === "person" ? people.index(id) : -1;
  if (i >= 0) people.drawTies(context, view, palette, null, i);
}

function ring(context, map, view, reach, sel, colour, width) {
  const place = sel && placeOf(map, sel);
  if (!place) return;
  let [x, y, r] = [view.toX(place[0]), view.toY(place[1]), 7];
  if (sel.kind === "store") r = map.stores.radius(sel.id, map.stores.base(view)) + 5;
  if (sel.kind === "circle") r = map.places.circles[sel.id].radius * view.scale + 2;
  if (sel.kind === "person") [x, y] = map.people.position(map.people.index(sel.id), view, reach);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.stroke();
}
