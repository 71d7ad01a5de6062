// Browsers refuse Web Workers to pages that are opened from the disk. The search of this site runs in one, so
// there it gets a hidden frame with the same script instead, and messages go to and fro as with a worker.
"use strict";

if (location.protocol === "file:") {
  window.Worker = class FrameWorker extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.ready = new Promise((resolve) => {
        const append = () => document.body.append(this.frame);
        if (document.body) append();
        else addEventListener("DOMContentLoaded", append);
        this.frame.addEventListener("load", () => resolve(this.run(String(url))), { once: true });
      });
      this.frame.srcdoc = "<!doctype html><title>search</title>";
    }

    // Load the script into the frame, where "postMessage" means: to the page, as it does in a worker.
    run(url) {
      const inside = this.frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      return new Promise((resolve, reject) => {
        const script = inside.document.createElement("script");
        script.src = url;
        script.onload = () => resolve(inside);
        script.onerror = () => reject(new Error(`cannot load ${url}`));
        inside.document.head.append(script);
      });
    }

    postMessage(data) {
      this.ready.then((inside) => inside.dispatchEvent(new inside.MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
