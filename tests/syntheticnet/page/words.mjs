// What the control page says in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { causesTold, changeTold, entryTold, flowTold, refusalTold } from "../../../images/syntheticnet/web/words.js";

test("drops are told by cause, each with its bytes", () => {
  const link = { dropped: { stalled: 98, loss: 97, queue: 0 }, dropped_bytes: { stalled: 9800, loss: 970 } };
  assert.equal(causesTold(link), "dropped so far: loss 97 (970 bytes); discarded by the lab itself, as this machine is too slow: stalled 98 (9800 bytes)");
  assert.equal(causesTold({ dropped: {}, dropped_bytes: {} }), "nothing dropped so far");
});

test("a change is told value by value, also what it clears", () => {
  const change = { egress: { loss: "5%", loss_burst: null }, ingress: null, seed: 7 };
  assert.equal(changeTold(change), "ingress: none; egress: loss 5%, loss burst none; seed 7");
  assert.equal(changeTold({ flows: null, seed: null }), "no flows; seed drawn");
});

test("a flow is told by its name, and by its match where that is another", () => {
  assert.equal(flowTold("*:udp", { egress: { outage: true } }), "*:udp egress: outage true");
  assert.equal(flowTold("media", { match: "*:rtp", ingress: { loss: "5%" } }), "media (*:rtp) ingress: loss 5%");
  assert.equal(changeTold({ flows: { "*:tcp": null, "*:udp": {} } }), "no flow *:tcp; *:udp as the link");
});

test("a lease is told with the time that it has left, a waiting change with that until it begins", () => {
  const change = { egress: { loss: "5%" } };
  assert.equal(entryTold({ change, left_ns: 9_940_000_000 }), "egress: loss 5%, ends in 9.9 s");
  assert.equal(entryTold({ change, in_ns: 5e9, left_ns: 15e9 }), "egress: loss 5%, begins in 5.0 s, ends in 15.0 s");
  assert.equal(entryTold({ replace: {}, in_ns: 5e8 }), "all becomes perfect, begins in 0.5 s");
  assert.equal(entryTold({ change: {}, left_ns: 1e9 }), "nothing, ends in 1.0 s");
});

test("an error beside its own field does without its place; that of another keeps it", () => {
  assert.equal(refusalTold("egress.rate: '5' is not a rate", "egress.rate"), "'5' is not a rate");
  assert.equal(refusalTold("egress.rate_trace: 'x'", "egress.rate"), "egress.rate_trace: 'x'");
});
