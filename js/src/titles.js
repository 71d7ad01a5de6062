/** What a run has that the scenario does not, in words. */

import { dayText, quantity } from "./text.js";

/** A lever and where it stands: "Rents: × 2". */
export function leverWords(source, key, value) {
  const lever = source.levers.find((one) => one.key === key);
  return `${lever?.label ?? key}: ${quantity(value, lever?.unit)}`;
}

/** All levers of a run that were set or moved. */
function leversSaid(source) {
  const { set, moves } = source.run;
  const { start } = source.frames.key.header;
  return [
    ...Object.entries(set).map(([key, x]) => leverWords(source, key, x)),
    ...moves.map(([day, key, x]) => `${leverWords(source, key, x)} from ${dayText(start, day)}`),
  ];
}

/**
 * A line for each run on the stage: of two runs, what tells them apart.
 * @param {Array<Object>} sources one or two
 * @returns {Array<{text: string, title: string}>} `title` holds everything
 */
export function runTitles(sources) {
  const lists = sources.map(leversSaid);
  const two = sources.length > 1;
  const same = two && sources[0].run.scenario === sources[1].run.scenario;
  return sources.map((source, k) => {
    const name = two && !same ? source.frames.key.header.name : "";
    const own = same ? lists[k].filter((words) => !lists[1 - k].includes(words)) : lists[k];
    const none = !same ? "" : lists[k].length === lists[1 - k].length ? "the same levers" : lists[k].length ? "without that" : "levers as in the scenario";
    return {
      text: [name, own.join("; ") || none].filter(Boolean).join(" · "),
      title: [name, lists[k].join("; ")].filter(Boolean).join(" · "),
    };
  });
}
