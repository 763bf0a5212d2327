// Where a page gets its events from: the shared worker while it speaks, else a connection of its own.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { start } from "../../../images/syntheticnet/web/stream.js";

function pages() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [], got = [], alone = { listening: 0 };
  const port = Object.assign(new EventTarget(), { start() {}, postMessage: (text) => sent.push(text) });
  const worker = Object.assign(new EventTarget(), { port });
  const feed = { listen: () => { alone.listening += 1; return () => { alone.listening -= 1; }; } };
  const say = (...event) => port.dispatchEvent(new MessageEvent("message", { data: event }));
  return { sent, got, alone, worker, say, begin: (open = () => worker) => start((name) => got.push(name), "/v1/events", { worker: open, feed }) };
}

test("the worker's events are passed on until the end", () => {
  const { sent, got, alone, say, begin } = pages();
  const end = begin();
  say("state", {});
  end();
  say("state", {});
  assert.deepEqual([sent, got, alone.listening], [["listen", "end"], ["state"], 0]);
});

test("without a worker, or with one that cannot start, the page is on its own", () => {
  const missing = pages();
  const end = missing.begin(() => { throw new TypeError("SharedWorker is not defined"); });
  assert.equal(missing.alone.listening, 1);
  end();
  assert.equal(missing.alone.listening, 0);
  const failing = pages();
  failing.begin();
  failing.worker.dispatchEvent(new Event("error"));
  assert.equal(failing.alone.listening, 1);
});

test("a worker that says nothing for 3 s, or falls silent for 10 s, is left", () => {
  const silent = pages();
  silent.begin();
  mock.timers.tick(3000);
  assert.equal(silent.alone.listening, 1);
  const stopped = pages();
  stopped.begin();
  stopped.say("state", {});
  mock.timers.tick(9999);
  assert.equal(stopped.alone.listening, 0);
  mock.timers.tick(1);
  assert.equal(stopped.alone.listening, 1);
  stopped.say("state", {});
  assert.deepEqual(stopped.got, ["state"]);
});
