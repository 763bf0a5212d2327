// What a slider shows of conditions, and what dragging it requests.

import assert from "node:assert/strict";
import { test } from "node:test";

import { changeOf, hidingLease, mainChange, mainValue, moved, netemChange, newFlow, profileChange, shareChange, withoutSeed } from "../../../images/syntheticnet/web/conditions.js";

test("a slider shows what is set, an outage as a rate of nothing", () => {
  assert.equal(mainValue({ rate: "1mbit" }, "rate"), 1e6);
  assert.equal(mainValue({ rate: "1mbit", outage: true }, "rate"), 0);
  assert.equal(mainValue({ rate: "unlimited" }, "rate"), Infinity);
  assert.equal(mainValue({ latency: "80ms" }, "latency"), 80);
  assert.equal(mainValue({}, "loss"), undefined);
});

test("the ends of the rate are an outage and no limit", () => {
  assert.deepEqual(mainChange("rate", 0, { rate: "1mbit" }), { outage: true });
  assert.deepEqual(mainChange("rate", Infinity, { rate: "1mbit" }), { rate: null, outage: null });
  assert.deepEqual(mainChange("rate", 2e6, { rate: "1mbit", outage: true }), { rate: "2mbit", outage: null });
  assert.deepEqual(mainChange("rate", 2e6, { rate_trace: "lte.up" }), { rate: "2mbit", outage: null, rate_trace: null });
});

test("a value of zero is cleared, but said in a flow that would otherwise share another", () => {
  assert.deepEqual(mainChange("latency", 0, { latency: "5ms" }), { latency: null });
  assert.deepEqual(mainChange("latency", 0, {}, { latency: "80ms" }), { latency: "0us" });
  assert.deepEqual(mainChange("rate", Infinity, {}, { rate: "1mbit" }), { rate: "unlimited", outage: null });
  assert.deepEqual(mainChange("rate", 5e5, {}, { outage: true }), { rate: "500kbit", outage: false });
  assert.deepEqual(shareChange("rate", { rate: "1mbit", outage: true }), { rate: null, outage: null });
});

test("a change names its panel", () => {
  assert.deepEqual(changeOf("default", "egress", { loss: "5%" }), { egress: { loss: "5%" } });
  assert.deepEqual(changeOf("*:udp", "egress", { loss: "5%" }), { flows: { "*:udp": { egress: { loss: "5%" } } } });
});

test("a value under a lease is found, with the time left of the longest", () => {
  const leases = [{ left_ns: 3e9, change: { egress: { rate: "100kbit" } } }, { left_ns: 8e9, change: { egress: null } },
                  { left_ns: 9e9, change: { flows: { "*:udp": { egress: { loss: "1%" } } } } }];
  assert.equal(hidingLease(leases, "default", "egress", ["rate"]), 8e9);
  assert.equal(hidingLease(leases, "default", "ingress", ["rate"]), undefined);
  assert.equal(hidingLease(leases, "*:udp", "egress", ["loss"]), 9e9);
  assert.equal(hidingLease([{ left_ns: 1e9, replace: {} }], "*:tcp", "egress", ["loss"]), 1e9);
});

test("a profile clears what it does not set", () => {
  const change = profileChange({ egress: { rate: "1mbit" } }, ["rate", "loss"]);
  assert.deepEqual(change, { ingress: { rate: null, loss: null }, egress: { rate: "1mbit", loss: null } });
});

test("a profile of a flow changes both links of this flow, and nothing else", () => {
  const links = { ingress: { rate: null }, egress: { rate: "1mbit" } };
  assert.deepEqual(profileChange({ egress: { rate: "1mbit" } }, ["rate"], "*:udp"), { flows: { "*:udp": links } });
});

test("what tc's words mean is set in the chosen directions, and clears what it replaces", () => {
  const meant = { values: { loss: "1%" }, cleared: ["loss_burst"] };
  assert.deepEqual(netemChange(meant, ["egress"]), { egress: { loss: "1%", loss_burst: null } });
  assert.deepEqual(Object.keys(netemChange(meant, ["ingress", "egress"], "*:udp").flows["*:udp"]), ["ingress", "egress"]);
});

test("a flow moves, and a new one may come first", () => {
  assert.deepEqual(moved(["a", "b", "c"], "c", 0), ["c", "a", "b"]);
  assert.deepEqual(moved(["a", "b", "c"], "a", 1), ["b", "a", "c"]);
  assert.deepEqual(newFlow("*:udp", {}, true), { flows: { "*:udp": {} }, order: ["*:udp"] });
  assert.deepEqual(withoutSeed({ seed: 5, egress: {} }), { egress: {} });
});
