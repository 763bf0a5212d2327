// An undo takes back the page's own change, and keeps what others did.

import assert from "node:assert/strict";
import { test } from "node:test";

import { UndoList, isEmpty, joined, recorded, reversed, undone } from "../../../images/syntheticnet/web/undo.js";

const undo = (base, before, after, touched) => undone(base, recorded(before, after, touched));

test("undo and redo restore the base before and after a change", () => {
  const before = { egress: { rate: "1mbit", queue: "1s" }, seed: 7 };
  const after = { egress: { rate: "2mbit", queue: "1s" }, ingress: { loss: "5%" }, seed: 7 };
  const record = recorded(before, after);
  assert.deepEqual(undone(after, record), { base: before, left: [] });
  assert.deepEqual(undone(before, reversed(record)), { base: after, left: [] });
});

test("what others have set since stays: other values silently, the same value with a word", () => {
  const record = recorded({}, { egress: { rate: "2mbit", loss: "5%" } });
  const base = { egress: { rate: "9mbit", loss: "5%", latency: "80ms" }, ingress: { loss: "1%" } };
  assert.deepEqual(undone(base, record), { base: { egress: { rate: "9mbit", latency: "80ms" }, ingress: { loss: "1%" } },
                                           left: ['["egress","rate"]'] });
});

test("what others changed while the request was under way is not part of the record", () => {
  const record = recorded({}, { egress: { rate: "2mbit", loss: "5%" } }, { egress: { rate: "2mbit" } });
  assert.deepEqual(record.values.map(({ path }) => path), ['["egress","rate"]']);
});

test("a removed flow comes back with its values, at its place", () => {
  const before = { flows: { a: { egress: { loss: "1%" } }, b: { match: "*:udp", muted: true }, c: {} } };
  const after = { flows: { a: { egress: { loss: "1%" } }, c: {} } };
  const { base } = undo(after, before, after, { flows: { b: null } });
  assert.deepEqual(base, before);
  assert.deepEqual(Object.keys(base.flows), ["a", "b", "c"]);
  const more = { flows: { ...after.flows, d: {} } };
  assert.deepEqual(Object.keys(undo(more, before, after, { flows: { b: null } }).base.flows), ["a", "b", "c", "d"]);
});

test("a flow that the change made goes, also with values that it has got since", () => {
  const before = {}, after = { flows: { "*:udp": {} } };
  assert.deepEqual(undo(after, before, after).base, {});
  assert.deepEqual(undo({ flows: { "*:udp": { egress: { loss: "1%" } } } }, before, after).base, {});
});

test("an order is restored, unless others have ordered the flows since", () => {
  const [before, after] = [["a", "b", "c"], ["c", "a", "b"]].map((names) => ({ flows: Object.fromEntries(names.map((name) => [name, {}])) }));
  assert.deepEqual(Object.keys(undo(after, before, after).base.flows), ["a", "b", "c"]);
  assert.deepEqual(Object.keys(undo({ flows: { b: {}, c: {}, a: {} } }, before, after).base.flows), ["b", "c", "a"]);
});

test("flow names with dots and quotes are names, not paths", () => {
  const before = { flows: { "10.0.0.2:udp": { egress: { rate: "1mbit" } }, 'a"b': {} } };
  const after = { flows: { "10.0.0.2:udp": { egress: { rate: "2mbit" } }, 'a"b': {} } };
  assert.deepEqual(undo(after, before, after).base, before);
});

test("the changes of a gesture are one undo, back to where it began", () => {
  const list = new UndoList();
  const bases = ["1mbit", "2mbit", "3mbit"].map((rate) => ({ egress: { rate } }));
  list.add({ record: recorded({}, bases[0]) }, 1);
  list.add({ record: recorded(bases[0], bases[1]) }, 2);
  list.add({ record: recorded(bases[1], bases[2]) }, 2);
  assert.equal(list.done.length, 2);
  assert.deepEqual(undone(bases[2], list.done[1].record).base, bases[0]);
});

test("a drag that ends where it began is no change", () => {
  const record = joined(recorded({}, { egress: { loss: "5%" } }), recorded({ egress: { loss: "5%" } }, {}));
  assert.ok(isEmpty(record));
});

test("the list is bounded, and a new change forgets what could be redone", () => {
  const list = new UndoList(3);
  list.undone = [{}];
  for (const at of [1, 2, 3, 4]) list.add({ record: recorded({}, { seed: at }) });
  assert.equal(list.done.length, 3);
  assert.deepEqual(list.undone, []);
});
