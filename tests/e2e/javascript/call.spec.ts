// Two browsers in a lab: what one sees of the other stops and recovers. The last test fails on purpose.

import { expect, test } from "@synthlab/playwright";

test.use({ stack: "js.yaml" });

test("video stops and recovers", async ({ lab }) => {
  const alice = lab.client("alice");
  const bob = lab.client("bob");
  const page = await alice.page();
  await expect(page.locator("#status")).toBeVisible();
  const seen = alice.video("bob");
  await expect(seen).toHaveFps({ min: 5 }, { timeout: 60_000 });
  const before = await seen.baseline("2s");
  const outage = await bob.set({ egress: { outage: true } }, { for: "20s" });
  await expect(seen).toHaveFps({ max: 0.5 }, { timeout: 10_000 });
  await outage.revert();
  const { tookMs } = await seen.recovers({ fps: { min: before.fps * 0.5 } }, { within: "20s", for: "1s" });
  expect(tookMs).toBeLessThan(20_000);
  await lab.group("alice").set({ loss: "1%", flow: "*:udp" });
});

test("conditions are those of the stack again", async ({ lab }) => {
  expect((await lab.client("alice").state()).conditions.flows).toBeUndefined();
  await lab.expect("alice.video.bob.fps > 1", { within: "10s" });
});

test("evidence of a failure", async ({ lab }) => {
  await expect(lab.client("alice").video("bob")).toHaveFps({ min: 500 }, { timeout: 1000 });
});
