// The sentences of the control page.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describeChange, describeDrops, describeEntry, describeHealth, describeHelp, describeReach, describeRefusal, grouped, seen, trafficWords } from "../../../images/syntheticnet/web/words.js";

test("drops are listed by cause, those of a slow machine apart", () => {
  assert.equal(describeDrops({ stalled: 98, loss: 9.74, queue: 0 }), "loss 9.7/s; machine too slow: stalled 98/s");
  assert.equal(describeDrops(undefined), "");
});

test("a change names its directions as people do, both at once where they are the same", () => {
  assert.equal(describeChange({ egress: { loss: "5%", loss_burst: null } }), "upload: loss 5%");
  assert.equal(describeChange({ egress: { loss: null } }), "upload: loss none");
  assert.equal(describeChange({ ingress: { outage: true }, egress: { outage: true } }), "both directions: nothing passes");
  assert.equal(describeChange({ ingress: null, seed: 7 }), "download: nothing set; seed 7");
  assert.equal(describeChange({ flows: null, muted: true, order: ["a"] }), "muted; no flows; flows in another order");
  assert.equal(describeChange({}), "no change");
  assert.equal(describeChange({ states: { good: {}, bad: {} }, state: "bad" }), "states good, bad; state bad");
  assert.equal(describeChange({ states: null }), "no states");
  assert.equal(describeChange({ dns: { "*": null, "a.example": { delay: "3s", answer: null } } }),
    "look-ups of * as they are; look-ups of a.example: delay 3s, answer none");
  assert.equal(describeChange({ dns: null }), "look-ups as they are");
});

test("a flow shows its name, and its match where that differs", () => {
  assert.equal(describeChange({ flows: { "*:tcp": null, "*:udp": {} } }), "no flow *:tcp; *:udp as all traffic");
  assert.equal(describeChange({ flows: { media: { match: "*:rtp", ingress: { loss: "5%" }, muted: null } } }),
    "media (*:rtp) download: loss 5%; media (*:rtp) not muted");
});

test("a value says what it requires", () => {
  assert.equal(describeHelp({ help: "bytes", needs: [], among: [] }), "bytes");
  assert.equal(describeHelp({ help: "limit", needs: ["rate", "rate_trace"], among: [] }), "limit; requires rate or rate trace");
  assert.equal(describeHelp({ help: "delay", needs: ["aqm"], among: ["codel", "fq_codel"] }), "delay; requires aqm codel or fq_codel");
});

test("a lease that replaces all says so", () => {
  assert.equal(describeEntry({ replace: { egress: { rate: "1mbit" } } }), "all replaced: upload: rate 1mbit");
  assert.equal(describeEntry({ change: { egress: { rate: "1mbit" } } }), "upload: rate 1mbit");
});

test("an error next to its own field omits the path; that of another keeps it", () => {
  assert.equal(describeRefusal("egress.rate: '5' is not a rate", "egress.rate"), "'5' is not a rate");
  assert.equal(describeRefusal("egress.rate_trace: 'x'", "egress.rate"), "egress.rate_trace: 'x'");
});

test("a rate above what the forwarder reaches says so, unlimited does not", () => {
  assert.equal(describeReach(300e6, 168_300_000), "300 Mbit/s is out of reach: this machine forwards about 170 Mbit/s (an estimate)");
  assert.equal(describeReach(1e6, 168e6), undefined);
  assert.equal(describeReach(Infinity, 168e6), undefined);
  assert.equal(describeReach(undefined, 168e6), undefined);
  assert.equal(describeReach(300e6, undefined), undefined);
});

test("traffic is named by what it carries", () => {
  const row = { kind: null, codec: null, media: null, payload_type: null, protocol: "tcp", port: 443 };
  assert.equal(trafficWords(row), "tcp :443");
  assert.equal(trafficWords({ ...row, media: "rtp", payload_type: 96, kind: "video", codec: "VP8" }), "video VP8");
  assert.equal(trafficWords({ ...row, media: "rtp", payload_type: 96 }), "rtp 96");
  assert.equal(trafficWords({ ...row, media: "stun", port: 3478 }), "stun :3478");
  assert.equal(trafficWords({ ...row, protocol: "icmp", port: null }), "icmp");
});

test("health is a word, with a sentence for more", () => {
  const state = { forwarder: { state: "well", restarts: 0, lateness: { ingress: { p99_ms: 0.2 } } }, problem: null };
  const word = (model) => describeHealth({ connected: true, waited: false, ...model }).word;
  assert.equal(word({ state }), "Healthy");
  assert.equal(word({ state, connected: false }), "No answer");
  assert.equal(word({}), "Connecting");
  assert.equal(word({ waited: true }), "No answer");
  assert.equal(word({ state: { ...state, forwarder: { ...state.forwarder, state: "starved" } } }), "Machine too slow");
  assert.equal(word({ state: { ...state, forwarder: { ...state.forwarder, lateness: { egress: { p99_ms: 50 } } } } }), "Machine busy");
});

test("a condition that no group knows is still shown", () => {
  const groups = grouped([{ name: "queue" }, { name: "brand_new" }, { name: "rate" }], ["rate"]);
  assert.deepEqual(groups.map(([group, conditions]) => [group, conditions.map(({ name }) => name)]), [["Bottleneck", ["queue"]], ["Other", ["brand_new"]]]);
});

test("a participant that is only heard is listed too", () => {
  assert.deepEqual(seen({ video: { b: { fps: 15 } }, audio: { a: { lost: 1 } } }).map(({ peer }) => peer), ["a", "b"]);
});
