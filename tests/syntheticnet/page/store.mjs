// What the page knows after each event.

import assert from "node:assert/strict";
import { test } from "node:test";

import { EMPTY, linesOf, next, spansOf } from "../../../images/syntheticnet/web/store.js";

const S = 1e9;
const after = (...events) => events.reduce((model, [name, data]) => next(model, name, data), EMPTY);

test("a state that was written before a known one is ignored", () => {
  const model = after(["state", { monotonic_ns: 5, name: "new" }], ["state", { monotonic_ns: 4, name: "old" }]);
  assert.equal(model.state.name, "new");
});

test("samples are kept for two minutes, each once", () => {
  const sample = (at) => ["sample", { monotonic_ns: at * S, panels: {} }];
  const model = after(["history", { samples: [{ monotonic_ns: 1 * S, panels: {} }] }], sample(2), sample(2), sample(122));
  assert.deepEqual(model.samples.map(({ monotonic_ns: at }) => at / S), [2, 122]);
});

test("changes are marked once, those of one hand in a row as one, for two minutes", () => {
  const change = (at, by) => ({ at_ns: at * S, by, kind: "change" });
  const state = (now, history) => ["state", { monotonic_ns: now * S, history }];
  const model = after(state(3, [change(1, "page"), change(1.1, "page"), change(2, "command")]),
                      state(4, [change(1.1, "page"), change(2, "command"), change(3.5, "page")]));
  assert.deepEqual(model.marks.map(({ at_ns: at, by }) => [at / S, by]), [[1, "page"], [2, "command"], [3.5, "page"]]);
  assert.deepEqual(next(model, ...state(122.5, [])).marks.map(({ at_ns: at }) => at / S), [3.5]);
});

test("each state of a walk is kept once, with the one in which the time shown began, until the walk ends", () => {
  const state = (now, ...past) => ["state", { monotonic_ns: now * S, walk: { past: past.map(([at, one]) => ({ at_ns: at * S, state: one })) } }];
  const model = after(state(12, [2, "good"], [10, "bad"]), state(140, [10, "bad"], [130, "good"]));
  assert.deepEqual(model.stays.map(({ at_ns: at, state: one }) => [at / S, one]), [[10, "bad"], [130, "good"]]);
  const ended = after(state(12, [2, "good"]), ["state", { monotonic_ns: 13 * S }], ["state", { monotonic_ns: 14 * S }]);
  assert.deepEqual(ended.stays.map(({ at_ns: at, state: one }) => [at / S, one]), [[2, "good"], [13, undefined]]);
});

test("charts show each stay until the next, from their left edge on, and nothing after the walk has ended", () => {
  const stays = [{ at_ns: 10 * S, state: "good" }, { at_ns: 100 * S, state: "gone" }, { at_ns: 150 * S, state: undefined }];
  assert.deepEqual(spansOf(stays, ["good", "poor", "gone"], 160 * S),
    [{ from_s: -120, to_s: -60, text: "good", share: 0 }, { from_s: -60, to_s: -10, text: "gone", share: 1 }]);
  assert.deepEqual(spansOf([stays[1]], ["gone"], 160 * S), [{ from_s: -60, to_s: 0, text: "gone", share: 0 }]);
});

test("the lines of a chart have a gap where a panel has no value", () => {
  const panels = (link) => ({ "*:udp": { egress: link } });
  const samples = [{ monotonic_ns: 8 * S, panels: {} },
                   { monotonic_ns: 10 * S, panels: panels({ rate_bps: 5, set: { rate_bps: 9 }, dropped_s: { loss: 2 } }) }];
  const lines = linesOf(samples, "*:udp", "egress");
  assert.deepEqual(lines.at, [-2, 0]);
  assert.deepEqual(lines.rate, [null, 5]);
  assert.deepEqual(lines.set_rate, [null, 9]);
  assert.deepEqual(lines.drops, [{}, { loss: 2 }]);
});
