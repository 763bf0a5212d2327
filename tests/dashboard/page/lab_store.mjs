// What the page knows of a lab: samples, changes and runs, from its events.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY, KEPT_S, known, marksOf, meanFps, next } from "../../../synthlab/dashboard/web/lab_store.js";

const state = (up, history = []) => ({ conditions: {}, links: { egress: { achieved: { rate_bps: up } } }, history });
const entry = (at_ns, age_s, by = "command", kind = "change") => ({ at_ns, age_s, by, kind, change: { egress: { loss: "5%" } } });
const after = (events) => events.reduce((model, [name, data, at_ms]) => next(model, name, data, at_ms), EMPTY);

test("a sample a second, also where changes bring states more often", () => {
  const model = after([
    ["numbers", { client1: { video: { client2: { fps: 14 }, bot: { fps: 16 } }, audio: {} } }, 900],
    ["states", { client1: state(1000) }, 1000], ["states", { client1: state(2000) }, 1300], ["states", { client1: state(3000) }, 2000],
  ]);
  assert.deepEqual(model.samples.map(({ at_ms, clients }) => [at_ms, clients.client1.up, clients.client1.fps]), [[1000, 1000, 15], [2000, 3000, 15]]);
  assert.equal(model.states.client1.links.egress.achieved.rate_bps, 3000);
});

test("samples of the last quarter of an hour are kept", () => {
  const late = 1000 + KEPT_S * 1000 + 1;
  assert.deepEqual(after([["states", {}, 1000], ["states", {}, late]]).samples.map(({ at_ms }) => at_ms), [late]);
});

test("a client that does not answer has no values", () => {
  assert.deepEqual(after([["states", { client1: { error: "no answer" } }, 1000]]).samples[0].clients, { client1: { down: undefined, up: undefined, fps: undefined } });
});

test("a change is listed once, when it was made; that of the start is not", () => {
  const first = [entry(1e9, 60, "startup"), entry(5e9, 2)];
  const model = after([["states", { client1: state(0, first) }, 10_000], ["states", { client1: state(0, [...first, entry(7e9, 1, "scenario", "lease")]) }, 11_000]]);
  assert.deepEqual(model.changes.map(({ client, at_ms, by, kind }) => [client, at_ms, by, kind]),
    [["client1", 8000, "command", "change"], ["client1", 10_000, "scenario", "lease"]]);
});

test("one hand within a second is one mark, also in several clients", () => {
  const change = (client, at_ns, by) => ({ client, at_ms: at_ns / 1e6, at_ns, by, kind: "change", change: { seed: at_ns } });
  const marks = marksOf([change("client1", 1e9, "page"), change("client2", 1e9 + 5, "page"), change("bot", 1.1e9, "command"),
                         change("client1", 1.9e9, "page"), change("client1", 4e9, "page")]);
  assert.deepEqual(marks.map(({ at_ms, by, clients, change: { seed } }) => [at_ms, by, clients, seed]), [
    [1000, "page", ["client1", "client2"], 1.9e9], [1100, "command", ["bot"], 1.1e9], [4000, "page", ["client1"], 4e9]]);
});

test("each state that a walk comes to is marked once; clients that come to the same one together share a mark", () => {
  const walking = (...past) => ({ ...state(0), walk: { past: past.map(([at_ns, name]) => ({ at_ns, age_s: 0.5, state: name })) } });
  const model = after([["states", { client1: walking([5e9, "good"]), client2: walking([5e9 + 9, "good"]) }, 10_000],
                       ["states", { client1: walking([5e9, "good"], [6e9, "gone"], [6.1e9, "good"]) }, 11_000]]);
  assert.deepEqual(marksOf(model.changes).map(({ kind, clients, change }) => [kind, clients, change.state]),
    [["walk", ["client1", "client2"], "good"], ["walk", ["client1"], "gone"], ["walk", ["client1"], "good"]]);
});

test("a run began when it says, and its clock goes on between its events", () => {
  const run = (id, elapsed_s) => ({ id, elapsed_s, state: "running" });
  const waiting = next(EMPTY, "run", run("a", 0), 5000);
  assert.equal(waiting.zero_ms, undefined);
  const begun = next(waiting, "run", run("a", 1.5), 10_000);
  assert.equal(begun.zero_ms, 8500);
  assert.equal(next(begun, "run", run("a", 9), 18_000).zero_ms, 8500);
  assert.equal(next(begun, "run", run("b", 1), 30_000).zero_ms, 29_000);
});

test("a new listener learns all that is known", () => {
  const model = after([["lab", { name: "call" }, 1], ["states", { client1: state(7) }, 1000], ["probes", { web: { http: { from: "shop" } } }, 1500], ["run", { id: "a", elapsed_s: 2 }, 2000], ["mark", { run: "a", text: "dog" }, 2000]]);
  const copy = known(model).reduce((one, [name, data]) => next(one, name, data, 3000), EMPTY);
  assert.deepEqual(copy, model);
});

test("the frame rate seen is the mean of those that are known", () => {
  assert.equal(meanFps({ video: { a: { fps: 10 }, b: { fps: 20 }, c: {} } }), 15);
  assert.equal(meanFps({ video: {} }), undefined);
  assert.equal(meanFps(undefined), undefined);
});
