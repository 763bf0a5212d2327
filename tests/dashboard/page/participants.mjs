// The rows of the list.

import assert from "node:assert/strict";
import { test } from "node:test";

import { callersOf, changeable, chipsOf, commonOf, healthOf, participantsOf, probesOf, roleWords } from "../../../synthlab/dashboard/web/participants.js";

const client = (name, more = {}) => ({ name, role: "client", state: "running", health: "healthy", conditioned: true, ...more });
const numbers = { client1: { video: { client2: {}, guest: {} }, audio: { caller: {} } } };
const lab = { participants: [client("sfu", { role: "sfu", conditioned: false }), client("client1"), client("client2")] };

test("who takes part from outside is listed before the servers, and cannot be changed", () => {
  const rows = participantsOf({ lab, numbers });
  assert.deepEqual(rows.map(({ name, role }) => [name, role]), [["client1", "client"], ["client2", "client"], ["caller", "outside"], ["guest", "outside"], ["sfu", "sfu"]]);
  assert.deepEqual(changeable(rows), ["client1", "client2"]);
  assert.deepEqual(participantsOf({ lab: undefined, numbers: {} }), []);
});

test("callers are those who see or are seen", () => {
  assert.deepEqual(callersOf({ lab, numbers }), ["client1", "client2", "caller", "guest"]);
  const silent = { video: {}, audio: {}, sent: {} };
  assert.deepEqual(callersOf({ lab, numbers: { client1: silent, client2: { ...silent, sent: { video: {} } } } }), ["client2"]);
});

test("health in a word", () => {
  assert.deepEqual(healthOf(client("client1", { cut_off: true }), { error: "x" }), { level: "bad", word: "cut off" });
  const word = (more, state) => healthOf(client("client1", more), state).word;
  assert.equal(word({}), "healthy");
  assert.equal(word({ state: "paused" }), "paused");
  assert.equal(word({ health: "starting" }), "starting");
  assert.equal(word({ health: "unhealthy" }), "unhealthy");
  assert.equal(word({}, { error: "client1: no answer" }), "no answer");
  assert.equal(word({}, { problem: "no page" }), "problem");
  assert.equal(word({ role: "outside" }), "in the call");
});

test("what is set, as short texts", () => {
  const texts = (conditions) => chipsOf({ conditions }).map(({ text }) => text);
  assert.deepEqual(texts({ seed: 5 }), []);
  assert.deepEqual(texts({ ingress: { loss: "5%" }, egress: { rate: "1mbit" } }), ["↓ loss 5%", "↑ rate 1mbit"]);
  assert.deepEqual(texts({ ingress: { loss: "5%" }, egress: { loss: "5%" } }), ["↕ loss 5%"]);
  assert.deepEqual(texts({ flows: { sfu: { egress: { outage: true } } }, muted: true }), ["sfu upload: nothing passes", "muted"]);
  assert.deepEqual(texts({ flows: { a: {}, b: {}, c: {}, d: {} } }).at(-1), "2 more flows");
  assert.deepEqual(chipsOf(undefined), []);
  assert.equal(chipsOf({ conditions: { egress: { loss: "5%" } }, leases: [{}] })[0].lease, true);
});

test("the value that several have", () => {
  assert.deepEqual(commonOf([5, 5]), { value: 5, mixed: false });
  assert.deepEqual(commonOf([5, undefined]), { value: undefined, mixed: true });
});

test("a role in a word", () => {
  assert.equal(roleWords({ role: "sfu", app: "janus" }), "janus");
  assert.equal(roleWords({ role: "outside" }), "outside");
});

test("what others measure of a participant", () => {
  const [http, tcp, silent] = probesOf({ http: { from: "shop", p50_ms: 4.4, p95_ms: 7.6, requests: 9, errors: 1 }, tcp: { from: "shop", connections: 3, errors: 3 }, x: { from: "web" } });
  assert.deepEqual(http, { kind: "http", from: "shop", text: "4 ms, p95 8 ms, 1 error", title: "9 requests", isWrong: false });
  assert.deepEqual(tcp, { kind: "tcp", from: "shop", text: "no answer, 3 errors", title: "3 connections", isWrong: true });
  assert.deepEqual([silent.text, silent.title], ["no data", ""]);
  assert.deepEqual(probesOf(undefined), []);
});
