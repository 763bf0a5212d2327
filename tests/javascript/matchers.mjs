// The matchers of Playwright Test, without a browser and without a lab.

import assert from "node:assert/strict";
import { test } from "node:test";

import { matchers } from "../../javascript/playwright/matchers.js";
import { ExpectationFailed, Inconclusive, SynthlabError } from "../../javascript/synthlab/index.js";

// What a client sees of another: it records what is expected, and fails with `error` if there is one.
function media(error) {
  const asked = [];
  const expect = async (ranges, options) => {
    asked.push([ranges, options]);
    if (error) throw error;
  };
  return { asked, expect, toString: () => "alice.video.bob" };
}

const state = { isNot: false, timeout: 5000 };

test("each matcher expects its numbers, within the timeout of expect or its own", async () => {
  const seen = media();
  assert.equal((await matchers.toHaveFps.call(state, seen, { min: 10 })).pass, true);
  await matchers.toHaveKbps.call(state, seen, { max: 300 }, { timeout: 30_000, for: "3s" });
  await matchers.toHaveNumbers.call({ ...state, isNot: true }, seen, { freezes: { max: 0 } });
  await matchers.toRecover.call(state, seen, { fps: { min: 10 } }, { within: "15s" });
  assert.deepEqual(seen.asked, [
    [{ fps: { min: 10 } }, { within: "5000ms", for: undefined, negate: false }],
    [{ kbps: { max: 300 } }, { within: "30000ms", for: "3s", negate: false }],
    [{ freezes: { max: 0 } }, { within: "5000ms", for: undefined, negate: true }],
    [{ fps: { min: 10 } }, { within: "15s", for: undefined, negate: false }],
  ]);
});

test("a failed expectation is a failed match, also of its opposite", async () => {
  const seen = media(new ExpectationFailed("alice.video.bob: expect fps >= 10: not so: fps 2"));
  const result = await matchers.toHaveFps.call(state, seen, { min: 10 });
  assert.deepEqual([result.pass, result.message()], [false, "alice.video.bob: expect fps >= 10: not so: fps 2"]);
  assert.equal((await matchers.toHaveFps.call({ ...state, isNot: true }, seen, { min: 10 })).pass, true);
  assert.equal((await matchers.toHaveFps.call({ ...state, isNot: true }, media(), { min: 10 })).pass, false);
});

test("what could not be judged, and any other error, keeps its kind", async () => {
  for (const error of [new Inconclusive("too slow"), new SynthlabError("no answer")]) {
    await assert.rejects(matchers.toHaveFps.call(state, media(error), { min: 10 }), error);
  }
});

test("anything else than what a client sees is refused", async () => {
  await assert.rejects(matchers.toHaveFps.call(state, {}, { min: 10 }), { name: "WrongUse", message: /^toHaveFps: expects what/ });
});
