// The judgement of a cell.

import assert from "node:assert/strict";
import { test } from "node:test";

import { grown, qualityOf } from "../../../synthlab/dashboard/web/quality.js";

const seen = (at_ms, freeze_s) => ({ at_ms, numbers: { a: { video: { b: { fps: 15, freeze_s } } } } });

test("a cell in a word", () => {
  const word = (video, recent = []) => qualityOf("a", "b", video, recent).word;
  assert.equal(word({ fps: 15 }), "good");
  assert.equal(word({ fps: 9.9 }), "slow");
  assert.equal(word({ fps: 0 }), "still");
  assert.equal(word({}), "no video");
  assert.equal(word(undefined), "no video");
  assert.equal(word({ fps: 15 }, [seen(0, 1), seen(4000, 1.5)]), "freezing");
});

test("only what froze within five seconds counts", () => {
  assert.equal(grown("a", "b", [seen(0, 1), seen(4000, 3), seen(6000, 3.5)], "freeze_s"), 0.5);
  assert.equal(grown("a", "c", [seen(0, 1), seen(4000, 3)], "freeze_s"), 0);
  assert.equal(grown("a", "b", [seen(0, 9), seen(1000, 0)], "freeze_s"), 0); // a new connection counts from 0
  assert.equal(grown("a", "b", [], "freeze_s"), 0);
});
