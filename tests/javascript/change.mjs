// Which change the arguments of `set` ask for, and which one undoes it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inFlow, readChange, undoing } from "../../javascript/synthlab/change.js";

test("values without a direction count in both, and those of a direction are laid over them", () => {
  const { change } = readChange({ loss: "5%", egress: { rate: "1mbit", loss: "1%" } });
  assert.deepEqual(change, { ingress: { loss: "5%" }, egress: { loss: "1%", rate: "1mbit" } });
});

test("with a flow, values and directions are those of the flow", () => {
  const { change, flow } = readChange({ loss: "5%", egress: { rate: "1mbit" } }, { flow: "*:udp" });
  const links = { ingress: { loss: "5%" }, egress: { loss: "5%", rate: "1mbit" } };
  assert.deepEqual(inFlow(change, flow), { flows: { "*:udp": links } });
  assert.equal(readChange({ muted: true, flow: "*:udp" }).flow, "*:udp");
  assert.throws(() => readChange({ seed: 7, flow: "*:udp" }), { name: "WrongUse", message: /^seed: not a value of the flow/ });
});

test("null clears a value, a direction, or a flow", () => {
  const change = { egress: null, ingress: { loss: null }, flows: { "*:udp": null } };
  assert.deepEqual(readChange(change).change, change);
});

test("a profile alone is a change; nothing is none", () => {
  assert.deepEqual(readChange({ profile: "wpt/3g", flow: "*:udp" }), { change: {}, profile: "wpt/3g", flow: "*:udp" });
  assert.deepEqual(readChange({}, { profile: "wpt/3g" }).profile, "wpt/3g");
  assert.throws(() => readChange({}), { name: "WrongUse", message: /nothing to set/ });
});

test("undoing restores what the change names, and nothing else", () => {
  const before = { ingress: { loss: "1%" }, egress: { rate: "1mbit", latency: "20ms" } };
  const change = { ingress: { loss: "5%", latency: "9ms" }, egress: { rate: null } };
  assert.deepEqual(undoing(change, before), { ingress: { loss: "1%", latency: null }, egress: { rate: "1mbit" } });
});

test("undoing removes a flow value by value, because others may have added to it", () => {
  const back = undoing({ flows: { "*:udp": { egress: { loss: "5%" } } } }, {});
  assert.deepEqual(back, { flows: { "*:udp": null } });
  const kept = undoing({ flows: { "*:udp": { egress: { loss: "5%" } } } }, { flows: { "*:udp": { ingress: { loss: "1%" } } } });
  assert.deepEqual(kept, { flows: { "*:udp": { egress: { loss: null } } } });
});

test("undoing brings look-ups back, and removes names that were not there", () => {
  const change = { dns: { "a.example": { answer: "nxdomain" }, "*": { delay: "1s" } } };
  assert.deepEqual(undoing(change, { dns: { "*": { answer: "timeout" } } }), { dns: { "a.example": null, "*": { delay: null } } });
  assert.deepEqual(undoing({ dns: null }, change), change);
});

test("undoing puts flows back into their order", () => {
  assert.deepEqual(undoing({ order: ["b"] }, { flows: { a: {}, b: {} } }), { order: ["a", "b"] });
});

test("undoing brings states back whole, with the values that a change took out of them", () => {
  const states = { good: { mean: "2s" }, bad: { mean: "1s", egress: { loss: "9%" }, flows: { "*:udp": { ingress: { rate: "9mbit" } } } } };
  const before = { states, state: "good", flows: { "*:udp": {} } };
  assert.deepEqual(undoing({ states: { a: { mean: "1s" }, b: { mean: "1s" } } }, before), { states });
  assert.deepEqual(undoing({ states, state: "bad" }, {}), { states: null });
  assert.deepEqual(undoing({ state: "bad" }, before), { state: "good" });
  assert.deepEqual(undoing({ egress: { loss: "1%" } }, before).states, states);
  assert.deepEqual(undoing({ flows: { "*:udp": { ingress: { rate: "1mbit" } } } }, before).states, states);
  assert.equal(undoing({ egress: { latency: "1ms" } }, before).states, undefined);
});
