/** Mouse, fingers and keys on the map. */

const CLICK_PX = 5;
const STEP_PX = 60;

/**
 * Listen on an element.
 * @param {HTMLElement} element
 * @param {Object} act
 * @param {function(number, number)} act.pan by pixels
 * @param {function(number, number=, number=)} act.zoom by a factor, about a pixel
 * @param {function()} act.fit
 * @param {function(number, number, boolean)} act.click at a pixel; whether it was a finger
 * @param {function(number, number)|null} act.hover over a pixel
 * @param {function()} act.leave
 * @param {function(number[])} act.go to the next store in a direction [east, north]
 * @param {function()} act.next to the next circle
 * @param {function()} act.pick what the keyboard is at
 * @param {function()} act.clear
 * @returns {function()} stops listening
 */
export function listen(element, act) {
  const down = new Map(); // pointers: where they are
  let start = null;
  let moved = false;

  const at = (e) => {
    const box = element.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  const span = () => {
    const [a, b] = [...down.values()];
    return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, length: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1 };
  };

  const handlers = {
    pointerdown(e) {
      if (e.button > 0) return;
      down.set(e.pointerId, at(e));
      if (down.size === 1) {
        start = at(e);
        moved = false;
      }
    },
    pointermove(e) {
      const place = at(e);
      if (!down.has(e.pointerId)) {
        if (e.pointerType === "mouse") act.hover(...place);
        return;
      }
      if (down.size === 1) {
        const before = down.get(e.pointerId);
        if (!moved && Math.hypot(place[0] - start[0], place[1] - start[1]) < CLICK_PX) return;
        if (!moved) element.setPointerCapture(e.pointerId);
        moved = true;
        act.leave();
        act.pan(place[0] - before[0], place[1] - before[1]);
        down.set(e.pointerId, place);
      } else if (down.size === 2) {
        const before = span();
        down.set(e.pointerId, place);
        const now = span();
        moved = true;
        act.pan(now.x - before.x, now.y - before.y);
        act.zoom(now.length / before.length, now.x, now.y);
      }
    },
    pointerup(e) {
      if (!down.delete(e.pointerId) || moved || down.size) return;
      act.click(...at(e), e.pointerType === "touch");
    },
    pointercancel(e) {
      down.delete(e.pointerId);
      moved = true;
    },
    pointerleave(e) {
      if (e.pointerType === "mouse") act.leave();
    },
    dblclick(e) {
      act.zoom(2, ...at(e));
    },
    wheel(e) {
      // On a page that scrolls, the wheel is the page's until the map is in use.
      const page = document.scrollingElement;
      const scrolls = page && page.scrollHeight > page.clientHeight + 4;
      if (scrolls && !e.ctrlKey && !element.contains(element.getRootNode().activeElement)) return;
      e.preventDefault();
      const lines = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 100 : 1;
      act.zoom(Math.exp(-Math.max(-240, Math.min(240, e.deltaY * lines)) * (e.ctrlKey ? 0.01 : 0.0022)), ...at(e));
    },
    keydown(e) {
      if (e.ctrlKey || e.altKey || e.metaKey) return;
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
      if (way && e.shiftKey) act.pan(-way[0] * STEP_PX, way[1] * STEP_PX);
      else if (way) act.go(way);
      else if (e.key === "+" || e.key === "=") act.zoom(1.5);
      else if (e.key === "-" || e.key === "_") act.zoom(1 / 1.5);
      else if (e.key === "0") act.fit();
      else if (e.key === "c" || e.key === "C") act.next();
      else if (e.key === "Enter") act.pick();
      else if (e.key === "Escape") act.clear();
      else return;
      e.preventDefault();
      e.stopPropagation(); // the page has other uses for arrows
    },
  };
  for (const [name, handler] of Object.entries(handlers)) {
    element.addEventListener(name, handler, { passive: name !== "wheel" && name !== "keydown" });
  }
  return () => {
    for (const [name, handler] of Object.entries(handlers)) element.removeEventListener(name, handler);
  };
}
