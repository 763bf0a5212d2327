// The stream of events as a page gets it: from the shared worker, or without one over a connection of its own.

import { Feed } from "./feed.js";

const WORKER = new URL("./stream_worker.js", import.meta.url);
const FIRST_MS = 3000, NEXT_MS = 10_000;

const openWorker = () => new SharedWorker(WORKER, { type: "module", name: "synthlab" });

// `listener(name, data)` gets every event until the page is hidden for good, and again once it is shown.
export function follow(listener, url = "/v1/events") {
  let end = start(listener, url);
  addEventListener("pagehide", () => end());
  addEventListener("pageshow", ({ persisted }) => { if (persisted) end = start(listener, url); });
}

// Returns a function that ends it. A worker runs in the process of the page that started it: if that page hangs, or is
// paused in a debugger, the worker falls silent for all others, which then go on alone.
export function start(listener, url, { worker: open = openWorker, feed = new Feed(url) } = {}) {
  let timer, port, ended = false;
  let end = () => { ended = true; clearTimeout(timer); port?.postMessage("end"); };
  const alone = () => {
    if (ended) return;
    end();
    end = feed.listen(listener);
  };
  const watch = (ms) => { clearTimeout(timer); timer = setTimeout(alone, ms); };
  try {
    const worker = open();
    port = worker.port;
    worker.addEventListener("error", alone);
    port.addEventListener("message", ({ data: [name, event] }) => {
      if (ended) return;
      watch(NEXT_MS);
      listener(name, event);
    });
    port.start();
    port.postMessage("listen");
    watch(FIRST_MS);
  } catch {
    alone();
  }
  return () => end();
}
