// The class of Synthetic Network, as its scripts use it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";

import { SyntheticNetwork } from "../../javascript/synthlab/index.js";
import { serve } from "./fakes/fake_client.mjs";

const QUALITY = { rate: 10_000_000, loss: 0, latency: 0, jitter: 0, jitter_strength: 0, reorder_packets: false };
const link = (ingress = {}, egress = {}) => ({ ingress: { ...QUALITY, ...ingress }, egress: { ...QUALITY, ...egress } });

let server, spec, top, synthnet;

before(async () => {
  server = await serve((method, path, query, body) => {
    if (path.startsWith("/top/")) return [200, undefined, path === "/top/ingress.profile" ? top : new Uint8Array(48)];
    if (method === "GET") return [200, spec];
    if (body.default_link.ingress.rate === 7) return [422, { error: "default_link.ingress.rate: 7 is not my number" }];
    spec = body;
    return [200, undefined, "OK"];
  });
});
after(() => server.close());
beforeEach(() => {
  spec = { default_link: link({ rate: 5_000_000 }), flows: [] };
  synthnet = new SyntheticNetwork({ hostname: "127.0.0.1", port: server.port });
});

test("scripts load it as they did", () => {
  assert.equal(createRequire(import.meta.url)("../../javascript/synthlab/synthetic_network.cjs"), SyntheticNetwork);
});

test("read, double, write", async () => {
  await synthnet.get();
  synthnet.default_link.ingress.rate(synthnet.default_link.ingress.rate() * 2);
  await synthnet.commit();
  assert.deepEqual(spec, { default_link: link({ rate: 10_000_000 }), flows: [] });
});

test("a flow is added, changed and removed", async () => {
  synthnet.addFlow("udp", { protocol: "udp" });
  synthnet.flows.udp.link.ingress.rate(500_000).latency("20");
  synthnet.flows.udp.link.egress.loss(0.01);
  await synthnet.commit();
  const flow = { ip: 0, protocol: 17, port_min: 0, port_max: 65535 };
  assert.deepEqual(spec.flows, [{ label: "udp", flow, link: link({ rate: 500_000, latency: 20 }, { loss: 0.01 }) }]);
  synthnet.removeFlow("udp");
  await synthnet.commit();
  assert.deepEqual(spec.flows, []);
});

test("a flow may be written as on the control page", () => {
  const written = (expression) => new SyntheticNetwork().addFlow("one", expression).flow;
  assert.deepEqual(written("127.0.0.1:tcp:80"), { ip: 0x0100007f, protocol: 6, port_min: 80, port_max: 80 });
  assert.deepEqual(written("*:udp:1-1000"), { ip: 0, protocol: 17, port_min: 1, port_max: 1000 });
  assert.deepEqual(written("10.0.0.255"), { ip: 0xff00000a, protocol: 0, port_min: 0, port_max: 65535 });
  assert.deepEqual(written("*:6:*"), { ip: 0, protocol: 6, port_min: 0, port_max: 65535 });
});

test("what is no flow, label or value is refused", () => {
  for (const flow of ["a.b.c.d", "1.2.3", "*:smoke", "*:udp:9-1", "*:udp:70000", "*:udp:1:2", "*:udp:"]) {
    assert.throws(() => synthnet.addFlow("one", flow), RangeError, flow);
  }
  for (const label of ["default", "a-b", ""]) assert.throws(() => synthnet.addFlow(label, "*:udp"), RangeError);
  assert.throws(() => synthnet.default_link.egress.loss("much"), { message: 'loss: "much" is not a number from 0 up' });
  synthnet.addFlow("udp", "*:udp");
  assert.throws(() => synthnet.addFlow("udp", "*:udp"), /there is a flow udp already/);
  assert.throws(() => synthnet.removeFlow("tcp"), /no flow tcp; there are: udp/);
});

test("flows are read back in order, with all their values", async () => {
  synthnet.addFlow("b", "*:udp").link.egress.jitter(5).jitter_strength(0.5).reorder_packets(true);
  synthnet.addFlow("a", "*:tcp");
  await synthnet.commit();
  const other = await new SyntheticNetwork({ hostname: "127.0.0.1", port: String(server.port) }).get();
  assert.deepEqual(Object.keys(other.flows), ["b", "a"]);
  const { egress } = other.flows.b.link;
  assert.deepEqual([egress.jitter(), egress.jitter_strength(), egress.reorder_packets()], [5, 0.5, true]);
});

test("top talkers", async () => {
  const view = new DataView(new ArrayBuffer(72));
  view.setBigUint64(24, 3n, true);
  view.setBigUint64(32, 4000n, true);
  view.setBigUint64(40, 0x0100007fn | (17n << 32n) | (5004n << 48n), true);
  top = new Uint8Array(view.buffer);
  assert.deepEqual(await synthnet.profiles.ingress.get(), { flows: { "127.0.0.1:udp:5004": { packets: 3, bits: 4000 } } });
  assert.deepEqual(await synthnet.profiles.egress.get(), { flows: {} });
});

test("a refused spec is an error with what the API says", async () => {
  synthnet.default_link.ingress.rate(7);
  await assert.rejects(synthnet.commit(), /qos: default_link.ingress.rate: 7 is not my number$/);
  await assert.rejects(new SyntheticNetwork({ hostname: "127.0.0.1", port: 1 }).get(), /no answer from http:/);
});
