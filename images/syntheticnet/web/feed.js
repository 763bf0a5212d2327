// One stream of events from the client's API, for any number of listeners; reconnects by itself.

import { EMPTY, next } from "./store.js";

const EVENTS = ["state", "history", "sample", "traffic", "files", "stats"];
const RETRY_MS = [250, 500, 1000, 2000, 4000];
const SILENT_MS = 5000;

export class Feed {
  // `open(url)` makes an EventSource.
  constructor(url, open = (address) => new EventSource(address)) {
    Object.assign(this, { url, open, model: EMPTY, listeners: new Set(), failures: 0 });
  }

  // `listener(name, data)` gets what is known, then every event; returns a function that ends this.
  listen(listener) {
    this.listeners.add(listener);
    for (const [name, data] of this.known()) listener(name, data);
    if (this.listeners.size === 1) this.connect();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.disconnect();
    };
  }

  known() {
    const { state, samples, traffic, files, stats, connected, waited } = this.model;
    return [["connection", { connected, waited }], ["files", { files }],
            ...Object.entries({ state, traffic, stats }).filter(([, data]) => data),
            ...(samples.length ? [["history", { samples }]] : [])];
  }

  connect() {
    this.disconnect();
    const source = this.source = this.open(this.url);
    for (const name of EVENTS) source.addEventListener(name, ({ data }) => this.take(name, JSON.parse(data)));
    source.addEventListener("error", () => this.retry());
    this.watch();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }

  take(name, data) {
    this.failures = 0;
    this.watch();
    if (!this.model.connected) this.emit("connection", { connected: true, waited: false });
    if (name !== "history" || data.samples.length) this.emit(name, data);
  }

  emit(name, data) {
    this.model = next(this.model, name, data);
    for (const listener of this.listeners) listener(name, data);
  }

  retry() {
    this.disconnect();
    if (this.listeners.size === 0) return;
    const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
    this.emit("connection", { connected: false, waited: true });
    this.timer = setTimeout(() => this.connect(), wait);
  }

  // A connection may die without an error: a second without a state is odd, five are a failure.
  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.retry(), SILENT_MS);
  }
}
