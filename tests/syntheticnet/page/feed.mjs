// The stream of events: what a listener gets, and what happens without an answer.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Feed } from "../../../images/syntheticnet/web/feed.js";

function feed() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const sources = [];
  const open = (url) => {
    const source = Object.assign(new EventTarget(), { url, closed: false, close() { this.closed = true; } });
    source.say = (name, data) => source.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
    sources.push(source);
    return source;
  };
  const got = [];
  return { sources, got, made: new Feed("/v1/events", open), listener: (name, data) => got.push([name, data]) };
}

const sample = (at) => ({ monotonic_ns: at * 1e9, panels: {} });

test("the first listener opens the stream, the last one closes it", () => {
  const { sources, made, listener } = feed();
  const [end, other] = [made.listen(listener), made.listen(() => {})];
  assert.equal(sources.length, 1);
  end();
  assert.equal(sources[0].closed, false);
  other();
  assert.equal(sources[0].closed, true);
});

test("a later listener gets what is known at once", () => {
  const { sources, got, made, listener } = feed();
  made.listen(() => {});
  sources[0].say("history", { samples: [sample(1)] });
  sources[0].say("sample", sample(2));
  sources[0].say("state", { monotonic_ns: 1 });
  made.listen(listener);
  assert.deepEqual(got[0], ["connection", { connected: true, waited: false }]);
  assert.deepEqual(got.find(([name]) => name === "history")[1].samples.map(({ monotonic_ns: at }) => at / 1e9), [1, 2]);
  assert.ok(got.some(([name]) => name === "state"));
});

test("without an answer it says so, and tries again after longer and longer pauses", () => {
  const { sources, got, made, listener } = feed();
  made.listen(listener);
  for (const [pause, tries] of [[250, 2], [500, 3], [1000, 4]]) {
    sources.at(-1).dispatchEvent(new Event("error"));
    mock.timers.tick(pause - 1);
    assert.equal(sources.length, tries - 1);
    mock.timers.tick(1);
    assert.equal(sources.length, tries);
  }
  assert.deepEqual(got.at(-1), ["connection", { connected: false, waited: true }]);
  sources.at(-1).say("state", { monotonic_ns: 1 });
  assert.deepEqual(got.slice(-2).map(([name, data]) => data.connected ?? name), [true, "state"]);
});

test("a stream that falls silent is opened again", () => {
  const { sources, made, listener } = feed();
  made.listen(listener);
  sources[0].say("state", { monotonic_ns: 1 });
  mock.timers.tick(5000);
  mock.timers.tick(250);
  assert.equal(sources[0].closed, true);
  assert.equal(sources.length, 2);
});
