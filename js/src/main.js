/** The one module of all pages: the page says in `data-o2o` what it is; notebooks take the default export. */

import { App } from "./app.js";
import { report } from "./report.js";
import { render } from "./widget.js";

export default { render };

function begin() {
  const root = document.querySelector("#o2o");
  const kind = document.documentElement.dataset.o2o;
  if (!root) return;
  if (kind === "app") {
    const app = new App(root);
    // Facts for tests and for the curious; nothing on the page reads them.
    window.o2oApp = {
      get day() { return app.player.day; },
      get shown() { return app.shownDay; },
      get playing() { return app.player.playing; },
      get newest() { return app.player.newest; },
      get sources() { return app.sources; },
      get map() { return app.views[0]?.map; },
      get maps() { return app.views.map((view) => view.map); },
      get tab() { return app.panels.tabs.open; },
      get selected() { return app.selected; },
      get theme() { return app.theme.name; },
    };
    app.start();
  }
  if (kind === "report") report(root);
}

if (typeof document !== "undefined" && document.documentElement?.dataset.o2o) begin();
