// What alice's browser shows of bob when his uplink breaks. The browser runs in the lab: none is downloaded.

import { expect, test } from "@synthlab/playwright";

test.use({ stack: "lab.yaml" });

test("video stops and recovers", async ({ lab }) => {
  const page = await lab.client("alice").page();
  const seen = lab.client("alice").video("bob");
  await expect(seen).toHaveFps({ min: 5 }, { timeout: 60_000 });
  const before = await seen.baseline("2s");
  const outage = await lab.client("bob").set({ egress: { outage: true } }, { for: "20s" });
  await expect(seen).toHaveFps({ max: 0.5 }, { timeout: 10_000 });
  await expect(page.locator("#status")).toBeVisible();
  await outage.revert();
  await expect(seen).toRecover({ fps: { min: before.fps * 0.5 } }, { within: "20s", for: "1s" });
});
