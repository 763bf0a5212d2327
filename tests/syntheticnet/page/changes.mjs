// The page's own changes against a client that keeps a base and leases.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Changes } from "../../../images/syntheticnet/web/changes.js";

// A client whose changes replace values of one direction.
function client(base = {}) {
  const made = { base, leases: [], requests: [], ids: 0 };
  const state = () => ({ base: structuredClone(made.base) });
  const answer = (request, change) => { made.requests.push(request); change(); return Promise.resolve(state()); };
  made.api = {
    state: async () => state(),
    change: async (body, lease) => {
      if (lease) {
        made.leases.push(++made.ids);
        made.requests.push(["lease", body, lease]);
        return { ...state(), entry: { id: made.ids } };
      }
      return answer(["change", body], () => { made.base = { ...made.base, egress: { ...made.base.egress, ...body.egress } }; });
    },
    restore: (restored) => answer(["restore"], () => { made.base = restored; }),
    reset: () => answer(["reset"], () => { made.base = {}; }),
    release: (id) => answer(["release", id], () => { made.leases = made.leases.filter((other) => other !== id); }),
  };
  let last = state();
  made.changes = new Changes(made.api, () => last, (taken) => { last = taken; });
  return made;
}

test("a change is undone and made again", async () => {
  const made = client({ egress: { rate: "1mbit" } });
  await made.changes.put("rate", { egress: { rate: "2mbit" } }, { gesture: 1 });
  assert.ok(made.changes.canUndo);
  assert.equal(await made.changes.undo(), "");
  assert.deepEqual(made.base, { egress: { rate: "1mbit" } });
  await made.changes.redo();
  assert.deepEqual(made.base, { egress: { rate: "2mbit" } });
  assert.ok(!made.changes.canRedo);
});

test("an undo leaves what somebody else has set since, and says so", async () => {
  const made = client();
  await made.changes.put("rate", { egress: { rate: "2mbit" } });
  made.base = { egress: { rate: "9mbit", loss: "5%" } };
  assert.match(await made.changes.undo(), /Changed by somebody else since.*egress rate/);
  assert.deepEqual(made.base, { egress: { rate: "9mbit", loss: "5%" } });
});

test("a drag of leases keeps one: the next begins before the last ends", async () => {
  const made = client();
  await made.changes.put("rate", { egress: { rate: "2mbit" } }, { gesture: 1, lease: "10s" });
  await made.changes.put("rate", { egress: { rate: "3mbit" } }, { gesture: 1, lease: "10s" });
  assert.deepEqual(made.requests.map(([what]) => what), ["lease", "lease", "release"]);
  assert.deepEqual(made.leases, [2]);
  await made.changes.undo();
  assert.deepEqual(made.leases, []);
  await made.changes.redo();
  assert.deepEqual([made.leases, made.requests.at(-1)], [[3], ["lease", { egress: { rate: "3mbit" } }, "10s"]]);
});

test("a reset can be undone", async () => {
  const made = client({ egress: { rate: "1mbit" }, flows: { "*:udp": { egress: { loss: "1%" } } } });
  const before = made.base;
  await made.changes.reset();
  await made.changes.undo();
  assert.deepEqual(made.base, before);
});
