// The sentences of the control page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describeCauses, describeChange, describeEntry, describeFlow, describeRefusal } from "../../../images/syntheticnet/web/words.js";

test("drops are listed by cause, each with its bytes", () => {
  const link = { dropped: { stalled: 98, loss: 97, queue: 0 }, dropped_bytes: { stalled: 9800, loss: 970 } };
  assert.equal(describeCauses(link), "Dropped so far: loss 97 (970 bytes); discarded by the lab because this machine is too slow: stalled 98 (9800 bytes)");
  assert.equal(describeCauses({ dropped: {}, dropped_bytes: {} }), "Nothing dropped so far");
});

test("a change lists each value, also the ones it clears", () => {
  const change = { egress: { loss: "5%", loss_burst: null }, ingress: null, seed: 7 };
  assert.equal(describeChange(change), "ingress: none; egress: loss 5%, loss burst none; seed 7");
  assert.equal(describeChange({ flows: null, seed: null }), "no flows; seed random");
});

test("a flow shows its name, and its match where that differs", () => {
  assert.equal(describeFlow("*:udp", { egress: { outage: true } }), "*:udp egress: outage true");
  assert.equal(describeFlow("media", { match: "*:rtp", ingress: { loss: "5%" } }), "media (*:rtp) ingress: loss 5%");
  assert.equal(describeChange({ flows: { "*:tcp": null, "*:udp": {} } }), "no flow *:tcp; *:udp same as the link");
});

test("a lease shows the time it has left, a scheduled change the time until it starts", () => {
  const change = { egress: { loss: "5%" } };
  assert.equal(describeEntry({ change, left_ns: 9_940_000_000 }), "egress: loss 5%, ends in 9.9 s");
  assert.equal(describeEntry({ change, in_ns: 5e9, left_ns: 15e9 }), "egress: loss 5%, starts in 5.0 s, ends in 15.0 s");
  assert.equal(describeEntry({ replace: {}, in_ns: 5e8 }), "replace all with a perfect network, starts in 0.5 s");
  assert.equal(describeEntry({ change: {}, left_ns: 1e9 }), "no change, ends in 1.0 s");
});

test("an error next to its own field omits the path; that of another keeps it", () => {
  assert.equal(describeRefusal("egress.rate: '5' is not a rate", "egress.rate"), "'5' is not a rate");
  assert.equal(describeRefusal("egress.rate_trace: 'x'", "egress.rate"), "egress.rate_trace: 'x'");
});
