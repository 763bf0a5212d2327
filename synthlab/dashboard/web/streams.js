// The streams of labs and clients as a page gets them: from the shared worker, or without one over connections of its own.

import { clientFeed, labFeed } from "./lab_feed.js";

const WORKER = new URL("./stream_worker.js", import.meta.url);
const makers = { lab: labFeed, client: clientFeed };

class Streams {
  constructor() {
    this.open = new Map();
    this.count = 0;
    try {
      this.worker = new SharedWorker(WORKER, { type: "module", name: "synthlab" });
      this.worker.addEventListener("error", () => this.goAlone());
      this.worker.port.addEventListener("message", ({ data: [id, name, event] }) => this.open.get(id)?.listener(name, event));
      this.worker.port.start();
    } catch {
      this.worker = undefined;
    }
    addEventListener("pagehide", () => this.open.forEach((stream, id) => this.stop(id, stream)));
    addEventListener("pageshow", ({ persisted }) => { if (persisted) this.open.forEach((stream, id) => this.start(id, stream)); });
  }

  // `kind` is lab or client; `listener(name, data)` gets every event. Returns a function that ends this.
  follow(kind, url, listener) {
    const id = ++this.count, stream = { kind, url, listener };
    this.open.set(id, stream);
    this.start(id, stream);
    return () => {
      this.open.delete(id);
      this.stop(id, stream);
    };
  }

  start(id, stream) {
    if (this.worker) this.worker.port.postMessage({ id, kind: stream.kind, url: stream.url });
    else stream.end = makers[stream.kind](stream.url).listen(stream.listener);
  }

  stop(id, stream) {
    if (this.worker) this.worker.port.postMessage({ id });
    else stream.end();
  }

  goAlone() {
    this.worker = undefined;
    this.open.forEach((stream, id) => this.start(id, stream));
  }
}

export const streams = new Streams();
