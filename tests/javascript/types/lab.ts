// Labs, and Playwright Test with one.

import { Lab, SyntheticNetwork, type Media, type VideoNumbers } from "synthlab";
import Required = require("synthlab/synthetic-network");

export async function labs(): Promise<void> {
  await using lab = await Lab.up("call.yaml", { ttl: "30min" });
  await lab.group("bot").set({ profile: "wpt/3g", flow: "*:udp" });
  const cut = await lab.partition("alice", "sfu", { direction: "a-to-b", for: "10s" });
  await cut.revert();
  const seen: Media<VideoNumbers> = lab.client("alice").video("bob");
  const before = await seen.baseline("5s");
  const { tookMs } = await seen.recovers({ fps: { min: before.fps * 0.8 } }, { within: "15s", for: "3s" });
  const heard: number | undefined = (await lab.client("alice").audio("bob").numbers()).concealed;
  // @ts-expect-error: sound has no frames
  await lab.client("alice").audio("bob").expect({ fps: { min: tookMs + (heard ?? 0) } });
  // @ts-expect-error: a direction that there is not
  await lab.partition("alice", "sfu", { direction: "up" });
  // @ts-expect-error: recovering requires a time
  await seen.recovers({ fps: { min: 1 } }, {});
}

export async function scripts(): Promise<number> {
  const synthnet = await new SyntheticNetwork({ hostname: "localhost", port: 3000 }).get();
  synthnet.addFlow("udp", { protocol: "udp" });
  synthnet.flows["udp"]?.link.ingress.rate(500_000).loss(0.01);
  await synthnet.commit();
  new Required({}).removeFlow("udp");
  return synthnet.default_link.egress.rate();
}
