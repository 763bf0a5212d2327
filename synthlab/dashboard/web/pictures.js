// The pictures that clients have of each other, as data URLs: asked for once a second while somebody looks at them, because
// a client takes pictures only while they are asked for.

import { ApiError } from "./shared.js";

const EVERY_MS = 1000;
// While a call is judged, clients are only asked now and again whether it still is.
const JUDGED_TURNS = 3;

export class Pictures {
  // `ask(client, after)` returns the client's pictures that are newer than number `after`; `changed()` is called when
  // there are new ones.
  constructor(ask, changed) {
    Object.assign(this, { ask, changed, clients: [], without: new Set(), shown: {}, counts: {}, costs: {}, judged: new Set(), turns: 0 });
  }

  // The clients to ask; none to stop.
  look(clients) {
    this.clients = clients;
    if (clients.length && !this.timer) {
      this.timer = setInterval(() => this.turn(), EVERY_MS);
      this.turn();
    } else if (!clients.length && this.timer) {
      clearInterval(this.timer);
      Object.assign(this, { timer: undefined, shown: {}, counts: {}, costs: {}, judged: new Set() });
      this.changed();
    }
  }

  async turn() {
    if (document.hidden || this.busy) return;
    this.turns += 1;
    if (this.isJudged && this.turns % JUDGED_TURNS) return;
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

  keep(client, { pictures, count, cpu_percent: cost, judged }) {
    if (!this.timer) return;
    if (judged) {
      this.judged.add(client);
      Object.assign(this, { shown: {}, costs: {} });
      this.changed();
      return;
    }
    this.judged.delete(client);
    const fresh = Object.entries(pictures).map(([peer, { jpeg }]) => [peer, `data:image/jpeg;base64,${jpeg}`]);
    this.counts[client] = count;
    this.costs = { ...this.costs, [client]: cost };
    this.shown = { ...this.shown, [client]: { ...this.shown[client], ...Object.fromEntries(fresh) } };
    this.changed();
  }

  // Whether somebody judges the call, on the command line or in a test: clients then take no pictures.
  get isJudged() { return this.judged.size > 0; }

  // What taking them costs, in % of a core, of all clients together; undefined before it is measured.
  get cost() {
    const known = Object.values(this.costs).filter((cost) => typeof cost === "number");
    return known.length ? known.reduce((sum, cost) => sum + cost, 0) : undefined;
  }
}
