// One client over its own HTTP API: its network, its measured values, its events.

import { AppliedChange } from "./applied_change.js";
import { inFlow, merged, netemIn, readChange, undoing } from "./change.js";
import { WrongUse } from "./errors.js";
import { Http } from "./http.js";
import { findProfile } from "./profile.js";

const BY = "javascript";

export class Client {
  // The address of its control page: `new Client("http://127.0.0.1:3000")`.
  constructor(url) {
    this.api = url instanceof Http ? url : new Http(String(url));
  }

  // Change conditions: values in both directions, or in `ingress` or `egress`; null clears one, others stay.
  async set(change, times = {}) {
    const asked = await this.#written(readChange(change, times));
    const before = times.for === undefined ? (await this.state()).base : {};
    const state = await this.api.json("PATCH", "/v1/conditions", {
      query: { lease: times.for, in: times.in, by: BY },
      body: asked,
    });
    const id = state.entry?.id;
    return new AppliedChange({
      states: { [state.name || this.api.url]: state },
      leases: id === undefined ? [] : [id],
      renew: (for_ = times.for) => this.#renew(id, for_),
      revert: () => this.#revert(id, times, undoing(asked, before)),
    });
  }

  // Go back to the conditions the client started with; also ends leases and scheduled changes.
  reset() {
    return this.api.json("DELETE", "/v1/conditions", { query: { by: BY } });
  }

  // Conditions in force, counters, measured values.
  state() {
    return this.api.get("/v1/state");
  }

  // What the application published about itself, such as WebRTC statistics, with the age of each key.
  stats() {
    return this.api.get("/v1/stats");
  }

  // Live traffic of the last second, by remote end.
  traffic() {
    return this.api.get("/v1/traffic");
  }

  // The flows in force, in the order in which they match.
  async flows() {
    const { flows = {} } = await this.api.get("/v1/conditions");
    return Object.entries(flows).map(([name, values]) => ({ name, ...values }));
  }

  // Its events as they come: `for await (const { type, data } of client.events({ only: ["state"] }))`.
  events({ only, signal } = {}) {
    return this.api.events("/v1/events", { query: { only: only?.join(",") }, signal });
  }

  // A profile replaces all values of both directions; the change is laid over it.
  async #written({ change, profile, flow }) {
    const netem = netemIn(change);
    if (netem) {
      throw new WrongUse(`${netem}: a client alone knows only values such as { loss: "1%" }: set it on a client of a lab`);
    }
    if (!profile) return inFlow(change, flow);
    const { conditions } = await this.api.get("/v1/schema");
    const none = Object.fromEntries(conditions.map(({ name }) => [name, null]));
    const found = await findProfile(profile);
    const links = { ingress: { ...none, ...found.ingress }, egress: { ...none, ...found.egress } };
    return inFlow(merged(links, change), flow);
  }

  async #renew(id, for_) {
    if (id === undefined || for_ === undefined) throw new WrongUse('renew: this change has no end: set it { for: "10s" }');
    await this.api.json("PUT", `/v1/leases/${id}`, { query: { for: for_, by: BY } });
  }

  async #revert(id, times, back) {
    if (id !== undefined) {
      const { leases, scheduled } = await this.api.get("/v1/leases");
      const open = [...leases, ...scheduled].some((entry) => entry.id === id);
      if (open) await this.api.json("DELETE", `/v1/leases/${id}`, { query: { by: BY } });
      if (open || times.for !== undefined) return;
    }
    await this.api.json("PATCH", "/v1/conditions", { query: { by: BY }, body: back });
  }
}
