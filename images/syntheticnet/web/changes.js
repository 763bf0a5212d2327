// The page's own changes: sent one at a time for each value, as leases where asked, and undone in reverse order.

import { Sender } from "./sender.js";
import { UndoList, isEmpty, recorded, reversed, undone } from "./undo.js";

export class Changes {
  // `stateOf()` returns the last state, `took(state)` keeps a newer one.
  constructor(api, stateOf, took) {
    Object.assign(this, { api, stateOf, took, list: new UndoList() });
    this.sender = new Sender((target, change) => this.send(target, change));
    this.gestureLeases = new Map();
  }

  get canUndo() { return this.list.done.length > 0; }
  get canRedo() { return this.list.undone.length > 0; }

  // Requests `body`; of several for one target, the last wins. Changes of one gesture are undone together. With a
  // `lease` such as "30s" it reverts by itself. Resolves when it, or a later one, is in force.
  put(target, body, { gesture, lease } = {}) {
    return this.sender.put(target, { body, gesture, lease });
  }

  async send(target, { body, gesture, lease }) {
    if (lease) return this.sendLease(target, { body, gesture, lease });
    const before = this.stateOf().base;
    const answer = await this.api.change(body);
    this.took(answer);
    // A change takes its values out of the states, too.
    this.note({ record: recorded(before, answer.base, { ...body, states: null }) }, gesture);
    return answer;
  }

  // One lease for a gesture: the next value's lease starts before the last one's ends, so that nothing flickers.
  async sendLease(target, { body, gesture, lease }) {
    const answer = await this.api.change(body, lease);
    this.took(answer);
    const key = gesture === undefined ? undefined : `${target} ${gesture}`;
    const last = this.gestureLeases.get(key);
    if (last) {
      Object.assign(last, { body, lease });
      const { id } = last;
      last.id = answer.entry.id;
      await this.release(id);
      return answer;
    }
    const made = { id: answer.entry.id, body, lease };
    this.gestureLeases.clear();
    if (key) this.gestureLeases.set(key, made);
    this.note({ lease: made });
    return answer;
  }

  async reset() {
    const before = (await this.api.state()).base;
    const answer = await this.api.reset();
    this.took(answer);
    this.note({ record: recorded(before, answer.base) });
  }

  // Returns what to tell about it: "" if all of the change is undone.
  undo() { return this.step("done", "undone", (record) => record, ({ id }) => this.release(id)); }

  redo() {
    return this.step("undone", "done", reversed, async (lease) => {
      const answer = await this.api.change(lease.body, lease.lease);
      lease.id = answer.entry.id;
      this.took(answer);
    });
  }

  async step(from, to, turned, leaseStep) {
    const entry = this.list[from].at(-1);
    if (!entry) return "";
    let left = [];
    if (entry.lease) {
      await leaseStep(entry.lease);
    } else {
      const result = undone((await this.api.state()).base, turned(entry.record));
      left = result.left;
      this.took(await this.api.restore(result.base));
    }
    this.list[from] = this.list[from].filter((other) => other !== entry);
    this.list[to].push(entry);
    return left.length ? `Changed by somebody else since, and left as it is: ${left.map(pathWords).join(", ")}` : "";
  }

  note(entry, gesture) {
    if (!entry.record || !isEmpty(entry.record)) this.list.add(entry, gesture);
  }

  async release(id) {
    try {
      this.took(await this.api.release(id));
    } catch {
      // It has expired.
    }
  }
}

const pathWords = (path) => JSON.parse(path).join(" ");
