// The fixtures, with a lab that is not real. Tests whose names say so fail on purpose.

import { expect, test } from "../../../javascript/playwright/index.js";

test.use({ stack: "call.yaml", attach: process.env.ATTACH });

test("a change is seen", async ({ lab }) => {
  const seen = lab.client("alice").video("bob");
  await expect(seen).toHaveFps({ min: 10, max: 20 });
  await lab.client("bob").set({ egress: { rate: "100kbit" } });
  await expect(seen).toHaveFps({ max: 5 });
  await expect(seen).not.toHaveKbps({ min: 100 });
});

test("it is gone in the next test", async ({ lab }) => {
  await expect(lab.client("alice").video("bob")).toHaveFps({ min: 10 });
  const workers = new RegExp(`^call-[0-9a-f]{4}-w${test.info().workerIndex}$`);
  expect(lab.name).toMatch(process.env.ATTACH ? /^call$/ : workers);
});

test("fails", async ({ lab }) => {
  await expect(lab.client("alice").video("bob")).toHaveFps({ min: 100 }, { timeout: 1000 });
});

test.describe("with every failure repeated", () => {
  test.use({ onInconclusive: "fail", evidence: "off" });

  test("fails twice", async ({ lab }) => {
    await expect(lab.client("alice").video("bob")).toHaveFps({ min: 100 }, { timeout: 1000 });
  });
});

test("fails without a lab", async () => {
  expect(1).toBe(2);
});

// The types refuse it; a test in JavaScript learns it at run time.
test("fails with a page of its own", async ({ page }: any) => page);
