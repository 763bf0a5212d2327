// The lab's server in memory: two clients who see each other, and two bots. bob's upload decides how alice sees him.

import { changed, FakeClient } from "./fake_client.mjs";

const ROLES = { alice: "alice", bob: "bob", "bot-1": "bot", "bot-2": "bot" };
const PROFILE = { ingress: { rate: "1.6mbit" } };
const TOKEN = "secret";

export class FakeLab {
  constructor(name = "call") {
    this.name = name;
    this.up = false;
    this.clients = Object.fromEntries(Object.keys(ROLES).map((client) => [client, new FakeClient(client)]));
    this.states = {};
    this.requests = [];
    this.tasks = {};
  }

  token = TOKEN;

  answer(method, path, query, body, request) {
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return [401, { error: "no token" }];
    this.requests.push({ method, path, query, body });
    this.#see();
    const lab = `/v1/labs/${this.name}`;
    const [, client, rest] = path.match(new RegExp(`^${lab}/clients/([^/]+)(/.*)$`)) ?? [];
    if (client) return this.#client(method, client, rest, query, body);
    const [, task] = path.match(/^\/v1\/tasks\/(\w+)$/) ?? [];
    if (task) return [200, this.tasks[task]];
    switch (`${method} ${path}`) {
      case "GET /v1/labs":
        return [200, { labs: this.up ? [{ name: this.name }] : [] }];
      case "POST /v1/labs":
        return this.#up(body);
      case `GET ${lab}`:
        return [200, { name: this.name, participants: this.#participants() }];
      case `DELETE ${lab}`:
        this.up = false;
        return this.#task({ state: "done", lines: [], lab: this.name });
      case `PATCH ${lab}/conditions`:
        return this.#change(body);
      case `DELETE ${lab}/conditions`:
        for (const name of this.#names(body.clients)) this.clients[name].answer("DELETE", "/v1/conditions");
        return [200, {}];
      case `PUT ${lab}/leases`:
      case `DELETE ${lab}/leases`:
        for (const [name, id] of Object.entries(body.leases)) this.clients[name].answer(method, `/v1/leases/${id}`);
        return [200, {}];
      case `POST ${lab}/partition`:
        return [200, { clients: {}, leases: body.for ? { [body.a]: 7 } : {} }];
      case `DELETE ${lab}/partition`:
        return [200, {}];
      case `GET ${lab}/stats`:
        return [200, Object.fromEntries(Object.entries(this.clients).map(([name, one]) => [name, one.stats]))];
      case `GET ${lab}/logs`:
      case `GET ${lab}/console`:
        return [200, { lines: [{ time: "2026-01-01T00:00:00Z", writer: "alice", text: "hello" }] }];
      case `PUT ${lab}/watch`:
      case `DELETE ${lab}/watch`:
        return [200, {}];
      case `POST ${lab}/watch/report`:
        return [200, undefined, `<title>${JSON.stringify(body)}</title>`];
      case `GET ${lab}/expect`:
        return [200, { value: 3, holds: query.expr.includes(">"), reason: null }];
      case "POST /v1/runs":
        return [202, { run: "1" }];
      case "GET /v1/runs/1":
        return [200, this.run];
      case "GET /v1/runs/1/report":
        return [200, undefined, "<title>dog</title>"];
      default:
        return [404, { error: `${path}: no such path` }];
    }
  }

  #up({ stack, name = this.name }) {
    if (stack === "none.yaml") return this.#task({ state: "failed", lines: [], status: 2, error: "no stack 'none.yaml'" });
    Object.assign(this, { up: true, name });
    return this.#task({ state: "done", lines: ["starting", "healthy"], lab: name });
  }

  #task(task) {
    const id = String(Object.keys(this.tasks).length + 1);
    this.tasks[id] = { id, ...task };
    return [202, { task: id }];
  }

  #participants() {
    const row = { conditioned: true, screen: false, debugger: false, health: "healthy" };
    const clients = Object.entries(ROLES).map(([name, group]) => {
      return { ...row, name, role: "client", state: this.states[name] ?? "running", ...(group !== name && { group }) };
    });
    return [...clients, { ...row, name: "sfu", role: "sfu", state: "running", conditioned: false }];
  }

  #client(method, name, path, query, body) {
    if (!this.clients[name]) return [404, { error: `no client '${name}' in lab '${this.name}'; there are: alice, bob` }];
    if (path.startsWith("/api/")) return this.clients[name].answer(method, path.slice(4), query, body);
    this.states[name] = { "/pause": "paused", "/stop": "exited" }[path] ?? "running";
    return [200, {}];
  }

  #names(clients) {
    const all = Object.keys(ROLES);
    return clients === "all" ? all : all.filter((name) => clients.includes(name) || clients.includes(ROLES[name]));
  }

  #change({ clients, change: own, profile, flow, for: lease, in: after }) {
    const netem = {};
    const meant = { ...(profile && PROFILE), ...translated(own, netem) };
    const change = flow ? { flows: { [flow]: meant } } : meant;
    const answer = { clients: {}, leases: {}, change, netem };
    for (const name of this.#names(clients)) {
      const [status, state] = this.clients[name].change(change, { lease, in: after });
      if (status !== 200) return [status, state];
      answer.clients[name] = state;
      if (state.entry) answer.leases[name] = state.entry.id;
    }
    return [200, answer];
  }

  #see() {
    const thin = changed(this.clients.bob.conditions, {}).egress?.rate;
    const numbers = thin ? { fps: 2, kbps: 90 } : { fps: 15, kbps: 600 };
    this.clients.alice.stats = { values: { video: { bob: numbers } }, age_s: { video: 0.2 } };
  }
}

// Each direction's `netem` as the values of its only word, `loss 5%`; what it means goes into `netem`.
function translated(change = {}, netem) {
  return Object.fromEntries(Object.entries(change).map(([name, values]) => {
    if (!values?.netem) return [name, values];
    const { netem: text, ...others } = values;
    const own = { loss: text.split(" ")[1] };
    netem[`${name}.netem`] = { text, values: own, cleared: ["loss_burst"], notes: [] };
    return [name, { loss_burst: null, ...own, ...others }];
  }));
}
