/** Which charts there are, and what each draws of a run (series.js). */

import { circleLines, shares, trailing } from "./series.js";
import { OUTCOMES, number, percent, short } from "./text.js";

const LINE_COLOURS = ["--blue", "--vermilion", "--green", "--purple", "--orange", "--sky", "--black", "--brown"];
const DASHES = [[], [7, 3], [2, 2], [9, 3, 2, 3], [], [7, 3], [2, 2], [9, 3, 2, 3]];
const CHANNEL_COLOURS = {
  "walk-in": "--sky",
  parcel: "--purple",
  coupon: "--orange",
  "social delivery": "--green",
  "app delivery": "--yellow",
  "marketplace shop": "--blue",
  "group deal": "--vermilion",
};
/**
 * What a chart is: `parts(run)` are its lines or areas, areas from the bottom, each {label, colour, dash?, mark?, off?,
 * values}; `write` writes a value, `axis` one at the axis, `top` is the end of a scale that is known, `other` a second
 * thing that can be shown in its place.
 */
export const CHARTS = [
  {
    id: "outcomes",
    title: "What became of the shops",
    unit: "shops, all that ever opened",
    kind: "areas",
    write: (x) => number(x, 0),
    parts: (run) =>
      OUTCOMES.map(({ label, mark, colour }, k) => ({
        label, mark, colour: colour.slice(4, -1), values: run.states[k],
      })), // prettier-ignore
  },
  {
    id: "channels",
    title: "Who sells",
    unit: "share of all sales, mean of 7 days",
    kind: "areas",
    top: 1,
    write: (x) => percent(x, x < 0.0995 && x > 0 ? 1 : 0),
    axis: (x) => percent(x, 0),
    parts: (run) => {
      const known = run.channelNames.map((name, k) => ({ name, k }));
      const sold = known.filter(({ name, k }) => name && name !== "without" && run.channels[k]);
      // Shops below, so that all that came over the telephone adds up at the top.
      sold.sort((a, b) => (b.name === "walk-in") - (a.name === "walk-in"));
      const rows = shares(sold.map(({ k }) => trailing(run.channels[k])));
      let spare = 0;
      const others = ["--black", "--line", "--muted"];
      return sold.map(({ name }, k) => ({
        label: name === "walk-in" ? "in the shop" : name,
        colour: CHANNEL_COLOURS[name] ?? others[spare++ % others.length],
        values: rows[k],
      }));
    },
  },
  {
    id: "footfall",
    title: "Where people go",
    unit: "visitors a day, mean of 7 days",
    kind: "lines",
    write: (x) => short(x),
    parts: (run) =>
      circleLines(run.key?.circles ?? []).map((line, k) => ({
        label: line.label,
        ...look(k),
        off: line.street,
        values: trailing(
          Array.from({ length: run.days }, (_, day) => line.of.reduce((sum, c) => sum + (run.footfall[c]?.[day] ?? 0), 0)),
        ),
      })),
  },
  {
    id: "cash",
    title: "Cash of platforms",
    unit: (run) => `${run.key?.currency ?? "yuan"} more or less than on the first day, with what investors gave`,
    kind: "lines",
    write: (x) => short(x),
    parts: (run) =>
      (run.key?.platforms ?? []).map(({ name }, k) => {
        const cash = run.cash[k] ?? [];
        return { label: name, ...look(k), values: cash.map((x) => x - cash[0]) };
      }),
    other: {
      id: "members",
      title: "Members of platforms",
      unit: "share of all people",
      write: (x) => percent(x, x < 0.0995 && x > 0 ? 1 : 0),
      axis: (x) => percent(x, 0),
      parts: (run) =>
        (run.key?.platforms ?? []).map(({ name }, k) => ({ label: name, ...look(k), values: run.members[k] ?? [] })),
    },
  },
];

const look = (k) => ({ colour: LINE_COLOURS[k % LINE_COLOURS.length], dash: DASHES[k % DASHES.length] });
