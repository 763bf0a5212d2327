// The conditions as text for the command line, stack files, the API and TypeScript.

import assert from "node:assert/strict";
import { test } from "node:test";

import { copyText } from "../../../images/syntheticnet/web/copy.js";

const WHO = { name: "client2", lab: "call" };
const CONDITIONS = { ingress: { latency: "80ms" }, egress: { rate: "1mbit", loss_gemodel: "1% 10%" },
                     flows: { "*:udp": { ingress: { loss: "5%" }, egress: { loss: "5%" } }, video: { match: "sfu:rtp,pt=96", egress: { outage: true } } } };

test("commands, one for each direction that differs", () => {
  assert.equal(copyText("command", CONDITIONS, WHO), [
    "synthlab set client2 --lab call --ingress --latency 80ms",
    "synthlab set client2 --lab call --egress --rate 1mbit --loss-gemodel '1% 10%'",
    "synthlab set client2 --lab call --flow '*:udp' --loss 5%",
    "synthlab set client2 --lab call --flow 'sfu:rtp,pt=96' --egress --outage true"].join("\n"));
  assert.equal(copyText("command", {}, WHO), "# nothing is set");
  assert.equal(copyText("command", { states: { good: { mean: "2s" } }, state: "good" }, WHO),
    "# and --states FILE: a file with what YAML has below states");
});

test("YAML quotes what would read otherwise", () => {
  assert.equal(copyText("yaml", { egress: { loss_every: "10", loss: "5%" }, flows: { "*:udp": {} } }, WHO),
    "network:\n  egress:\n    loss_every: '10'\n    loss: 5%\n  flows:\n    '*:udp': {}\n");
});

test("JSON is the body of a request, TypeScript a call", () => {
  assert.deepEqual(JSON.parse(copyText("json", CONDITIONS, WHO)), CONDITIONS);
  assert.equal(copyText("typescript", { egress: { rate: "1mbit" }, flows: { "*:udp": {} } }, WHO),
    'await lab.client("client2").set({\n  egress: {\n    rate: "1mbit",\n  },\n  flows: {\n    "*:udp": {},\n  },\n});');
});
