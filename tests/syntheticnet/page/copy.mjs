// The conditions as text for the command line, stack files, the API, Python and TypeScript.

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
});

test("look-ups are one command", () => {
  const dns = { "a.example": { delay: "3s", answer: "10.0.0.9, fd00::9" }, "*": { answer: "nxdomain" } };
  assert.equal(copyText("command", { dns }, WHO),
    "synthlab set client2 --lab call --dns 'a.example=3s,10.0.0.9,fd00::9' --dns '*=nxdomain'");
  assert.match(copyText("python", { dns }, WHO), /dns=\{\n        "a.example": \{\n/);
});

const STATES = { good: { mean: "20s" }, gone: { mean: "2s", to: { good: 1 }, egress: { outage: true } } };

test("states are a file and the command that walks between them, after all other values, from the present one on", () => {
  assert.equal(copyText("command", { egress: { rate: "1mbit" }, states: STATES, state: "gone" }, WHO), [
    "synthlab set client2 --lab call --egress --rate 1mbit",
    "cat >states.yaml <<'END'", "good:", "  mean: 20s", "gone:", "  mean: 2s", "  to:", "    good: 1", "  egress:", "    outage: true", "END",
    "synthlab set client2 --lab call --states states.yaml --state gone"].join("\n"));
  assert.match(copyText("command", { states: STATES, state: "good" }, {}), /^cat >states[^]*END\nsynthlab set CLIENT --states states.yaml$/);
  assert.match(copyText("yaml", { states: STATES, state: "gone" }, WHO), /^network:\n  states:\n    good:\n      mean: 20s\n[^]*\n  state: gone\n$/);
});

test("Python is a call with the values as it writes them", () => {
  assert.equal(copyText("python", { egress: { outage: true }, states: { bad: { mean: "2s" } }, state: "bad" }, WHO), [
    'lab["client2"].set(', "    egress={", '        "outage": True,', "    },", "    states={", '        "bad": {', '            "mean": "2s",', "        },", "    },",
    '    state="bad",', ")"].join("\n"));
  assert.equal(copyText("python", {}, WHO), "# nothing is set");
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
