// Streams through a shared worker, and without one that answers.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Streams } from "../../../synthlab/dashboard/web/streams.js";

function site() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [], opened = [], got = [], ended = [];
  const port = Object.assign(new EventTarget(), { start() {}, postMessage: (message) => sent.push(message) });
  const worker = Object.assign(new EventTarget(), { port });
  const say = (...data) => port.dispatchEvent(new MessageEvent("message", { data }));
  const make = (kind) => (url) => ({ listen(listener) {
    opened.push([kind, url]);
    listener("known", 1);
    return () => ended.push(url);
  } });
  const feeds = { lab: make("lab"), client: make("client") };
  const listener = (name, data) => got.push([name, data]);
  return { sent, opened, got, ended, worker, say, listener, feeds, streams: () => new Streams(() => worker, feeds) };
}

test("events come from the worker to the one who follows", () => {
  const { sent, got, say, listener, streams } = site();
  const end = streams().follow("lab", "/events", listener);
  assert.deepEqual(sent, [{ here: true }, { id: 1, kind: "lab", url: "/events" }]);
  say(1, "states", {});
  say(2, "states", {});
  assert.deepEqual(got, [["states", {}]]);
  end();
  assert.deepEqual(sent.at(-1), { id: 1 });
});

test("a worker that falls silent is left alone, with every stream", () => {
  const { opened, got, say, listener, streams } = site();
  streams().follow("client", "/a", listener);
  say(0, "beat");
  mock.timers.tick(9000);
  say(0, "beat");
  mock.timers.tick(9000);
  assert.deepEqual(opened, []);
  mock.timers.tick(1500);
  assert.deepEqual(opened, [["client", "/a"]]);
  assert.deepEqual(got, [["known", 1]]);
  say(1, "states", {});
  assert.equal(got.length, 1);
});

test("so is one that never answers, and a browser without workers", () => {
  const silent = site();
  silent.streams().follow("lab", "/a", silent.listener);
  mock.timers.tick(3000);
  assert.deepEqual(silent.opened, [["lab", "/a"]]);
  const without = site();
  const streams = new Streams(() => { throw new ReferenceError("SharedWorker"); }, without.feeds);
  streams.follow("lab", "/b", without.listener)();
  assert.deepEqual([without.opened, without.ended], [[["lab", "/b"]], ["/b"]]);
});

test("a page that is hidden for good takes nothing, until it is shown again", () => {
  const { sent, opened, say, listener, streams } = site();
  const made = streams();
  made.follow("lab", "/a", listener);
  say(0, "beat");
  made.pause();
  assert.deepEqual(sent.slice(-2), [{ here: false }, { id: 1 }]);
  mock.timers.tick(60_000);
  assert.deepEqual(opened, []);
  made.resume();
  assert.deepEqual(sent.slice(-2), [{ here: true }, { id: 1, kind: "lab", url: "/a" }]);
});
