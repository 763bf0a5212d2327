// Playwright repeats failed tests as its `retries` says. With onInconclusive "retry", only a test that the machine was
// too slow to judge is worth that; any other failure of a test with a lab stays as it is.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = (testInfo) => join(testInfo.project.outputDir, ".synthlab", `${testInfo.testId}.json`);

const isInconclusive = (error) => (error.message ?? "").includes("Inconclusive: ");

// Note why an attempt failed: a repeated test runs in another process.
export function noteFailure(testInfo) {
  const path = file(testInfo);
  const [first] = testInfo.errors;
  const note = { conclusive: !testInfo.errors.some(isInconclusive), line: (first?.message ?? "").split("\n")[0] };
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, JSON.stringify(note));
}

// An error if the attempt before this one failed for a reason that a repetition would not change.
export function refuseRepetition(testInfo) {
  if (!testInfo.retry) return;
  let note;
  try {
    note = JSON.parse(readFileSync(file(testInfo), "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  if (note.conclusive) throw new Error(`not repeated, because it was judged: ${note.line}`);
}
