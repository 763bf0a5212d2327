// The fixtures and matchers of `@synthlab/playwright`.

import { expect, test } from "@synthlab/playwright";

test.use({ stack: "call.yaml", onInconclusive: "retry", evidence: "retain-on-failure" });
// @ts-expect-error: no such word
test.use({ evidence: "always" });

test("video survives a chewed fiber", async ({ lab }) => {
  const alice = lab.client("alice");
  const bob = lab.client("bob");
  const page = await alice.page();
  const seen = alice.video("bob");
  await expect(seen).toHaveFps({ min: 10 }, { timeout: 30_000 });
  const before = await seen.baseline("5s");
  const bite = await bob.set({ egress: { rate: "100kbit" } }, { for: "20s" });
  await expect(seen).toHaveKbps({ max: before.kbps / 2 });
  await expect(page.getByText("Bob has a poor connection")).toBeVisible();
  await bite.revert();
  const { tookMs } = await seen.recovers({ fps: { min: before.fps * 0.8 } }, { within: "15s", for: "3s" });
  expect(tookMs).toBeLessThan(15_000);
  await expect(seen).not.toHaveNumbers({ freezes: { min: 3 } });
  await expect(alice.audio("bob")).toRecover({ lost: { max: 9 } }, { within: "9s" });
  // @ts-expect-error: a page has no frames per second
  await expect(page).toHaveFps({ min: 10 });
  // @ts-expect-error: a bound is a number
  await expect(seen).toHaveFps({ min: "10" });
});

// @ts-expect-error: the browsers are those of the lab
test("the built-in page", async ({ page }) => page);
