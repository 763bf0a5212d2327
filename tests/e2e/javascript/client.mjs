// One client over its own API: changes, leases, flows, live traffic, events.

import assert from "node:assert/strict";

import { Client } from "synthlab";

const client = new Client(`http://localhost:${process.argv[2]}`);

const change = await client.set({ egress: { rate: "1mbit" }, latency: "5ms" }, { flow: "*:udp" });
assert.deepEqual(await client.flows(), [{ name: "*:udp", ingress: { latency: "5ms" }, egress: { rate: "1mbit", latency: "5ms" } }]);
const [last] = (await client.state()).history.slice(-1);
assert.deepEqual([last.by, last.kind], ["javascript", "change"]);
await change.revert();
assert.deepEqual(await client.flows(), []);

const bite = await client.set({ loss: "5%" }, { for: "20s" });
await bite.renew("30s");
const { conditions, leases } = await client.state();
assert.deepEqual([conditions.egress.loss, leases.length], ["5%", 1]);
assert.ok(leases[0].left_ns > 20e9);
await bite.revert();
assert.equal((await client.state()).leases.length, 0);

await client.set({ profile: "wpt/3g" });
assert.equal((await client.state()).conditions.ingress.rate, "1.6mbit");
await client.reset();
assert.equal((await client.state()).conditions.ingress, undefined);
await assert.rejects(client.set({ egress: { rate: "100kb" } }), { name: "WrongUse", message: /egress.rate: '100kb' is not a rate/ });

let states = 0;
let rows = 0;
for await (const { type, data } of client.events({ only: ["state", "traffic"] })) {
  if (type === "state" && states++ === 0) await client.set({ egress: { loss: "1%" } }, { for: "5s" });
  if (type === "traffic") rows = data.egress.filter(({ port }) => port === 5000).length;
  if (rows && states > 1 && (type !== "state" || data.conditions.egress?.loss === "1%")) break;
}
assert.ok((await client.traffic()).watching);
