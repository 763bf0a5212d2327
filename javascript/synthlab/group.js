// Clients that change at the same moment, or not at all.

import { AppliedChange } from "./applied_change.js";
import { readChange, undoing } from "./change.js";
import { WrongUse } from "./errors.js";

export class Group {
  // `name` is a group's or a client's; without one, the whole lab is meant.
  constructor(lab, name) {
    this.lab = lab;
    this.name = name;
  }

  // Change conditions of all of them; see `Client.set`.
  async set(change, times = {}) {
    const asked = readChange(change, times);
    const before = times.for === undefined ? await this.#bases() : {};
    const { clients, leases = {}, change: made, netem } = await this.lab.api.json("PATCH", `${this.lab.path}/conditions`, {
      body: { clients: this.#clients, ...asked, for: times.for, in: times.in },
    });
    return new AppliedChange({
      states: clients,
      leases: Object.values(leases),
      netem,
      renew: (for_ = times.for) => this.#renew(leases, for_),
      revert: () => this.#revert(leases, times, made, before),
    });
  }

  // Go back to the conditions of the stack; also ends leases and scheduled changes.
  reset() {
    return this.lab.api.json("DELETE", `${this.lab.path}/conditions`, { body: { clients: this.#clients } });
  }

  get #clients() {
    return this.name === undefined ? "all" : [this.name];
  }

  async #bases() {
    const names = await this.lab.names(this.name);
    const states = await Promise.all(names.map((name) => this.lab.client(name).state()));
    return Object.fromEntries(names.map((name, at) => [name, states[at].base]));
  }

  async #renew(leases, for_) {
    if (for_ === undefined || !Object.keys(leases).length) {
      throw new WrongUse('renew: this change has no end: set it { for: "10s" }');
    }
    await this.lab.api.json("PUT", `${this.lab.path}/leases`, { body: { leases, for: for_ } });
  }

  async #revert(leases, times, change, before) {
    if (Object.keys(leases).length) {
      await this.lab.api.json("DELETE", `${this.lab.path}/leases`, { body: { leases } });
    }
    if (times.for !== undefined) return;
    for (const [name, base] of Object.entries(before)) {
      await this.lab.api.json("PATCH", `${this.lab.path}/conditions`, {
        body: { clients: [name], change: undoing(change, base) },
      });
    }
  }
}
