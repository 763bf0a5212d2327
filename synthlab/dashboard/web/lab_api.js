// Requests to the lab API. Every answer is JSON; an error is one line.

import { Api, ApiError } from "./shared.js";

export class LabApi {
  constructor(request = (url, options) => fetch(url, options)) {
    this.request = request;
  }

  labs() { return this.ask("GET", "/v1/labs"); }
  stacks() { return this.ask("GET", "/v1/stacks"); }
  scenarios() { return this.ask("GET", "/v1/scenarios"); }
  runs() { return this.ask("GET", "/v1/runs"); }
  netem(text) { return this.ask("GET", `/v1/netem?${new URLSearchParams({ text })}`); }
  up(stack, more) { return this.ask("POST", "/v1/labs", { stack, ...more }); }
  down(lab, volumes) { return this.ask("DELETE", place(lab), { volumes }); }
  volumes(lab) { return this.ask("GET", place(lab, "volumes")); }
  task(id) { return this.ask("GET", `/v1/tasks/${id}`); }
  cancel(id) { return this.ask("DELETE", `/v1/tasks/${id}`); }
  play(scenario, lab, variables) { return this.ask("POST", "/v1/runs", { scenario, lab, variables }); }
  stop(run) { return this.ask("DELETE", `/v1/runs/${run}`); }

  change(lab, clients, change, lasts) { return this.ask("PATCH", place(lab, "conditions"), { clients, change, for: lasts }); }
  reset(lab, clients) { return this.ask("DELETE", place(lab, "conditions"), { clients }); }
  renew(lab, leases, lasts) { return this.ask("PUT", place(lab, "leases"), { leases, for: lasts }); }
  release(lab, leases) { return this.ask("DELETE", place(lab, "leases"), { leases }); }
  cut(lab, cut) { return this.ask("POST", place(lab, "partition"), cut); }
  heal(lab, a, b) { return this.ask("DELETE", place(lab, "partition"), { a, b }); }
  act(lab, name, action) { return this.ask("POST", place(lab, "clients", name, action)); }
  lines(lab, what, client) { return this.ask("GET", `${place(lab, what)}?${new URLSearchParams({ client })}`); }

  // The API of one client, through the server.
  client(lab, name) {
    return new Api("dashboard", (url, options) => this.request(`${clientPlace(lab, name)}${url}`, options));
  }

  async ask(method, path, body = undefined) {
    const content = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await this.request(path, { method, cache: "no-store", keepalive: method === "DELETE", ...content });
    const parsed = await answer.json();
    if (!answer.ok) throw new ApiError(parsed.error);
    return parsed;
  }
}

const place = (lab, ...parts) => ["/v1/labs", ...[lab, ...parts].map(encodeURIComponent)].join("/");

export const reportOf = (run) => `/v1/runs/${run}/report`;
export const labEvents = (lab) => place(lab, "events");
export const clientEvents = (lab, name) => `${clientPlace(lab, name)}/v1/events`;
export const screenOf = (lab, name) => place(lab, "clients", name, "screen");

// Where a client's own API is relayed.
const clientPlace = (lab, name) => `${place(lab, "clients", name)}/api`;
