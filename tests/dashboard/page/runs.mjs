// A run on its time line.

import assert from "node:assert/strict";
import { test } from "node:test";

import { barsOf, lengthOf, levelOf, runWords, STOPPED } from "../../../synthlab/dashboard/web/runs.js";

const plan = [
  { step: "0", at_s: 0, until_s: 10, title: "the dog chews", kind: "set" },
  { step: "1", at_s: 5, until_s: 15, title: "client1 sees client2", kind: "expect" },
  { step: "2", at_s: 60, title: "end", kind: "mark" },
];
const run = (steps, more = {}) => ({ id: "a", plan, steps, state: "running", lines: [], ...more });

test("a step is where it began, or where the plan expects it, and reaches to now while it runs", () => {
  const bars = barsOf(run([{ step: "0", state: "done", at_s: 0.5 }, { step: "1", state: "running", at_s: 6, value: "fps = 3" }, { step: "2", state: "waiting" }]), 20);
  assert.deepEqual(bars.map(({ step, from_s, to_s, words }) => [step, from_s, to_s, words]), [["0", 0.5, 10.5, ""], ["1", 6, 20, "fps = 3"], ["2", 60, 60, ""]]);
  const [judged] = barsOf(run([{ step: "1", state: "passed", at_s: 6, until_s: 8.5 }]), 20);
  assert.deepEqual([judged.from_s, judged.to_s], [6, 8.5]);
});

test("bars that overlap, with their titles, are in different rows", () => {
  const rows = barsOf(run(plan.map(({ step }) => ({ step, state: "waiting" })))).map(({ step, row }) => [step, row]);
  assert.deepEqual(rows, [["0", 0], ["1", 1], ["2", 0]]);
});

test("the time line is as long as its last step, and never too short", () => {
  assert.equal(lengthOf(run([]), [{ to_s: 60 }], 20), 60);
  assert.equal(lengthOf(run([]), [{ to_s: 60 }], 75), 75);
  assert.equal(lengthOf(run([]), [], 0), 10);
});

test("a run in words", () => {
  assert.equal(runWords(run([], { lines: ["bringing up call"] }), undefined, 60), "bringing up call");
  assert.equal(runWords(run([]), undefined, 60), "Preparing");
  assert.equal(runWords(run([]), 12.7, 59.2), "12 s of about 60 s");
  assert.equal(runWords(run([], { state: "ended", verdict: "passed" }), 60, 60), "Passed");
  assert.match(runWords(run([], { state: "ended", verdict: "inconclusive" }), 60, 60), /^Inconclusive/);
  assert.equal(runWords(run([], { state: "ended", verdict: "inconclusive", reasons: [STOPPED] }), 5, 60), "Stopped before its end");
  assert.equal(levelOf("passed"), "good");
  assert.equal(levelOf(undefined), "none");
});
