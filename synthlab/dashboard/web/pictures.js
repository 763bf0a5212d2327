// The pictures that clients have of each other, as data URLs: asked for once a second while somebody looks at them, because
// a client takes pictures only while they are asked for.

import { ApiError } from "./shared.js";

const EVERY_MS = 1000;

export class Pictures {
  // `ask(client, after)` returns the client's pictures that are newer than number `after`; `changed()` is called when
  // there are new ones.
  constructor(ask, changed) {
    Object.assign(this, { ask, changed, clients: [], without: new Set(), shown: {}, counts: {}, costs: {} });
  }

  // The clients to ask; none to stop.
  look(clients) {
    this.clients = clients;
    if (clients.length && !this.timer) {
      this.timer = setInterval(() => this.turn(), EVERY_MS);
      this.turn();
    } else if (!clients.length && this.timer) {
      clearInterval(this.timer);
      Object.assign(this, { timer: undefined, shown: {}, counts: {}, costs: {} });
      this.changed();
    }
  }

  async turn() {
    if (document.hidden || this.busy) return;
    this.busy = true;
    await Promise.all(this.clients.filter((client) => !this.without.has(client)).map((client) => this.askOne(client)));
    this.busy = false;
  }

  async askOne(client) {
    try {
      this.keep(client, await this.ask(client, this.counts[client] ?? 0));
    } catch (error) {
      // One of an older version has none, and is not asked again; another one may only be starting.
      if (error instanceof ApiError) this.without.add(client);
      this.shown = { ...this.shown, [client]: {} };
    }
  }

  keep(client, { pictures, count, cpu_percent: cost }) {
    if (!this.timer) return;
    const fresh = Object.entries(pictures).map(([peer, { jpeg }]) => [peer, `data:image/jpeg;base64,${jpeg}`]);
    this.counts[client] = count;
    this.costs = { ...this.costs, [client]: cost };
    this.shown = { ...this.shown, [client]: { ...this.shown[client], ...Object.fromEntries(fresh) } };
    this.changed();
  }

  // What taking them costs, in % of a core, of all clients together; undefined before it is measured.
  get cost() {
    const known = Object.values(this.costs).filter((cost) => typeof cost === "number");
    return known.length ? known.reduce((sum, cost) => sum + cost, 0) : undefined;
  }
}
