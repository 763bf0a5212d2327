// The streams of labs and clients as a page gets them: from the shared worker, or without one over connections of its own.

import { clientFeed, labFeed } from "./lab_feed.js";

const WORKER = new URL("./stream_worker.js", import.meta.url);
const FIRST_MS = 3000, NEXT_MS = 10_000;
const makers = { lab: labFeed, client: clientFeed };

const openWorker = () => new SharedWorker(WORKER, { type: "module", name: "synthlab" });

// A worker runs in the process of the page that started it: if that page hangs, or is paused in a debugger, the worker
// falls silent for all others, which then go on alone.
export class Streams {
  constructor(open = openWorker, feeds = makers) {
    Object.assign(this, { feeds, streams: new Map(), count: 0 });
    try {
      const worker = open();
      this.port = worker.port;
      worker.addEventListener("error", () => this.goAlone());
      this.port.addEventListener("message", ({ data: [id, name, event] }) => {
        if (!this.port) return;
        this.watch(NEXT_MS);
        this.streams.get(id)?.listener(name, event);
      });
      this.port.start();
      this.port.postMessage({ here: true });
      this.watch(FIRST_MS);
    } catch {
      this.port = undefined;
    }
  }

  // `kind` is lab or client; `listener(name, data)` gets every event. Returns a function that ends this.
  follow(kind, url, listener) {
    const id = ++this.count, stream = { kind, url, listener };
    this.streams.set(id, stream);
    this.start(id, stream);
    return () => {
      this.streams.delete(id);
      this.stop(id, stream);
    };
  }

  // While the page is hidden for good, it may come back.
  pause() {
    clearTimeout(this.timer);
    this.port?.postMessage({ here: false });
    this.streams.forEach((stream, id) => this.stop(id, stream));
  }

  resume() {
    this.port?.postMessage({ here: true });
    if (this.port) this.watch(FIRST_MS);
    this.streams.forEach((stream, id) => this.start(id, stream));
  }

  start(id, stream) {
    if (this.port) this.port.postMessage({ id, kind: stream.kind, url: stream.url });
    else stream.end = this.feeds[stream.kind](stream.url).listen(stream.listener);
  }

  stop(id, stream) {
    if (this.port) this.port.postMessage({ id });
    else stream.end();
  }

  watch(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.goAlone(), ms);
  }

  goAlone() {
    if (!this.port) return;
    this.pause();
    this.port = undefined;
    this.resume();
  }
}
