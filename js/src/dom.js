/**
 * The one way this page makes elements. Data becomes text nodes and attribute values, never markup, so a shop
 * called "<script>" is a shop called "<script>".
 */

const SVG = "http://www.w3.org/2000/svg";
const MARKUP = new Set(["innerHTML", "outerHTML", "srcdoc"]);

/**
 * Make an element.
 *
 *     h("button", { class: "go", onclick: start, disabled: busy, "aria-label": "Play" }, "▶")
 *
 * @param {string} tag name of the element; "svg:path" makes an SVG element
 * @param {Object|null} props `on...` functions are listeners, `style` and `dataset` may be objects, `class` may be a
 *   list; null, undefined and false leave the attribute out, true sets it empty; `value`, `checked` and
 *   `selected` are set as properties
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 * @returns {Element}
 */
export function h(tag, props, ...children) {
  const node = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  // Children first: a <select> can only take its value when its options are there.
  add(node, children);
  for (const [name, value] of Object.entries(props ?? {})) set(node, name, value);
  return node;
}

function set(node, name, value) {
  if (MARKUP.has(name)) throw new Error(`${name} would turn data into markup`);
  if (name.startsWith("on")) {
    if (typeof value === "function") node.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value) throw new Error(`${name} wants a function`);
  } else if (name === "class") {
    const list = (Array.isArray(value) ? value : [value]).filter(Boolean).join(" ");
    if (list) node.setAttribute("class", list);
  } else if (name === "style" && value && typeof value === "object") {
    for (const [key, said] of Object.entries(value)) {
      if (said == null) continue;
      if (key.startsWith("--")) node.style.setProperty(key, said);
      else node.style[key] = said;
    }
  } else if (name === "dataset") {
    Object.assign(node.dataset, value);
  } else if (name === "value" || name === "checked" || name === "selected") {
    if (value != null) node[name] = value;
  } else if (value === true) {
    node.setAttribute(name, "");
  } else if (value != null && value !== false) {
    node.setAttribute(name, String(value));
  }
}

/**
 * Append children to a node; nothing, false and null are skipped, lists are flattened, all else is text.
 * @param {Node} node
 * @param {Array} children
 * @returns {Node} the node
 */
export function add(node, children) {
  for (const child of children) {
    if (child == null || child === false || child === true) continue;
    if (Array.isArray(child)) add(node, child);
    else node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/**
 * Put new children in the place of all old ones.
 * @param {Node} node
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 * @returns {Node} the node
 */
export function fill(node, ...children) {
  node.replaceChildren();
  return add(node, children);
}

/**
 * Set the text of a node only if it differs, so that a page that plays does not lay itself out for nothing.
 * @param {Node} node
 * @param {string|number} text
 */
export function say(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/**
 * Call `act` once `ms` milliseconds after the last call. `.now()` does what is pending at once, `.drop()` forgets it.
 * @param {function} act
 * @param {number} ms
 */
export function debounce(act, ms) {
  let timer = 0;
  let pending = null;
  const run = () => {
    timer = 0;
    const args = pending;
    pending = null;
    if (args) act(...args);
  };
  const later = (...args) => {
    pending = args;
    clearTimeout(timer);
    timer = setTimeout(run, ms);
  };
  later.now = () => {
    clearTimeout(timer);
    run();
  };
  later.drop = () => {
    clearTimeout(timer);
    pending = null;
  };
  return later;
}

/**
 * Call `act` at most once in `ms` milliseconds; the last call is never lost. `.drop()` forgets a pending one.
 * @param {function} act
 * @param {number} ms
 */
export function throttle(act, ms) {
  let last = -Infinity;
  let timer = 0;
  const run = () => {
    timer = 0;
    last = performance.now();
    act();
  };
  const call = () => {
    if (timer) return;
    const wait = last + ms - performance.now();
    if (wait <= 0) run();
    else timer = setTimeout(run, wait);
  };
  call.drop = () => {
    clearTimeout(timer);
    timer = 0;
  };
  return call;
}

let made = 0;

/**
 * An id nobody else on the page has (two maps, two notebooks cells), for labels and descriptions.
 * @param {string} stem
 */
export function freshId(stem) {
  made += 1;
  return `o2o-${stem}-${made}`;
}
