// Playwright Test with a lab: `import { test, expect } from "@synthlab/playwright"`.

import { randomBytes } from "node:crypto";
import { basename, parse } from "node:path";

import { expect as baseExpect, test as base } from "@playwright/test";
import { WrongUse } from "synthlab";

import { BrowserLab } from "./browser_lab.js";
import { attachEvidence } from "./evidence.js";
import { matchers } from "./matchers.js";
import { noteFailure, refuseRepetition } from "./repetition.js";

const UP_TIMEOUT_MS = 600_000;
const LEAST_ANSWERS_MS = 60_000;

// No browser is started on this machine: those of the lab are used.
function refuse(name) {
  return async ({}, _use) => {
    throw new WrongUse(`the fixture "${name}" starts a browser outside the lab; use lab.client("alice").page() with a client of your stack`);
  };
}

// Labs of several workers must not share a name.
function labName(stack, { workerIndex }) {
  const name = parse(stack).name.toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+|[-_]+$/g, "") || "lab";
  return `${name}-${randomBytes(2).toString("hex")}-w${workerIndex}`;
}

export const test = base.extend({
  stack: [undefined, { scope: "worker", option: true }],
  attach: [undefined, { scope: "worker", option: true }],
  ttl: ["2h", { scope: "worker", option: true }],
  evidence: ["retain-on-failure", { option: true }],
  onInconclusive: ["retry", { option: true }],

  workerLab: [
    async ({ stack, attach, ttl }, use, workerInfo) => {
      const cwd = workerInfo.project.testDir;
      if (!stack && !attach) throw new WrongUse('no stack: say test.use({ stack: "call.yaml" }), or attach: a running lab');
      const lab = attach
        ? await BrowserLab.attach(attach, { cwd })
        : await BrowserLab.up(stack, { name: labName(stack, workerInfo), ttl, cwd });
      await use(lab);
      await lab[Symbol.asyncDispose]();
    },
    { scope: "worker", timeout: UP_TIMEOUT_MS },
  ],

  lab: [
    async ({ workerLab: lab, evidence, onInconclusive }, use, testInfo) => {
      lab.runs.length = 0;
      if (evidence !== "off") await lab.watch(testInfo.title, `${basename(testInfo.file)}:${testInfo.line}`);
      await use(lab);
      const failed = testInfo.status !== testInfo.expectedStatus;
      if (failed && onInconclusive === "retry") noteFailure(testInfo);
      if (evidence === "on" || (failed && evidence === "retain-on-failure")) await attachEvidence(lab, testInfo);
      if (evidence !== "off") await lab.unwatch();
      await lab.restore();
    },
    { timeout: LEAST_ANSWERS_MS },
  ],

  // Automatic, so that it comes before a lab is brought up.
  repetition: [
    async ({ onInconclusive }, use, testInfo) => {
      if (onInconclusive === "retry") refuseRepetition(testInfo);
      await use();
    },
    { auto: true, box: true },
  ],

  browser: [refuse("browser"), { scope: "worker" }],
  context: refuse("context"),
  page: refuse("page"),
});

export const expect = baseExpect.extend(matchers);

export { BrowserClient, BrowserLab } from "./browser_lab.js";
