// Which failed tests are repeated.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";

import { noteFailure, refuseRepetition } from "../../javascript/playwright/repetition.js";

function attempt(outputDir, retry, ...messages) {
  const errors = messages.map((message) => ({ message }));
  return { project: { outputDir }, testId: "abc-1", retry, errors };
}

const folders = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

function folder() {
  folders.push(mkdtempSync(join(tmpdir(), "synthlab-")));
  return folders.at(-1);
}

test("a test that failed is not repeated, one that could not be judged is", () => {
  const first = folder();
  noteFailure(attempt(first, 0, "ExpectationFailed: fps 2\n  at line 3"));
  assert.throws(() => refuseRepetition(attempt(first, 1)), { message: "not repeated, because it was judged: ExpectationFailed: fps 2" });
  const second = folder();
  noteFailure(attempt(second, 0, "Error: of something else", "Inconclusive: fps 2; too slow"));
  refuseRepetition(attempt(second, 1));
  noteFailure(attempt(second, 1, "ExpectationFailed: fps 2"));
  assert.throws(() => refuseRepetition(attempt(second, 2)));
});

test("a first attempt, and one after a test that had no lab, always runs", () => {
  refuseRepetition(attempt(folder(), 0));
  refuseRepetition(attempt(folder(), 1));
});
