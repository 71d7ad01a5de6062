/** The bar below a city: play, step, the days of the run with their months, the date, the speed. */

import { fill, freshId, h, say } from "./dom.js";
import { icon } from "./icons.js";
import { SPEEDS } from "./player.js";
import { dateText, dayOf, isoDay } from "./text.js";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LABEL_PX = 60;

/** The day of the week and date of a day of a run: "Tue 1 Jan 2013". */
export function dayWords(start, day) {
  const iso = isoDay(start, day);
  return iso ? `${WEEKDAYS[new Date(`${iso}T00:00:00Z`).getUTCDay()]} ${dateText(iso)}` : "";
}

/**
 * The first days of months within a run, as [{day, label}]; the label is empty where there is no room.
 * @param {string} start
 * @param {number} days
 * @param {number} [most] labels there is room for
 */
export function monthTicks(start, days, most = 13) {
  let [year, month] = start.split("-").map(Number);
  if (!start.endsWith("-01")) [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  const ticks = [];
  for (;;) {
    const day = dayOf(start, `${year}-${String(month).padStart(2, "0")}-01`);
    if (!(day < days)) break;
    ticks.push({ day, month, year });
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
  // Every month, quarter or year gets its name, whatever there is room for.
  const every = [1, 3, 6, 12, 24, 60].find((n) => ticks.length / n <= most) ?? 120;
  return ticks.map(({ day, month: m, year: y }, k) => {
    const named = every < 12 ? (m - 1) % every === 0 : m === 1 && (y - ticks[0].year) % (every / 12) === 0;
    const first = m === 1 || k === 0;
    return { day, label: !named ? "" : every >= 12 ? String(y) : first ? `${MONTHS[m - 1]} ${y}` : MONTHS[m - 1] };
  });
}

/**
 * The time bar of a player. It keeps itself up to date.
 *
 * @param {import("./player.js").Player} player
 * @param {{watchOnly?: boolean}} [options] `watchOnly`: no play and speed (a viewer of a broadcast; scrubbing is left)
 * @returns {HTMLElement} with `.marks = [{day, text, b}]` (where levers were moved) and `.destroy()`
 */
export function timeBar(player, { watchOnly = false } = {}) {
  const button = (name, label, act) =>
    h("button", { type: "button", class: "o2o-round", "aria-label": label, title: label, onclick: act }, icon(name));
  const play = button("play", "Play", () => player.toggle());
  play.classList.add("o2o-play");
  const back = button("back", "One day back", () => player.step(-1));
  const forward = button("forward", "One day on", () => player.step(1));
  const date = h("span", { class: "o2o-date" });
  const state = h("span", { class: "o2o-progress" });
  const slider = h("input", { type: "range", class: "o2o-slider", min: 0, max: 1, step: 1, "aria-label": "Day shown" });
  const ticks = h("div", { class: "o2o-ticks", "aria-hidden": "true" });
  const moved = h("div", { class: "o2o-moved" });
  const speedId = freshId("speed");
  const speed = h(
    "select",
    { id: speedId, onchange: () => (player.speed = Number(speed.value)) },
    SPEEDS.map((n) => h("option", { value: n }, n === 0.5 ? "½ day/s" : `${n} day${n === 1 ? "" : "s"}/s`)),
  );
  const track = h("div", { class: "o2o-track" }, slider, moved, ticks);
  const bar = h(
    "div",
    { class: "o2o-time", role: "group", "aria-label": "Time" },
    h("div", { class: "o2o-time-buttons" }, !watchOnly && [back, play, forward]),
    h("div", { class: "o2o-time-date" }, date, state),
    track,
    !watchOnly && h("label", { class: "o2o-speed", for: speedId }, h("span", { class: "o2o-label" }, "Speed"), speed),
  );
  slider.addEventListener("input", () => {
    const day = Number(slider.value); // before pause() puts the slider back to where the player is
    player.pause();
    player.seek(day);
  });

  let drawn = "";
  let filled = "";
  let marks = [];
  let width = 0;
  let pictured = null; // what the play button shows

  const place = (day) => `${(100 * day) / Math.max(1, player.last)}%`;

  function drawTrack() {
    fill(
      ticks,
      monthTicks(player.start, player.last + 1, Math.max(2, width / LABEL_PX)).map(({ day, label }) =>
        h("span", { class: [label ? "o2o-tick" : "o2o-tick o2o-tick-small"], style: { left: place(day) } }, label),
      ),
    );
    fill(
      moved,
      marks.map(({ day, text, b }) =>
        h(
          "button",
          {
            type: "button",
            class: ["o2o-flag", b && "o2o-flag-b"],
            style: { left: place(day) },
            title: text,
            "aria-label": text,
            onclick: () => player.seek(day),
          },
          b ? "▲" : "▼",
        ),
      ),
    );
  }

  let offered = "";

  /** Only speeds that the simulation can keep are offered. */
  function offer() {
    const now = player.offered;
    if (now.join() === offered) return;
    offered = now.join();
    for (const option of speed.options) option.hidden = option.disabled = !now.includes(Number(option.value));
    const made = player.kept;
    speed.title = made < SPEEDS.at(-1) ? `Here this city makes about ${made < 2 ? made.toFixed(1) : Math.round(made)} days a second.` : "";
  }

  function update() {
    offer();
    const { start, last, newest, playing } = player;
    const day = Math.max(0, player.day);
    const wanted = `${start},${last},${width},${JSON.stringify(marks)}`;
    if (start && wanted !== drawn) {
      drawn = wanted;
      slider.max = String(last);
      drawTrack();
    }
    const words = start ? dayWords(start, day) : "";
    say(date, words);
    if (slider.value !== String(day)) slider.value = String(day);
    slider.setAttribute("aria-valuetext", words);
    const grown = `${day},${newest},${last}`;
    if (grown !== filled) {
      filled = grown;
      bar.style.setProperty("--shown", place(day));
      bar.style.setProperty("--made", place(Math.max(0, newest)));
    }
    if (pictured !== playing) {
      pictured = playing;
      fill(play, icon(playing ? "pause" : "play"));
      play.setAttribute("aria-label", playing ? "Pause" : "Play");
      play.title = playing ? "Pause (space)" : "Play (space)";
    }
    if (Number(speed.value) !== player.speed) speed.value = String(player.speed);
    const to = player.target;
    bar.classList.toggle("o2o-waiting", player.waiting);
    if (to !== null && start) say(state, `simulating up to ${dateText(isoDay(start, to))} …`);
    else say(state, last > 0 ? `day ${day + 1} of ${last + 1}` : "");
  }

  Object.defineProperty(bar, "marks", {
    get: () => marks,
    set: (list) => {
      marks = list;
      update();
    },
  });
  const stop = player.listen(update);
  const sizes = new ResizeObserver(([{ contentRect }]) => {
    width = Math.round(contentRect.width);
    update();
  });
  sizes.observe(track);
  bar.destroy = () => {
    stop();
    sizes.disconnect();
    bar.remove();
  };
  update();
  return bar;
}
