// A running lab: bring one up or attach to one, change its networks, check what its participants see.

import { AppliedChange } from "./applied_change.js";
import { Dashboard } from "./dashboard.js";
import { sleep } from "./durations.js";
import { SynthlabError, WrongUse } from "./errors.js";
import { Group } from "./group.js";
import { judge } from "./judge.js";
import { LabClient } from "./lab_client.js";
import { Run } from "./run.js";
import { tooSlow } from "./slowness.js";

const POLL_MS = 250;

export class Lab {
  #server;
  #own;

  constructor(server, name, { own = false } = {}) {
    this.#server = server;
    this.#own = own;
    this.api = server.api;
    this.name = name;
    this.path = `/v1/labs/${name}`;
  }

  // Bring up a stack, a file or a bundled name, and wait until every client is healthy. With `ttl` it expires that
  // long after its start. `progress` gets a line per stage.
  static async up(stack, options = {}) {
    const { cwd, progress, allowHost, keep = false, ...rest } = options;
    return serving(cwd, async (server) => {
      const body = { stack, keep, discard: !keep, allow_host: allowHost, ...rest };
      const { task } = await server.api.json("POST", "/v1/labs", { body });
      const { lab } = await finished(server.api, task, progress);
      return new this(server, lab, { own: !keep });
    });
  }

  // Attach to a lab that is up: the one named, else that of SYNTHLAB_LAB, else the only one.
  static async attach(name = process.env.SYNTHLAB_LAB, { cwd } = {}) {
    return serving(cwd, async (server) => {
      const { labs } = await server.api.get("/v1/labs");
      const names = labs.map((lab) => lab.name);
      if (name === undefined && names.length !== 1) {
        throw new WrongUse(`attach: say which lab; running: ${names.join(", ") || "none"}`);
      }
      if (name !== undefined && !names.includes(name)) {
        throw new WrongUse(`attach: no lab '${name}'; running: ${names.join(", ") || "none"}`);
      }
      return new this(server, name ?? names[0]);
    });
  }

  toString() {
    return this.name;
  }

  client(name) {
    return new LabClient(this, name);
  }

  // All clients of a group, such as `bot`, which change at the same moment.
  group(name) {
    return new Group(this, name);
  }

  // Its participants, with their states.
  async participants() {
    return (await this.api.get(this.path)).participants;
  }

  // The names of the clients that have conditions: all, or those of a group.
  async names(group) {
    const conditioned = (await this.participants()).filter((one) => one.conditioned);
    const found = conditioned.filter((one) => group === undefined || [one.name, one.group].includes(group));
    if (found.length) return found.map((one) => one.name);
    const known = conditioned.map((one) => one.name).join(", ") || "none";
    throw new WrongUse(`no client '${group}' in lab '${this.name}'; there are: ${known}`);
  }

  // All clients back to the conditions of the stack.
  reset() {
    return new Group(this).reset();
  }

  // The conditions of the stack, and everything runs that was paused or stopped.
  async restore() {
    for (const { name, role, state } of await this.participants()) {
      if (role !== "client") continue;
      if (state === "paused") await this.client(name).unpause();
      if (state === "exited") await this.client(name).start();
    }
    await this.reset();
  }

  // What each client measures, by its name.
  stats() {
    return this.api.get(`${this.path}/stats`);
  }

  // Nothing passes directly between two clients, or a client and `sfu`: both ways, or one, silently or with an answer.
  async partition(a, b, { direction, answer, for: lasting } = {}) {
    const path = `${this.path}/partition`;
    const made = await this.api.json("POST", path, { body: { a, b, direction, answer, for: lasting } });
    return new AppliedChange({
      states: made.clients ?? {},
      leases: Object.values(made.leases ?? {}),
      renew: (for_ = lasting) => this.api.json("PUT", `${this.path}/leases`, { body: { leases: made.leases, for: for_ } }),
      revert: () => this.api.json("DELETE", path, { body: { a, b, direction, answer } }),
    });
  }

  // Play a scenario to its end; an error where it does not pass.
  async play(scenario, { variables, seed, allowHost } = {}) {
    const body = { scenario, lab: this.name, variables, seed, allow_host: allowHost };
    const { run } = await this.api.json("POST", "/v1/runs", { body });
    return Run.follow(this, run);
  }

  // Wait until an expression such as `alice.video.bob.fps > 10` holds: at once, or `within` a time, then `for` a time.
  expect(expression, { within, for: lasting } = {}) {
    return judge({
      what: `expect ${expression}`,
      expression,
      heard: (result) => this.heard(result),
      within,
      for: lasting,
      slow: () => this.tooSlow(),
      read: async () => {
        const { value, holds, reason } = await this.api.get(`${this.path}/expect`, { expr: expression });
        return { holds, seen: reason ?? String(value) };
      },
    });
  }

  // The result of an expectation. Whoever reports a test keeps it.
  heard() {}

  // One line for each link on which this machine was too slow in the last second.
  async tooSlow() {
    const names = await this.names();
    const states = await Promise.all(names.map((name) => this.client(name).state()));
    return names.flatMap((name, at) => tooSlow(name, states[at]));
  }

  // The lab's events as they come: `lab`, `states`, `numbers`, `run`, `mark`.
  events({ signal } = {}) {
    return this.api.events(`${this.path}/events`, { signal });
  }

  // Remove its containers and networks and, of a lab from `up`, the volumes that it made; and end the server.
  async down() {
    try {
      const { task } = await this.api.json("DELETE", this.path);
      await finished(this.api, task);
    } finally {
      await this.close();
    }
  }

  // End the server. A lab from `up` goes down with it, unless it is to be kept.
  close() {
    return this.#server.close();
  }

  [Symbol.asyncDispose]() {
    return this.#own ? this.down() : this.close();
  }
}

// What `make` makes of a server, which ends where that fails.
async function serving(cwd, make) {
  const server = await Dashboard.start({ cwd });
  try {
    return await make(server);
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function finished(api, id, progress = () => {}) {
  for (let shown = 0; ; await sleep(POLL_MS)) {
    const task = await api.get(`/v1/tasks/${id}`);
    task.lines.slice(shown).forEach((line) => progress(line));
    shown = task.lines.length;
    if (task.state === "done") return task;
    if (task.state !== "running") throw new (task.status === 2 ? WrongUse : SynthlabError)(task.error ?? task.state);
  }
}
