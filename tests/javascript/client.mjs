// A client over its own API.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Client } from "../../javascript/synthlab/index.js";
import { FakeClient, serve } from "./fakes/fake_client.mjs";

let fake, server, client;

before(async () => {
  server = await serve((...request) => fake.answer(...request));
  process.env.SYNTHLAB_BIN = fileURLToPath(new URL("./fakes/synthlab", import.meta.url));
});
after(() => server.close());
beforeEach(() => {
  fake = new FakeClient("alice");
  client = new Client(server.url);
});

const patches = () => fake.requests.filter(({ method }) => method === "PATCH");

test("a change names who made it, and is reverted to what was before", async () => {
  fake.base = { egress: { rate: "1mbit" } };
  const change = await client.set({ egress: { rate: "100kbit", loss: "5%" } });
  assert.deepEqual(patches()[0].query, { by: "javascript" });
  assert.deepEqual(change.states.alice.conditions, { egress: { rate: "100kbit", loss: "5%" } });
  await change.revert();
  assert.deepEqual(fake.base, { egress: { rate: "1mbit" } });
  await change.revert();
  assert.equal(patches().length, 2);
});

test("a change for a time is a lease, which can be renewed and ended", async () => {
  const bite = await client.set({ egress: { rate: "100kbit" } }, { for: "20s", in: undefined });
  assert.deepEqual(patches()[0].query, { lease: "20s", by: "javascript" });
  assert.deepEqual(bite.leases, [1]);
  await bite.renew();
  await bite.renew("5s");
  const renewals = fake.requests.filter(({ method }) => method === "PUT").map(({ query }) => query);
  assert.deepEqual(renewals, [
    { for: "20s", by: "javascript" },
    { for: "5s", by: "javascript" },
  ]);
  await bite.revert();
  assert.deepEqual(fake.leases, []);
  assert.equal(patches().length, 1);
});

test("a lease that has ended by itself needs no revert", async () => {
  const bite = await client.set({ loss: "5%" }, { for: "1s" });
  fake.leases = [];
  await bite.revert();
  assert.equal(fake.requests.filter(({ method }) => method === "DELETE").length, 0);
});

test("a scheduled change is cancelled, or undone where it has begun", async () => {
  const later = await client.set({ loss: "5%" }, { in: "5s" });
  await later.revert();
  assert.deepEqual(fake.scheduled, []);
  const begun = await client.set({ loss: "5%" }, { in: "5s" });
  fake.scheduled = [];
  fake.base = { ingress: { loss: "5%" }, egress: { loss: "5%" } };
  await begun.revert();
  assert.deepEqual(fake.base, {});
});

test("a change without an end cannot be renewed", async () => {
  const change = await client.set({ loss: "5%" });
  await assert.rejects(change.renew(), { name: "WrongUse", message: /has no end/ });
});

test("a change ends with its block", async () => {
  const change = await client.set({ loss: "5%" });
  await change[Symbol.asyncDispose]();
  assert.deepEqual(fake.base, {});
});

test("a client alone does not know tc's words, and says where they are", async () => {
  const expected = /^flows\.\*:udp\.egress\.netem: a client alone knows only values such as/;
  await assert.rejects(client.set({ flows: { "*:udp": { egress: { netem: "loss 1%" } } } }), { name: "WrongUse", message: expected });
  await assert.rejects(client.set({ netem: "loss 1%" }), { name: "WrongUse", message: /^ingress\.netem: / });
  assert.deepEqual(patches(), []);
});

test("a profile sets all values, and what else is given is laid over it", async () => {
  await client.set({ egress: { latency: "20ms" } }, { profile: "wpt/3g", flow: "*:udp" });
  assert.deepEqual(patches()[0].body, {
    flows: {
      "*:udp": {
        ingress: { rate: "1.6mbit", loss: null, latency: null },
        egress: { rate: "768kbit", loss: null, latency: "20ms" },
      },
    },
  });
  await assert.rejects(client.set({ profile: "train" }), { name: "WrongUse", message: /train has traces/ });
  await assert.rejects(client.set({ profile: "moon" }), { name: "WrongUse", message: "profile: no profile 'moon'" });
});

test("a refused value is an error of one line, with what the API says", async () => {
  const refused = { name: "WrongUse", message: `${server.url}: egress.rate: '100kb' is not a rate` };
  await assert.rejects(client.set({ egress: { rate: "100kb" } }), refused);
});

test("flows are listed in the order in which they match", async () => {
  await client.set({ flows: { "sfu:rtp": { egress: { loss: "5%" } }, "*:udp": { ingress: { rate: "1mbit" } } } });
  assert.deepEqual(await client.flows(), [
    { name: "sfu:rtp", egress: { loss: "5%" } },
    { name: "*:udp", ingress: { rate: "1mbit" } },
  ]);
});

test("reset", async () => {
  await client.set({ loss: "5%" });
  await client.reset();
  assert.deepEqual(fake.base, {});
});

test("a client that does not answer is an error of one line", async () => {
  await assert.rejects(new Client("http://127.0.0.1:1").state(), { name: "SynthlabError", message: /no answer from http:.*: \w+/ });
});
