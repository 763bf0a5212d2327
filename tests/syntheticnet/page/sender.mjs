// One request at a time for each target, and the last value wins.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Sender } from "../../../images/syntheticnet/web/sender.js";

function recorder() {
  const sent = [];
  const sender = new Sender((target, value) => new Promise((resolve, reject) => sent.push({ target, value, resolve, reject })));
  return { sent, sender };
}

const turn = () => new Promise(setImmediate);

test("the first value goes at once; of those that come meanwhile, only the last follows", async () => {
  const { sent, sender } = recorder();
  const answers = ["1", "2", "3", "4"].map((value) => sender.put("rate", value));
  assert.deepEqual(sent.map(({ value }) => value), ["1"]);
  sent[0].resolve("first");
  await turn();
  assert.deepEqual(sent.map(({ value }) => value), ["1", "4"]);
  sent[1].resolve("last");
  assert.deepEqual(await Promise.all(answers), ["first", "last", "last", "last"]);
  assert.equal(sender.busy("rate"), false);
});

test("targets do not wait for each other", () => {
  const { sent, sender } = recorder();
  sender.put("rate", "1");
  sender.put("loss", "2");
  assert.deepEqual(sent.map(({ target }) => target), ["rate", "loss"]);
});

test("a refusal reaches whoever sent the value, and the next value still goes", async () => {
  const { sent, sender } = recorder();
  const first = sender.put("rate", "bad"), second = sender.put("rate", "good");
  sent[0].reject(new Error("refused"));
  await assert.rejects(first, /refused/);
  await turn();
  sent[1].resolve("fine");
  assert.equal(await second, "fine");
});
