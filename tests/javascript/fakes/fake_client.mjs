// A client's API in memory: conditions, leases, statistics. What it was asked is in `requests`.

import { createServer } from "node:http";

const SCHEMA = { conditions: ["rate", "loss", "latency"].map((name) => ({ name })) };

const isObject = (value) => typeof value === "object" && value !== null;

// A change over conditions, as the API does it: null clears.
export function changed(base, change) {
  const result = { ...base };
  for (const [key, value] of Object.entries(change ?? {})) {
    const next = isObject(value) ? changed(isObject(result[key]) ? result[key] : {}, value) : value;
    if (next === null || (isObject(next) && !Object.keys(next).length)) delete result[key];
    else result[key] = next;
  }
  return result;
}

export class FakeClient {
  constructor(name) {
    this.name = name;
    this.base = {};
    this.leases = [];
    this.scheduled = [];
    this.requests = [];
    this.stats = { values: {}, age_s: {} };
    this.lateness_ms = 0;
    this.next = 1;
  }

  get conditions() {
    return this.leases.reduce((all, { change }) => changed(all, change), this.base);
  }

  state(entry) {
    const { name, base, conditions, leases, scheduled } = this;
    const lateness = { ingress: { p99_ms: this.lateness_ms }, egress: { p99_ms: 0 } };
    return { name, base, conditions, leases, scheduled, forwarder: { lateness }, links: {}, ...(entry && { entry }) };
  }

  // The answer to one request: [status, body].
  answer(method, path, query, body) {
    this.requests.push({ method, path, query, body });
    const [, id] = /^\/v1\/leases\/(\d+)$/.exec(path) ?? [];
    if (id) return this.#lease(method, Number(id));
    switch (`${method} ${path}`) {
      case "GET /v1/state":
        return [200, this.state()];
      case "GET /v1/stats":
        return [200, this.stats];
      case "GET /v1/schema":
        return [200, SCHEMA];
      case "GET /v1/leases":
        return [200, { leases: this.leases, scheduled: this.scheduled }];
      case "GET /v1/conditions":
        return [200, this.conditions];
      case "PATCH /v1/conditions":
        return this.change(body, query);
      case "DELETE /v1/conditions":
        Object.assign(this, { base: {}, leases: [], scheduled: [] });
        return [200, this.state()];
      default:
        return [404, { error: `${path}: no such path` }];
    }
  }

  change(change, query = {}) {
    if (JSON.stringify(change).includes('"100kb"')) return [422, { error: "egress.rate: '100kb' is not a rate" }];
    if (!query.lease && !query.in) {
      this.base = changed(this.base, change);
      return [200, this.state()];
    }
    const entry = { id: this.next++, change };
    (query.in ? this.scheduled : this.leases).push(entry);
    return [200, this.state(entry)];
  }

  #lease(method, id) {
    if (![...this.leases, ...this.scheduled].some((entry) => entry.id === id)) return [404, { error: `no lease ${id}` }];
    if (method === "DELETE") {
      this.leases = this.leases.filter((entry) => entry.id !== id);
      this.scheduled = this.scheduled.filter((entry) => entry.id !== id);
    }
    return [200, this.state()];
  }
}

// Serve `answer(method, path, query, body, request)` on a free port; a third item of the answer replaces JSON.
export async function serve(answer) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { pathname, searchParams } = new URL(request.url, "http://fake");
    const body = text ? JSON.parse(text) : undefined;
    const [status, json, raw] = answer(request.method, pathname, Object.fromEntries(searchParams), body, request);
    response.writeHead(status).end(raw ?? JSON.stringify(json));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, port, close };
}
