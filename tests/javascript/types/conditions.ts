// What the types of conditions allow, and what they refuse: `@ts-expect-error` fails where there is no error.

import { Client, type Change, type Duration, type Rate } from "synthlab";

const client = new Client("http://127.0.0.1:3000");

export const rates: Rate[] = ["100kbit", "1.5mbit", "2gbit", "9600bit"];
// @ts-expect-error: kilobytes are no rate
export const bytes: Rate = "100kb";
// @ts-expect-error: nor is a bare number
export const bare: Rate = "100";

export const changes: Change[] = [
  { loss: "5%", latency: "80ms" },
  { egress: { rate: "1mbit", queue: "100p" }, ingress: null },
  { egress: { rate: "unlimited", aqm: "codel", slot: "10ms-30ms", loss_gemodel: "1% 10%" } },
  { flows: { "*:udp": { egress: { loss: "5%" }, muted: true }, "*:tcp": null }, order: ["*:udp"] },
  { profile: "wpt/3g", flow: "*:udp" },
  { netem: "delay 100ms", egress: { netem: "loss 1%", rate: "1mbit" } },
  { states: { good: { mean: "20s" }, gone: { mean: "2s", to: { good: 1 }, egress: { outage: true } } }, state: "gone" },
  { states: null },
  // @ts-expect-error: a state has a mean time
  { states: { good: {}, gone: { mean: "2s" } } },
];

export async function refused(): Promise<void> {
  // @ts-expect-error: a unit of bytes
  await client.set({ egress: { rate: "100kb" } });
  // @ts-expect-error: no such value
  await client.set({ egress: { bandwidth: "1mbit" } });
  // @ts-expect-error: not a share
  await client.set({ loss: 0.05 });
  // @ts-expect-error: no such word
  await client.set({ egress: { rate: "1mbit", aqm: "red" } });
  // @ts-expect-error: no unit
  await client.set({ loss: "5%" }, { for: "10" });
  // @ts-expect-error: milliseconds are a number in Playwright only
  await client.set({ loss: "5%" }, { for: 10_000 });
}

export async function leases(): Promise<Duration> {
  await using bite = await client.set({ loss: "5%" }, { for: "1.5min", in: "500ms" });
  await bite.renew("2h");
  const { ingress } = (await client.state()).links;
  const share: number | undefined = ingress.achieved.loss;
  for await (const event of client.events({ only: ["state", "traffic"] })) {
    if (event.type === "traffic") return `${event.data.window_s + (share ?? 0)}s`;
  }
  return "1s";
}
