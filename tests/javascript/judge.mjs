// Waiting for expectations, on a clock that only moves when somebody sleeps.

import assert from "node:assert/strict";
import { test } from "node:test";

import { judge } from "../../javascript/synthlab/judge.js";

class Clock {
  at = 0;
  now = () => this.at;
  sleep = async (ms) => void (this.at += ms);
}

// Judge readings that hold in the given spans of milliseconds.
function judged(spans, options = {}) {
  const clock = new Clock();
  const read = async () => ({ holds: spans.some(([from, to]) => clock.at >= from && clock.at < to), seen: `at ${clock.at}` });
  return judge({ what: "expect x", read, clock, ...options });
}

test("it takes until the reading at which it began to hold", async () => {
  assert.deepEqual(await judged([[900, Infinity]], { within: "5s" }), { tookMs: 1000, seen: "at 1000" });
});

test("without a time, the first reading decides", async () => {
  assert.equal((await judged([[0, 1]])).tookMs, 0);
  await assert.rejects(judged([[1, Infinity]]), { name: "ExpectationFailed", message: "expect x: not so: at 0" });
});

test("it may begin to hold at the end of the time, and then holds", async () => {
  assert.equal((await judged([[5000, Infinity]], { within: "5s", for: "3s" })).tookMs, 5000);
  const late = judged([[5100, Infinity]], { within: "5s", for: "3s" });
  await assert.rejects(late, { message: "expect x: not so within 5s for 3s: at 5000" });
});

test("a break begins the time anew", async () => {
  const spans = [[0, 1000], [2000, Infinity]];
  assert.equal((await judged(spans, { within: "5s", for: "2s" })).tookMs, 2000);
  await assert.rejects(judged([[0, 1000]], { within: "1s", for: "2s" }), { name: "ExpectationFailed" });
});

test("nothing is read before rates have settled", async () => {
  assert.equal((await judged([[0, Infinity]], { settleMs: 1000 })).tookMs, 1000);
});

test("a failure is inconclusive if the machine was too slow at any time, and a success is none", async () => {
  const clock = new Clock();
  const slow = async () => (clock.at >= 1000 && clock.at < 2000 ? ["bob egress: too slow"] : []);
  const read = async () => ({ holds: false, seen: "2 fps" });
  const waiting = judge({ what: "expect x", within: "5s", read, slow, clock });
  await assert.rejects(waiting, { name: "Inconclusive", message: "expect x: not so within 5s: 2 fps; bob egress: too slow" });
  assert.equal((await judged([[0, 1]], { slow: async () => ["too slow"] })).tookMs, 0);
});

test("a wrong time is refused", async () => {
  await assert.rejects(judged([], { within: "5 minutes" }), { name: "WrongUse", message: /^within: "5 minutes" is not a time/ });
});

test("whoever reports hears of each result, with its times", async () => {
  const results = [];
  const told = { expression: "x > 1", heard: (result) => results.push(result) };
  await judged([[900, Infinity]], { within: "5s", for: "2s", ...told });
  await assert.rejects(judged([], { within: "1s", ...told }));
  const [passed, failed] = results.map(({ asked_ms, decided_ms, ...rest }) => ({ ...rest, took: decided_ms >= asked_ms }));
  assert.deepEqual(passed, {
    text: "expect x", expression: "x > 1", within_ms: 5000, for_ms: 2000, took_ms: 1000, verdict: "passed", reason: "at 3000", took: true,
  });
  assert.equal(failed.verdict, "failed");
  assert.equal(failed.reason, "expect x: not so within 1s: at 1000");
});
