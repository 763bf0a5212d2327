// The stream of events as a page gets it: from the shared worker, or without one over a connection of its own.

import { Feed } from "./feed.js";

const WORKER = new URL("./stream_worker.js", import.meta.url);

// `listener(name, data)` gets every event until the page is hidden for good, and again once it is shown.
export function follow(listener, url = "/v1/events") {
  let end = start(listener, url);
  addEventListener("pagehide", () => end());
  addEventListener("pageshow", ({ persisted }) => { if (persisted) end = start(listener, url); });
}

function start(listener, url) {
  const alone = () => new Feed(url).listen(listener);
  if (typeof SharedWorker === "undefined") return alone();
  let end = () => {};
  try {
    const worker = new SharedWorker(WORKER, { type: "module", name: "synthlab" });
    worker.addEventListener("error", () => { end(); end = alone(); });
    worker.port.addEventListener("message", ({ data: [name, event] }) => listener(name, event));
    worker.port.start();
    worker.port.postMessage("listen");
    end = () => worker.port.postMessage("end");
  } catch {
    end = alone();
  }
  return () => end();
}
