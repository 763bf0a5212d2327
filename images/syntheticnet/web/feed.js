// One stream of events from an API, for any number of listeners; reconnects by itself.

import { EMPTY, next } from "./store.js";

const RETRY_MS = [250, 500, 1000, 2000, 4000];

// What is known of a client, and the events that say so. `known(model)` are those that tell a new listener all of it. A
// stream without an event for `silent_ms` has failed: a second without a state is odd.
const CLIENT = {
  events: ["state", "history", "sample", "traffic", "files", "stats"], empty: EMPTY, next, silent_ms: 5000,
  known: ({ state, samples, traffic, files, stats }) => [
    ["files", { files }], ...Object.entries({ state, traffic, stats }).filter(([, data]) => data),
    ...(samples.length ? [["history", { samples }]] : [])],
};

export class Feed {
  // `open(url)` makes an EventSource; `kind` says what the stream is about, as CLIENT does.
  constructor(url, open = (address) => new EventSource(address), kind = CLIENT) {
    Object.assign(this, { url, open, kind, model: kind.empty, listeners: new Set(), failures: 0 });
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
    const { connected, waited } = this.model;
    return [["connection", { connected, waited }], ...this.kind.known(this.model)];
  }

  connect() {
    this.disconnect();
    const source = this.source = this.open(this.url);
    for (const name of this.kind.events) source.addEventListener(name, ({ data }) => this.take(name, JSON.parse(data)));
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
    this.model = this.kind.next(this.model, name, data);
    for (const listener of this.listeners) listener(name, data);
  }

  retry() {
    this.disconnect();
    if (this.listeners.size === 0) return;
    const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
    this.emit("connection", { connected: false, waited: true });
    this.timer = setTimeout(() => this.connect(), wait);
  }

  // A connection may die without an error.
  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.retry(), this.kind.silent_ms);
  }
}
