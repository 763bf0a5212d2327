// The whole cycle of a script for Synthetic Network: read, change, add a flow, write, look at the traffic, put back.

const assert = require("node:assert/strict");

const SyntheticNetwork = require("synthlab/synthetic-network");

async function cycle(port) {
  const synthnet = new SyntheticNetwork({ hostname: "localhost", port });

  await synthnet.get();
  assert.equal(synthnet.default_link.ingress.rate(), 10_000_000_000);

  synthnet.default_link.ingress.rate(100_000_000);
  synthnet.default_link.egress.rate(100_000_000).latency(20);
  synthnet.addFlow("udp", { protocol: "udp" });
  synthnet.flows.udp.link.ingress.rate(500_000);
  synthnet.flows.udp.link.egress.rate(500_000).loss(0.01);
  await synthnet.commit();

  const other = new SyntheticNetwork({ hostname: "localhost", port });
  await other.get();
  assert.deepEqual(JSON.parse(JSON.stringify(other.default_link)), JSON.parse(JSON.stringify(synthnet.default_link)));
  assert.equal(other.flows.udp.link.egress.loss(), 0.01);
  assert.deepEqual(other.flows.udp.flow, { ip: 0, protocol: 17, port_min: 0, port_max: 65535 });

  const egress = await seen(synthnet.profiles.egress);
  assert.ok(Object.values(egress)[0].bits > Object.values(egress)[0].packets * 24 * 8);

  synthnet.default_link.egress.rate(1e13).latency(0);
  synthnet.default_link.ingress.rate(1e13);
  synthnet.removeFlow("udp");
  await synthnet.commit();
  assert.deepEqual(Object.keys((await other.get()).flows), []);

  synthnet.default_link.egress.latency(3_600_000);
  await assert.rejects(synthnet.commit(), /latency.*is not a whole number of ms from 0 to 60000/);
}

// What a direction counts of UDP to port 5000.
async function seen(profile) {
  for (;;) {
    const { flows } = await profile.get();
    const counted = Object.entries(flows).filter(([flow]) => flow.endsWith(":udp:5000"));
    if (counted.length) return Object.fromEntries(counted);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

cycle(Number(process.argv[2]));
